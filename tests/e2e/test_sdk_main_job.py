"""The main job by the SDK, as the service's users wrote it."""

import sys
import zipfile

import pytest
from azureml.core import Environment, Experiment, Run, ScriptRunConfig
from azureml.exceptions import ActivityFailedException, ModelPathNotFoundException, UserErrorException

TRAIN = """
import os, sys
from azureml.core import Run
run = Run.get_context()
run.log("lr", 0.001)
for epoch in range(int(sys.argv[1])):
    print("Epoch", epoch)
    run.log("acc", epoch / 10)
run.log_list("layers", [16, 32])
run.tag("kind", "small")
os.makedirs("outputs", exist_ok=True)
open("outputs/model.pt", "w").write("weights")
"""


def submit(workspace, folder, script, arguments=(), name="sdk"):
    source = folder / "src"
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text(script)
    environment = Environment("system")
    environment.python.user_managed_dependencies = True
    config = ScriptRunConfig(source_directory=str(source), script="train.py", arguments=list(arguments), compute_target="local",
                             environment=environment)
    return Experiment(workspace, name).submit(config)


@pytest.fixture
def trained(workspace, server):
    run = submit(workspace, server.folder, TRAIN, [3])
    run.wait_for_completion()
    return run


def test_waiting_shows_the_log_and_returns_the_details(workspace, server, capsys):
    run = submit(workspace, server.folder, TRAIN, [3])
    details = run.wait_for_completion(show_output=True)

    shown = capsys.readouterr().out
    assert "RunId: " + run.id in shown
    assert "Streaming azureml-logs/70_driver_log.txt" in shown
    assert "Epoch 0\nEpoch 1\nEpoch 2\n" in shown
    assert "Execution Summary" in shown
    assert (details["runId"], details["status"], details["target"]) == (run.id, "Completed", "local")
    assert details["startTimeUtc"] <= details["endTimeUtc"]
    assert run.get_status() == "Completed"


def test_metrics_are_a_scalar_when_logged_once_and_a_list_when_more_often(trained):
    metrics = trained.get_metrics()
    assert (metrics["lr"], metrics["acc"], metrics["layers"]) == (0.001, [0.0, 0.1, 0.2], [16, 32])
    assert trained.get_metrics("acc") == {"acc": [0.0, 0.1, 0.2]}
    assert trained.get_metrics("nothing") == {}


def test_files_are_listed_and_downloaded(trained, server):
    assert {"outputs/model.pt", "azureml-logs/70_driver_log.txt"} <= set(trained.get_file_names())
    trained.download_file("outputs/model.pt", output_file_path=str(server.folder / "model" / "model.pt"))
    assert (server.folder / "model" / "model.pt").read_text() == "weights"
    with pytest.raises(UserErrorException, match="outputs/model.pt"):
        trained.download_file("outputs/other.pt")


def test_a_model_remembers_its_run(trained, workspace):
    model = trained.register_model(model_name="birds", model_path="outputs/model.pt", tags={"area": "yard"})
    assert (model.name, model.version, model.run_id, model.tags) == ("birds", 1, trained.id, {"area": "yard"})
    assert workspace.models["birds"].id == "birds:1"
    with pytest.raises(ModelPathNotFoundException, match="outputs/model.pt"):
        trained.register_model(model_name="birds", model_path="outputs/other.pt")


def test_a_snapshot_comes_back_as_a_zip_file(trained, server):
    path = trained.restore_snapshot(path=str(server.folder / "restored"))
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["train.py"]
        assert archive.read("train.py").decode() == TRAIN
    assert [name.name for name in (server.folder / "restored").iterdir()] == [trained.get_snapshot_id() + ".zip"]


def test_packages_of_ones_own_are_those_of_the_python_that_submits(workspace, server):
    run = submit(workspace, server.folder, "import sys; print('ran by', sys.executable)")
    run.wait_for_completion()
    assert "ran by " + sys.executable in run.get_details_with_logs()["logFiles"]["azureml-logs/70_driver_log.txt"]


def test_what_a_notebook_shows(trained, workspace):
    shown = trained._repr_html_()
    assert trained.id in shown and "Completed" in shown and 'href="%s"' % trained.get_portal_url() in shown
    assert "default" in workspace._repr_html_()


def test_tags_from_the_job_and_from_outside(trained, workspace):
    trained.tag("reviewed", "yes")
    assert Run.get(workspace, trained.id).get_tags() == {"kind": "small", "reviewed": "yes"}


def test_a_failed_run_raises_with_its_cause(workspace, server):
    run = submit(workspace, server.folder, "raise ValueError('no data')")
    with pytest.raises(ActivityFailedException, match="no data"):
        run.wait_for_completion()
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"


def test_a_canceled_run_does_not_raise(workspace, server):
    run = submit(workspace, server.folder, "import time\ntime.sleep(600)")
    server.running(run.id)
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"


def test_runs_of_an_experiment_are_listed_newest_first(trained, workspace, server):
    second = submit(workspace, server.folder, TRAIN, [1])
    second.wait_for_completion()
    assert [run.id for run in Experiment(workspace, "sdk").get_runs()] == [second.id, trained.id]


def test_outside_of_a_job_the_context_prints(capsys, monkeypatch):
    for name in ("MUSTER_RUN_ID", "AZUREML_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    Run.get_context().log("loss", 0.5)
    assert "loss" in capsys.readouterr().out
