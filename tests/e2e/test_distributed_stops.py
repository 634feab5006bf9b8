"""Runs of several ranks that are canceled, last too long, or start again."""

import os
import random
import re
import shutil
import signal
import socket
import sys
import time

import pytest

from muster_program import SOURCE
from ranks import Job
from test_distributed_training import largest_difference, run_python
from waiting import wait_until

LAUNCHES = pytest.mark.parametrize("mpi", [False, True], ids=["per process", "MPI"])

SLEEP = "import time, meeting\nmeeting.arrive()\ntime.sleep(600)\n"

# Counts to five by checkpoints; the test ends it in between. Those of one node share the checkpoint: all have read it before one writes.
COUNT = """
import os, signal, time
import meeting
attempt, path = int(os.environ["MUSTER_ATTEMPT"]), "outputs/checkpoint"
count = int(open(path).read()) if os.path.exists(path) else 0
print("attempt", attempt, "starts with", count, flush=True)
meeting.arrive("attempt-%d" % attempt)
meeting.wait("begin-%d" % attempt)
os.makedirs("outputs", exist_ok=True)
while count < 5:
    count += 1
    if meeting.RANK == 0:
        with open(path + ".tmp", "w") as file:
            file.write(str(count))
        os.rename(path + ".tmp", path)
    if count == 3 and attempt == 1:
        meeting.arrive("three")
        time.sleep(600)
"""


def begin(job, attempt):
    job.arrived("attempt-%d" % attempt)
    job.say("begin-%d" % attempt)


def mpi_option(mpi):
    return ["--mpi"] if mpi else []


@LAUNCHES
def test_cancel_while_running(cluster, mpi):
    job = Job(cluster, SLEEP, options=["--grace", "1", *mpi_option(mpi)])
    job.arrived()
    cluster("run", "cancel", job.run_id)

    run = job.ended(20)
    assert (run["status"], run["error"]) == ("Canceled", None)
    job.assert_nothing_left()


def test_cancel_while_its_environment_is_built(cluster):
    # A package whose file never comes: pip waits for it until it is ended.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        package = "slow @ http://127.0.0.1:%d/slow-1.0.tar.gz" % silent.getsockname()[1]
        job = Job(cluster, SLEEP, options=["--pip", package])
        connection, _ = silent.accept()
        assert job.show()["status"] == "Preparing"
        cluster("run", "cancel", job.run_id)

        assert job.ended(20)["status"] == "Canceled"
        job.assert_nothing_left()
        connection.close()


def test_cancel_while_queued_for_its_nodes(cluster):
    first = Job(cluster, SLEEP, nodes=3, processes=3, name="first")
    first.arrived()
    second = Job(cluster, SLEEP, nodes=2, processes=2, name="second")
    waiting = wait_until(lambda: (lambda run: run["status"] == "Queued" and run)(second.show()), "the second to be queued")
    # All of its nodes or none: one of four is idle, and stays so.
    assert waiting["nodes"] == []
    cluster("run", "cancel", second.run_id)

    assert second.ended(5)["status"] == "Canceled"
    cluster("run", "cancel", first.run_id)
    assert first.ended(30)["status"] == "Canceled"


@LAUNCHES
def test_cancel_at_any_moment_of_its_life(cluster, mpi):
    delays = random.Random(7)
    for number in range(8):
        job = Job(cluster, "print('short')", name="number%d" % number, options=["--grace", "1", *mpi_option(mpi)])
        time.sleep(delays.uniform(0, 0.5))  # the moment is what is tested, not something waited for
        try:
            cluster("run", "cancel", job.run_id)
        except AssertionError:
            assert job.show()["status"] == "Completed"
        run = job.ended(20)
        assert run["status"] in ("Canceled", "Completed"), run
        job.assert_nothing_left()


@LAUNCHES
def test_the_maximum_duration_cancels_with_the_reason(cluster, mpi):
    job = Job(cluster, SLEEP, options=["--max-duration", "2s", "--grace", "1", *mpi_option(mpi)])

    run = job.ended(30)
    assert run["status"] == "Canceled"
    assert "max_run_duration_seconds" in run["status_detail"]
    job.assert_nothing_left()


@LAUNCHES
def test_a_run_with_retries_goes_on_from_its_checkpoint(cluster, mpi):
    job = Job(cluster, COUNT, options=["--max-retries", "1", "--grace", "1", *mpi_option(mpi)])
    begin(job, 1)
    os.kill(job.arrived("three")[2], signal.SIGKILL)
    begin(job, 2)

    run = job.ended(30)
    assert (run["status"], run["attempt"], run["error"]) == ("Completed", 2, None)
    [warning] = run["warnings"]
    assert "attempt 1" in warning and "SIGKILL" in warning
    # What was put back on all nodes is not taken for what they wrote.
    assert [artifact["path"] for artifact in cluster.json("run", "outputs", job.run_id)["artifacts"]] == ["outputs/checkpoint"]
    log = "70_driver_log_%s0.txt" % ("rank_" if mpi else "")
    assert job.log(log) == "attempt 2 starts with 3\n"
    assert cluster("run", "logs", job.run_id, "azureml-logs/" + log, "--attempt", "1").stdout == "attempt 1 starts with 0\n"
    cluster("run", "download", job.run_id, "outputs/checkpoint", "--to", "checkpoint")
    assert (cluster.folder / "checkpoint").read_text() == "5"
    job.assert_nothing_left()


def test_all_attempts_are_followed(server, workspace, capsys):
    script = "import os, sys\nattempt = int(os.environ['MUSTER_ATTEMPT'])\n" \
             "for line in range(attempt * 3): print('attempt', attempt, 'line', line)\nsys.exit(attempt < 3)"
    lines = ["attempt %d line %d" % (attempt, line) for attempt in (1, 2, 3) for line in range(attempt * 3)]
    (server.folder / "job").mkdir()
    (server.folder / "job" / "again.py").write_text(script)

    said = server("run", "submit", "--script", "job/again.py", "--max-retries", "3", "--follow").stdout
    assert [line for line in said.splitlines() if re.match(r"attempt \d line", line)] == lines

    from azureml.core import Experiment, ScriptRunConfig
    source = ScriptRunConfig(source_directory=str(server.folder / "job"), script="again.py")
    run = Experiment(workspace, "again").submit(source, max_retries=3)
    run.wait_for_completion(show_output=True)
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if re.match(r"attempt \d line", line)] == lines


def test_without_retries_left_it_fails(cluster):
    job = Job(cluster,
              "import meeting, os, time\n"
              "if meeting.RANK == 1: raise ValueError('attempt ' + os.environ['MUSTER_ATTEMPT'])\ntime.sleep(600)",
              options=["--max-retries", "2", "--grace", "1"])

    run = job.ended(60)
    assert (run["status"], run["attempt"]) == ("Failed", 3)
    assert "ValueError: attempt 3" in run["error"]["message"]
    job.assert_nothing_left()


def test_a_low_priority_run_starts_again_when_a_node_is_lost(server):
    server("compute", "create", "cluster", "--max-nodes", "2", "--vm-priority", "lowpriority")
    job = Job(server, COUNT, options=["--grace", "1"])
    begin(job, 1)
    job.arrived("three")
    os.kill(job.runner(1), signal.SIGKILL)

    begin(job, 2)
    run = job.ended(30)
    assert (run["status"], run["attempt"]) == ("Completed", 2)
    assert job.log("70_driver_log_0.txt") == "attempt 2 starts with 3\n"
    job.assert_nothing_left()


def test_a_low_priority_run_fails_of_its_own_fault_as_others_do(server):
    server("compute", "create", "cluster", "--max-nodes", "2", "--vm-priority", "lowpriority")
    job = Job(server, "raise ValueError('bad shape')", options=["--grace", "1"])

    run = job.ended(30)
    assert (run["status"], run["attempt"]) == ("Failed", 1)


def test_training_that_was_cut_off_reaches_the_same_weights(cluster, tmp_path):
    sample, epochs = SOURCE / "samples" / "ddp", "4"
    shutil.copytree(sample, cluster.folder / "ddp")
    run_id = cluster.json("run", "submit", "--script", "ddp/train.py", "--experiment", "e2e", "--compute", "cluster", "--nodes", "2",
                          "--processes", "2",
                          "--python", sys.executable, "--max-retries", "1", "--grace", "2", "--", "--epochs", epochs, "--batch-size",
                          "32")["run_id"]
    log = "azureml-logs/70_driver_log_0.txt"
    wait_until(lambda: "Starting epoch 2" in cluster("run", "logs", run_id).stdout, "the third epoch", 60)
    [pid] = [pid for pid in cluster.processes() if is_rank(pid, run_id, 1)]
    os.kill(pid, signal.SIGKILL)

    run = cluster.ended(run_id, 90)
    assert (run["status"], run["attempt"]) == ("Completed", 2)
    # The checkpoint of the epoch in which it was cut off may have been written or not.
    assert "Rank 0: Continuing with epoch" in cluster("run", "logs", run_id, log).stdout
    cluster("run", "download", run_id, "outputs/digits_net.pt", "--to", "net.pt")
    run_python(tmp_path, sample / "train.py", "--epochs", epochs, "--batch-size", "64")
    assert largest_difference(tmp_path / "outputs" / "digits_net.pt", cluster.folder / "net.pt") < 1e-10


def is_rank(pid, run_id, rank):
    with open("/proc/%d/environ" % pid, "rb") as file:
        variables = file.read().split(b"\0")
    return b"MUSTER_RUN_ID=" + run_id.encode() in variables and b"RANK=%d" % rank in variables
