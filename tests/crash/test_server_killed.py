"""The server killed with -9 at random instants, while a script writes lines, points and outputs at full speed."""

import random

import pytest

from muster_program import is_alive
from waiting import wait_until
from writer_job import WriterJob

COUNT = 60_000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_run_goes_on_and_nothing_is_lost_or_doubled(server, seed):
    job = WriterJob(server, COUNT)
    for lines in sorted(random.Random(seed).sample(range(1, COUNT), 3)):
        job.wait_for_lines(lines)
        server.kill_server()
        server("up")

    run = server.ended(job.run_id, seconds=60)
    assert (run["status"], run["attempt"], run["error"]) == ("Completed", 1, None)
    job.assert_recorded(COUNT, COUNT)
    job.assert_outputs(COUNT)


def test_a_run_that_ends_without_a_server_is_collected_by_the_next(server):
    job = WriterJob(server, COUNT)
    job.wait_for_lines(100)
    server.kill_server()
    job.wait_for_lines(COUNT)
    server("up")

    assert server.ended(job.run_id)["status"] == "Completed"
    job.assert_recorded(COUNT, COUNT)
    job.assert_outputs(COUNT)


def test_a_server_killed_again_and_again_while_it_starts(server):
    job = WriterJob(server, COUNT)
    job.wait_for_lines(1)
    for _ in range(5):
        server.kill_server()
        server("up")

    assert server.ended(job.run_id, seconds=60)["status"] == "Completed"
    job.assert_recorded(COUNT, COUNT)
    job.assert_outputs(COUNT)


@pytest.mark.parametrize("kills", [1, 2, 5])
def test_a_server_killed_again_and_again_while_a_run_starts(server, kills):
    job = WriterJob(server, COUNT)
    for _ in range(kills):
        server.kill_server()
        server("up")

    run = server.ended(job.run_id, seconds=60)
    assert (run["status"], run["error"]) == ("Completed", None)
    job.assert_recorded(COUNT, COUNT)
    job.assert_outputs(COUNT)
    server.assert_only_server_left()


def test_a_queued_run_is_still_queued_and_runs(server):
    server("compute", "create", "one", "--max-nodes", "1")
    first = server.submit("import time\nprint('up', flush=True)\ntime.sleep(600)", options=["--compute", "one"])["run_id"]
    server.running(first)
    second = server.submit("print('second')", options=["--compute", "one"])["run_id"]
    server.kill_server()
    server("up")

    assert server.json("run", "show", first)["status"] == "Running"
    assert server.json("run", "show", second)["status"] == "Queued"
    server("run", "cancel", first)
    assert server.ended(first)["status"] == "Canceled"
    assert server.ended(second)["status"] == "Completed"


def test_down_leaves_runs_going_and_up_finds_them(server):
    run_id = server.submit("import os, time\nwhile not os.path.exists(os.environ['GO']): time.sleep(0.01)",
                           options=["--env", "GO=%s" % (server.folder / "go")])["run_id"]
    runner = server.running(run_id)["nodes"][0]["runner_pid"]
    assert run_id in server("down").stdout
    assert is_alive(runner)
    (server.folder / "go").write_text("")
    server("up")

    assert server.ended(run_id)["status"] == "Completed"
    wait_until(lambda: not is_alive(runner), "the runner to end")
