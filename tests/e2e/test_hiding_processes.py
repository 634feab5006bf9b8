"""What a job does to stay when its run ends: other names, sessions, environments. SIGKILL reaches it, with cgroups and without."""

import pytest

from muster_program import free_address, is_alive
from ranks import Job

HIDING = """
import ctypes, os, subprocess, sys, time
import meeting

def hide():
    # As setproctitle does: the memory that its environment and its command line are read from is written over.
    fields = open("/proc/self/stat").read().rsplit(") ", 1)[1].split()
    begin, end = int(fields[48 - 3]), int(fields[51 - 3])
    environment = dict(os.environ)
    ctypes.memset(begin, 0, end - begin)
    ctypes.CDLL(None).prctl(15, b"something else")
    return environment

DAEMON = '''
import os, sys
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
open(sys.argv[1] + ".new", "w").write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
os.execve("/bin/sleep", ["sleep", "600"], {})
'''
rank = meeting.RANK
folder = os.environ["MEETING"]
subprocess.run(["setsid", sys.executable, "-c", DAEMON, "%s/daemon-%d" % (folder, rank)], env={}, check=True)
meeting.arrive()
hide()
open("%s/hidden-%d.new" % (folder, rank), "w").write(str(os.getpid()))
os.rename("%s/hidden-%d.new" % (folder, rank), "%s/hidden-%d" % (folder, rank))
"""

STUBBORN = HIDING + """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    time.sleep(600)
"""

ENDING = HIDING + """
while not os.path.exists(folder + "/go"):
    time.sleep(0.01)
"""


@pytest.fixture(params=["1", "0"], ids=["cgroups as here", "no cgroups"])
def hidden_cluster(muster, request):
    muster.environment["MUSTER_CGROUPS"] = request.param
    muster("up", "--listen", free_address())
    muster("compute", "create", "cluster", "--max-nodes", "4")
    return muster


def start(cluster, script, mpi):
    job = Job(cluster, script, options=["--grace", "1", *(["--mpi"] if mpi else [])])
    return job, job.arrived("hidden") + job.arrived("daemon")


@pytest.mark.parametrize("mpi", [False, True], ids=["per process", "MPI"])
def test_a_canceled_run_leaves_neither_ranks_nor_daemons_that_hide(hidden_cluster, mpi):
    job, pids = start(hidden_cluster, STUBBORN, mpi)
    hidden_cluster("run", "cancel", job.run_id)

    run = job.ended(30)
    assert run["status"] == "Canceled"
    job.assert_nothing_left()
    assert [pid for pid in pids if is_alive(pid)] == []
    assert run["warnings"] == []


@pytest.mark.parametrize("mpi", [False, True], ids=["per process", "MPI"])
def test_a_run_that_succeeds_leaves_no_daemon_that_hides(hidden_cluster, mpi):
    job, pids = start(hidden_cluster, ENDING, mpi)
    job.say("go")

    assert job.ended(30)["status"] == "Completed"
    job.assert_nothing_left()
    assert [pid for pid in pids if is_alive(pid)] == []
