"""Runs that no node runs: a notebook or a program of its own begins, logs and ends them."""

import pytest
from azureml.core import Experiment, Run
from azureml.exceptions import UserErrorException

from waiting import wait_until


@pytest.fixture
def run(workspace):
    return Experiment(workspace, "notes").start_logging(name="by hand", snapshot_directory=None, outputs=False)


def values(run, name="loss"):
    return [point["value"] for point in run.get_metric_points(name)[name]]


def test_one_from_its_beginning_to_its_end(workspace, server):
    (server.folder / "note.py").write_text("print(1)")
    with Experiment(workspace, "notes").start_logging(name="by hand") as run:
        for epoch in range(5):
            run.log("loss", 1 / (epoch + 1), step=epoch)
        run.log_table("table", {"x": [1, 2]})
        (server.folder / "outputs" / "model.pt").write_text("weights")
    shown = server.json("run", "show", run.id)
    assert (shown["kind"], shown["status"], shown["display_name"], shown["compute_target"]) == ("interactive", "Completed", "by hand", None)
    assert shown["snapshot_id"]
    assert values(run) == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert run.get_metrics("table") == {"table": {"x": [1, 2]}}
    server("run", "download", run.id, "outputs/model.pt", "--to", "fetched")
    assert (server.folder / "fetched").exists()
    assert "interactive" in server("run", "show", run.id).stdout
    listed = server("run", "list", "--kind", "interactive").stdout
    assert run.id in listed and "interactive" in listed
    assert server("run", "list", "--kind", "job").stdout == ""


def test_its_id_may_be_chosen_once(workspace):
    experiment = Experiment(workspace, "notes")
    with experiment.start_logging(run_id="mine", snapshot_directory=None, outputs=False) as run:
        with run.child_run(run_id="mine-1") as child:
            pass
    assert (run.id, child.id, child.parent.id) == ("mine", "mine-1", "mine")
    with pytest.raises(UserErrorException, match="a run named mine exists already"):
        experiment.start_logging(run_id="mine", snapshot_directory=None, outputs=False)
    with pytest.raises(UserErrorException, match="run_id"):
        experiment.start_logging(run_id="not/this", snapshot_directory=None, outputs=False)


def test_parameters_are_set_once_and_found_again(run, server):
    run.log_parameters({"lr": 0.1, "optimizer": "adam"})
    run.log_parameter("lr", 0.1)
    with pytest.raises(UserErrorException, match="`lr` is `0.1` already and cannot become `0.2`"):
        run.log_parameter("lr", 0.2)
    assert run.get_parameters() == {"lr": "0.1", "optimizer": "adam"}
    run.description = "by hand"
    shown = server("run", "show", run.id).stdout
    assert "lr=0.1 optimizer=adam" in shown and "by hand" in shown
    assert run.id in server("run", "list", "--parameter", "lr=0.1").stdout
    assert server("run", "list", "--parameter", "lr=0.2").stdout == ""


def test_deleting_takes_the_children_and_restoring_brings_them_back(run, server):
    with run.child_run("child"):
        pass
    assert "muster run cancel " + run.id in server.problem("run", "delete", run.id)["hint"]
    run.complete()
    server("run", "delete", run.id)
    assert server.json("run", "list")["runs"] == []
    assert len(server.json("run", "list", "--deleted")["runs"]) == 2
    with pytest.raises(UserErrorException, match="is deleted"):
        run.tag("k", "v")
    server("run", "restore", run.id)
    assert len(server.json("run", "list")["runs"]) == 2
    assert [one.number for one in run.get_children()] == [2]


def test_it_outlives_its_server_and_no_point_is_lost_or_doubled(run, server):
    for number in range(2000):
        run.log("loss", number)
        if number in (300, 1200):
            server.kill_server()
            server("up")
    run.flush()
    assert server.json("run", "show", run.id)["status"] == "Running"
    run.complete()
    assert values(run) == list(range(2000))


def test_a_failure_is_shown_first(workspace, server):
    with pytest.raises(ZeroDivisionError):
        with Experiment(workspace, "notes").start_logging(snapshot_directory=None, outputs=False) as run:
            run.log("loss", 1 // 0)
    shown = server("run", "show", run.id).stdout
    assert shown.index("ZeroDivisionError") < shown.index("Traceback") < shown.index("Experiment")


def test_a_cancel_reaches_the_children_of_every_kind(run, server):
    child = run.child_run("child")
    folder = server.folder / "job"
    folder.mkdir()
    (folder / "job.py").write_text("import time\ntime.sleep(600)")
    from azureml.core import ScriptRunConfig
    job = child.submit_child(ScriptRunConfig(str(folder), "job.py"))
    server.running(job.id)
    server("run", "cancel", run.id)
    assert server.json("run", "show", run.id)["status"] == "Canceled"
    assert server.json("run", "show", child.id)["status"] == "Canceled"
    assert server.ended(job.id)["status"] == "Canceled"
    with pytest.raises(UserErrorException, match="no run begins below it"):
        run.child_run("late")
    server("run", "cancel", run.id)


def test_a_job_begins_children_of_its_own(server):
    made = server.submit("""
from azureml.core import Run
run = Run.get_context()
with run.child_run("fold 1") as fold:
    fold.log("loss", 0.5)
    fold.tag("k", "v")
print(fold.id)
""")
    assert server.ended(made["run_id"])["status"] == "Completed"
    child = server("run", "logs", made["run_id"]).stdout.strip()
    shown = server.json("run", "show", child)
    assert (shown["status"], shown["parent_run_id"], shown["tags"]) == ("Completed", made["run_id"], {"k": "v"})


def test_who_waits_for_it_hears_of_its_end(run, workspace):
    import threading
    waiting = threading.Thread(target=lambda: Run.get(workspace, run.id).wait_for_completion())
    waiting.start()
    wait_until(waiting.is_alive, "the wait to begin")
    run.complete()
    waiting.join(20)
    assert not waiting.is_alive()


def test_the_server_ends_with_it_running(run, server):
    assert run.id in server("down").stdout
    server("up")
    assert server.json("run", "show", run.id)["status"] == "Running"
    server("down", "--cancel")
    server("up")
    assert server.json("run", "show", run.id)["status"] == "Canceled"
