"""Data in a datastore reaches a run's nodes, as it was when the run was submitted."""

import json
import urllib.error
import urllib.request

import pytest
from azureml.core import Dataset, Environment, Experiment, ScriptRunConfig
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import MpiConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.exceptions import UserErrorException

LOOKS = """
import json, os, sys
from azureml.core import Run
mount, one = sys.argv[1:]
found = {os.path.relpath(os.path.join(folder, name), mount): open(os.path.join(folder, name)).read()
         for folder, _, names in os.walk(mount) for name in names}
writable = {place: [bool(os.stat(os.path.join(folder, name)).st_mode & 0o222) for folder, _, names in os.walk(place) for name in names]
            for place in (mount, os.path.dirname(one))}
print(json.dumps({"found": found, "one": open(one).read(), "absolute": os.path.isabs(mount), "mount": writable[mount],
                  "download": writable[os.path.dirname(one)], "inputs": sorted(Run.get_context().input_datasets),
                  "node": os.environ["MUSTER_NODE_RANK"], "own": mount.startswith(os.environ["MUSTER_RUN_DIR"])}))
"""


@pytest.fixture
def data(workspace, server):
    """A datastore with some files."""
    folder = server.folder / "data" / "sub"
    folder.mkdir(parents=True)
    (folder / "b.txt").write_text("b")
    (server.folder / "data" / "a.txt").write_text("a")
    (server.folder / "src").mkdir()
    (server.folder / "src" / "train.py").write_text(LOOKS)
    datastore = workspace.get_default_datastore()
    datastore.upload("data", "birds")
    return datastore


def submit(workspace, data, **more):
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    arguments = [Dataset.File.from_files((data, "birds/**")).as_named_input("birds").as_mount(),
                 data.path("birds/sub/b.txt", data_reference_name="one").as_download()]
    return Experiment(workspace, "data").submit(ScriptRunConfig("src", "train.py", arguments, environment=environment, **more))


def printed(run):
    """What each rank printed, by its node."""
    logs = run.get_details_with_logs()["logFiles"]
    lines = [json.loads(line) for text in logs.values() for line in text.splitlines() if line.startswith('{"found"')]
    return {line.pop("node"): line for line in lines}


EXPECTED = {"found": {"a.txt": "a", "sub/b.txt": "b"}, "one": "b", "absolute": True, "mount": [False, False], "download": [True],
            "inputs": ["birds", "one"], "own": True}


def test_a_run_finds_its_inputs_as_they_were_when_it_was_submitted(workspace, data, server):
    run = submit(workspace, data)
    data.remove("birds")
    assert run.wait_for_completion()["status"] == "Completed"
    assert printed(run) == {"0": EXPECTED}
    assert run.get_details()["inputDatasets"][0]["consumptionDetails"]["inputName"] == "birds"
    with pytest.raises(UserErrorException, match="no file or folder 'birds'"):
        submit(workspace, data)


def test_each_node_of_an_mpi_run_has_its_own(workspace, data):
    target = ComputeTarget.create(workspace, "two", AmlCompute.provisioning_configuration(max_nodes=2))
    run = submit(workspace, data, compute_target=target, distributed_job_config=MpiConfiguration(node_count=2))
    assert run.wait_for_completion()["status"] == "Completed"
    assert printed(run) == {"0": EXPECTED, "1": EXPECTED}


def test_registered_data_is_found_by_name(workspace, data, server):
    Dataset.File.from_files((data, "birds")).register(workspace, "birds")
    (server.folder / "data" / "c.txt").write_text("c")
    data.upload("data", "birds")
    dataset = Dataset.get_by_name(workspace, "birds")
    assert (dataset.version, dataset.to_path()) == (1, ["/a.txt", "/c.txt", "/sub/b.txt"])
    dataset.download("got")
    assert (server.folder / "got" / "c.txt").read_text() == "c"


MAKES = """
import os, sys
from azureml.core import Run
out = Run.get_context().output_datasets["made"]
assert out == sys.argv[1] and os.listdir(out) == []
os.mkdir(os.path.join(out, "sub"))
for name in ("a.csv", "sub/b.csv", "notes.txt"):
    with open(os.path.join(out, name), "w") as file:
        file.write(name)
print("a line for the log")
sys.exit(int(sys.argv[2]))
"""


def test_an_output_is_in_the_datastore_and_the_next_run_gets_it(workspace, data, server):
    (server.folder / "src" / "make.py").write_text(MAKES)
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    made = OutputFileDatasetConfig("made", (data, "features/{run-id}")).as_upload(source_globs="**/*.csv").register_on_complete("features")
    runs = [Experiment(workspace, "make").submit(ScriptRunConfig("src", "make.py", [made, code], environment=environment))
            for code in (1, 0)]
    assert [run.wait_for_completion(raise_on_error=False)["status"] for run in runs] == ["Failed", "Completed"]

    paths = [file["path"] for file in server.json("datastore", "list", "features")["files"]]
    assert paths == sorted("features/{}/{}".format(run.id, name) for run in runs for name in ("a.csv", "sub/b.csv"))
    features = Dataset.get_by_name(workspace, "features")
    assert (features.version, features.to_path()) == (1, ["/a.csv", "/sub/b.csv"]), "of the run that succeeded"
    assert runs[1].get_details()["outputDatasets"][0]["outputDetails"] == {"outputName": "made"}

    (server.folder / "src" / "look.py").write_text("import os, sys; print(sorted(os.listdir(sys.argv[1])), os.listdir(sys.argv[2]))")
    several = Dataset.File.from_files([(data, "birds/sub"), (data, "birds/*.jpg")], validate=False)
    run = Experiment(workspace, "look").submit(ScriptRunConfig("src", "look.py", [
        features.as_named_input("features").as_mount(), several.as_named_input("several").as_mount()], environment=environment))
    run.wait_for_completion()
    assert "['a.csv', 'sub'] ['sub']" in "".join(run.get_details_with_logs()["logFiles"].values())


def test_a_logs_address_opens_without_a_token(workspace, data, server):
    (server.folder / "src" / "make.py").write_text("print('a line for the log')")
    run = Experiment(workspace, "log").submit(ScriptRunConfig("src", "make.py"))
    run.wait_for_completion()
    address = run.get_details()["logFiles"]["azureml-logs/70_driver_log.txt"]
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert answer.read() == b"a line for the log\n"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address[:-1] + ("0" if address[-1] != "0" else "1"), timeout=30)
    assert refused.value.code == 401


def test_the_command_line_brings_data_and_fetches_it(workspace, data, server):
    assert server.json("datastore", "upload", "data", "--to", "again") == {"datastore": "workspaceblobstore", "written": 2, "kept": []}
    (server.folder / "data" / "a.txt").write_text("changed")
    assert server.json("datastore", "upload", "data", "--to", "/again/")["kept"] == ["again/a.txt"]
    assert server.json("datastore", "upload", "data/a.txt", "--to", "again", "--overwrite")["written"] == 1
    assert server.json("datastore", "show", "again") == {"datastore": "workspaceblobstore", "path": "again", "files": 2, "bytes": 8}
    server("datastore", "download", "again", "--to", "got")
    assert (server.folder / "got" / "again" / "a.txt").read_text() == "changed"
    assert "got/again/a.txt" in server.problem("datastore", "download", "again", "--to", "got")["detail"]
    assert "no file or folder 'nothing'" in server.problem("datastore", "show", "nothing")["detail"]
    assert "there is no" in server.problem("datastore", "upload", "nothing")["detail"]
