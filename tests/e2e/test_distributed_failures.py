"""A rank that fails, in every way that ranks fail: the run ends, says whose fault it was, and leaves no process."""

import os
import shutil
import signal
import sys
import time

import pytest

from muster_program import free_address, is_alive
from ranks import Job, program_of
from waiting import wait_until

LAUNCHES = pytest.mark.parametrize("mpi", [False, True], ids=["per process", "MPI"])

WAIT = """
import os, signal, sys, time
import meeting
meeting.arrive()
"""

ONE_RAISES = WAIT + """
meeting.wait("go")
if meeting.RANK == 3:
    raise ValueError("bad shape")
time.sleep(600)
"""


def start(cluster, script, mpi=False, *options, grace="1"):
    job = Job(cluster, script, options=["--grace", grace, *options, *(["--mpi"] if mpi else [])])
    job.pids = job.arrived()
    return job


def failed(job, seconds=20):
    run = job.ended(seconds)
    assert run["status"] == "Failed"
    job.assert_nothing_left()
    return run["error"]


@LAUNCHES
def test_an_exception_ends_all_and_is_named(cluster, mpi):
    job = start(cluster, ONE_RAISES, mpi)
    job.say("go")

    error = failed(job)
    assert (error["code"], error["rank"], error["node_rank"], error["exit_code"], error["signal"]) == ("user_error", 3, 1, 1, None)
    assert "ValueError: bad shape" in error["message"] and "rank 3 on node 1" in error["message"]
    assert error["traceback"].startswith("Traceback (most recent call last):")
    assert error["log"] == "azureml-logs/70_driver_log_%s3.txt" % ("rank_" if mpi else "")
    assert error["message"] in cluster("run", "show", job.run_id).stdout


@LAUNCHES
def test_a_killed_rank_is_named(cluster, mpi):
    job = start(cluster, WAIT + "time.sleep(600)", mpi)
    os.kill(job.pids[1], signal.SIGKILL)

    error = failed(job)
    assert (error["rank"], error["node_rank"], error["exit_code"]) == (1, 0, None)
    assert "SIGKILL" in error["message"]


def test_the_cause_is_not_what_its_peers_say(cluster):
    # Real gloo: all but rank 2 end with "Connection closed by peer" or the like, at the same moment.
    script = WAIT + """
import torch, torch.distributed as dist
dist.init_process_group("gloo")
for step in range(1000):
    if step == 5 and meeting.RANK == 2:
        raise ValueError("bad shape in step 5")
    dist.all_reduce(torch.ones(4))
"""
    job = start(cluster, script, False, "--python", sys.executable)

    error = failed(job, 60)
    assert (error["rank"], error["node_rank"]) == (2, 1)
    assert "ValueError: bad shape in step 5" in error["message"]
    assert "raise ValueError" in error["traceback"]


def test_data_loader_workers_end_with_their_rank(cluster):
    script = WAIT + """
import torch
from torch.utils.data import DataLoader, Dataset
class Slow(Dataset):
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        if index >= 4:
            meeting.arrive("worker-%d" % torch.utils.data.get_worker_info().id)
            time.sleep(600)
        return torch.zeros(1)
for number, batch in enumerate(DataLoader(Slow(), batch_size=2, num_workers=2)):
    if number == 1:
        for worker in range(2):
            meeting.wait("worker-%d-%d" % (worker, meeting.RANK))
        meeting.wait("go")
        if meeting.RANK == 0:
            os.kill(os.getpid(), signal.SIGKILL)
"""
    job = Job(cluster, script, processes=2, options=["--grace", "1", "--python", sys.executable])
    workers = [pid for worker in range(2) for pid in job.arrived("worker-%d" % worker)]
    assert len(set(workers)) == 4 and set(workers) <= set(job.marked_processes())
    job.say("go")

    error = failed(job)
    assert error["rank"] == 0 and "SIGKILL" in error["message"]
    assert not any(map(is_alive, workers))


def test_torchruns_own_words_are_not_the_cause(cluster):
    (cluster.folder / "fails.py").write_text(
        "import os\nif os.environ['RANK'] == '3': raise ValueError('bad shape')\nimport time\ntime.sleep(600)\n")
    command = ("torchrun --nproc_per_node 2 --nnodes 2 --node_rank $NODE_RANK "
               "--master_addr $MASTER_ADDR --master_port $MASTER_PORT fails.py")
    run = cluster.json("run", "submit", "--experiment", "e2e", "--compute", "cluster", "--nodes", "2", "--python", sys.executable,
                       "--grace", "2",
                       "--command", command)
    run = cluster.ended(run["run_id"], 90)

    assert run["status"] == "Failed"
    assert run["error"]["node_rank"] == 1
    assert "ValueError: bad shape" in run["error"]["message"]


@LAUNCHES
def test_a_killed_runner_is_a_lost_node(cluster, mpi):
    job = start(cluster, WAIT + "print('working', flush=True)\nmeeting.arrive('said')\ntime.sleep(600)", mpi)
    job.arrived("said")
    os.kill(job.runner(1), signal.SIGKILL)

    error = failed(job, 30)
    assert (error["code"], error["node_rank"]) == ("node_lost", 1)
    # What its ranks wrote is kept.
    assert job.log("70_driver_log_%s3.txt" % ("rank_" if mpi else "")) == "working\n"


def up_with_mpirun(muster, script):
    """A server that finds this shell script as its mpirun."""
    programs = muster.folder / "bin"
    programs.mkdir()
    (programs / "mpirun").write_text("#!/bin/sh\n" + script)
    (programs / "mpirun").chmod(0o755)
    muster.environment["PATH"] = "%s:%s" % (programs, muster.environment["PATH"])
    muster("up", "--listen", free_address())
    muster("compute", "create", "cluster", "--max-nodes", "4")


def test_an_mpirun_that_hangs_at_its_end_does_not_hold_the_run(muster):
    # As Open MPI 4.1's at times does with 128 ranks.
    up_with_mpirun(muster, shutil.which("mpirun") + ' "$@"\nsleep 600\n')
    job = Job(muster, "print('done')", options=["--mpi"])

    run = job.ended(60)
    assert run["status"] == "Completed"
    [warning] = run["warnings"]
    assert "mpirun still ran" in warning
    assert [job.log("70_driver_log_rank_%d.txt" % rank) for rank in range(4)] == ["done\n"] * 4
    job.assert_nothing_left()


def test_an_mpirun_that_starts_nothing_ends_the_run_at_once(muster):
    up_with_mpirun(muster, "echo no such host\nexit 3\n")
    job = Job(muster, "", options=["--mpi", "--grace", "600"])

    run = job.ended(30)
    assert "mpirun ended with exit code 3" in run["error"]["message"]
    assert job.log("70_mpi_log.txt") == "no such host\n"
    job.assert_nothing_left()


def test_a_killed_mpirun_is_named(cluster):
    job = start(cluster, WAIT + "time.sleep(600)", True)
    [mpirun] = [pid for pid in job.marked_processes() if program_of(pid).startswith(("mpirun", "orterun"))]
    os.kill(mpirun, signal.SIGKILL)

    error = failed(job)
    assert "mpirun" in error["message"] and "SIGKILL" in error["message"]
    assert error["log"] == "azureml-logs/70_mpi_log.txt"


@LAUNCHES
def test_a_stopped_rank_ends_when_another_fails(cluster, mpi):
    job = start(cluster, ONE_RAISES, mpi)
    os.kill(job.pids[0], signal.SIGSTOP)
    job.say("go")

    assert "ValueError: bad shape" in failed(job)["message"]


@LAUNCHES
def test_a_stopped_rank_goes_on_in_the_eyes_of_muster_until_it_is_canceled(cluster, mpi):
    job = start(cluster, WAIT + "meeting.wait('go')\nmeeting.arrive('went')\ntime.sleep(600)", mpi)
    os.kill(job.pids[2], signal.SIGSTOP)
    job.say("go")
    job.arrived("went", [0, 1, 3])
    assert job.show()["status"] == "Running"
    cluster("run", "cancel", job.run_id)

    assert job.ended(20)["status"] == "Canceled"
    job.assert_nothing_left()


@LAUNCHES
def test_a_rank_that_ignores_sigterm_ends_after_the_grace(cluster, mpi):
    script = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ONE_RAISES
    job = start(cluster, script, mpi)
    job.say("go")
    began = time.monotonic()

    assert failed(job)["rank"] == 3
    assert time.monotonic() - began < 10


def test_a_rank_that_handles_sigterm_may_save_its_work(cluster):
    script = """
import os, signal, sys
import meeting
def save(number, frame):
    os.makedirs("outputs", exist_ok=True)
    open("outputs/of_rank_%d" % meeting.RANK, "w").write("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
""" + ONE_RAISES
    job = start(cluster, script, grace="10")
    job.say("go")

    assert failed(job)["rank"] == 3
    outputs = {artifact["path"] for artifact in cluster.json("run", "outputs", job.run_id)["artifacts"]}
    assert outputs == {"outputs/of_rank_%d" % rank for rank in range(3)}


DAEMON = """
# A session, a group and (for one of the two) an environment of its own: out of reach of all but the cgroup.
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    meeting.arrive("daemon")
    os.closerange(0, 3)
    os.execve("/bin/sleep", ["sleep", "600"], {} if meeting.RANK % 2 else os.environ)
os.wait()
"""


@LAUNCHES
def test_a_daemon_left_by_ranks_that_succeed_is_ended(cluster, mpi):
    job = Job(cluster, WAIT + DAEMON, options=["--grace", "1", *(["--mpi"] if mpi else [])])
    daemons = job.arrived("daemon")

    assert job.ended(20)["status"] == "Completed"
    job.assert_nothing_left()
    assert not any(map(is_alive, daemons))


@LAUNCHES
def test_a_daemon_of_a_rank_that_fails_is_ended(cluster, mpi):
    job = Job(cluster, WAIT + DAEMON + ONE_RAISES, options=["--grace", "1", *(["--mpi"] if mpi else [])])
    daemons = job.arrived("daemon")
    job.say("go")

    assert failed(job)["rank"] == 3
    assert not any(map(is_alive, daemons))


@LAUNCHES
def test_a_rank_that_is_done_leaves_the_others_going(cluster, mpi):
    job = start(cluster, WAIT + "if meeting.RANK == 0: sys.exit(0)\nmeeting.wait('go')\nmeeting.arrive('done')", mpi)
    wait_until(lambda: not is_alive(job.pids[0]), "rank 0 to end")
    assert job.show()["status"] == "Running"
    job.say("go")

    job.arrived("done", [1, 2, 3])
    assert job.ended(20)["status"] == "Completed"
    job.assert_nothing_left()


def test_an_mpi_rank_that_exits_with_a_code(cluster):
    job = start(cluster, WAIT + "meeting.wait('go')\nif meeting.RANK == 2: sys.exit(7)\ntime.sleep(600)", True)
    job.say("go")

    error = failed(job)
    assert (error["rank"], error["node_rank"], error["exit_code"]) == (2, 1, 7)


def test_mpi_abort_names_the_rank_that_called_it(cluster):
    script = WAIT + """
from mpi4py import MPI
meeting.wait("go")
if MPI.COMM_WORLD.rank == 1:
    print("cannot go on", flush=True)
    MPI.COMM_WORLD.Abort(5)
MPI.COMM_WORLD.Barrier()
"""
    job = start(cluster, script, True, "--python", sys.executable)
    job.say("go")

    error = failed(job, 30)
    assert (error["rank"], error["exit_code"]) == (1, 5)
