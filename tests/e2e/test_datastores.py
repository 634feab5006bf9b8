"""Data in a datastore reaches a run's nodes, as it was when the run was submitted."""

import json

import pytest
from azureml.core import Dataset, Environment, Experiment, ScriptRunConfig
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import MpiConfiguration
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
