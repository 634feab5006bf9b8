"""A runner killed with -9 is a lost node: what its ranks wrote is collected, the run fails, nothing is left running."""

import os
import random
import signal

import pytest

from muster_program import is_alive
from waiting import wait_until
from writer_job import WriterJob

COUNT = 2_000_000  # more than it will get to write


def kill_runner(server, run_id):
    pid = server.json("run", "show", run_id)["nodes"][0]["runner_pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "the runner to be gone")


def assert_lost_but_kept(server, job):
    run = server.ended(job.run_id, seconds=60)
    assert run["status"] == "Failed"
    assert run["error"]["code"] == "node_lost"
    assert run["error"]["node_rank"] == 0 and run["nodes"][0]["host"] in run["error"]["message"]
    server.assert_only_server_left()
    lines, points = job.written()
    # The script may have been ended between a write and its counting.
    job.assert_recorded(range(lines, lines + 2), range(points, points + 2))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_written_is_kept_and_the_run_says_why_it_failed(server, seed):
    job = WriterJob(server, COUNT)
    job.wait_for_lines(random.Random(seed).randrange(1, 40_000))
    kill_runner(server, job.run_id)

    assert_lost_but_kept(server, job)


def test_the_server_killed_as_well(server):
    job = WriterJob(server, COUNT)
    job.wait_for_lines(10_000)
    kill_runner(server, job.run_id)
    server.kill_server()
    server("up")

    assert_lost_but_kept(server, job)


def test_the_script_itself_killed_keeps_all_it_wrote(server):
    job = WriterJob(server, COUNT)
    job.wait_for_lines(10_000)
    runner = server.json("run", "show", job.run_id)["nodes"][0]["runner_pid"]
    script = next(pid for pid in server.processes() if "writer.py" in open("/proc/%d/cmdline" % pid).read() and pid != runner)
    os.kill(script, signal.SIGKILL)

    run = server.ended(job.run_id, seconds=60)
    assert run["status"] == "Failed" and "SIGKILL" in run["error"]["message"]
    lines, points = job.written()
    job.assert_recorded(range(lines, lines + 2), range(points, points + 2))
