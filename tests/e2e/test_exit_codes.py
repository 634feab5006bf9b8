"""0 done, 1 the run failed or was canceled, 2 refused, 3 no server, 4 the server's fault, 130 Ctrl-C."""

import signal
import subprocess

from muster_program import PROGRAM
from waiting import wait_until


def test_wait_ends_as_the_run_did(server):
    good = server.submit("print('fine')")["run_id"]
    bad = server.submit("raise SystemExit(7)")["run_id"]

    server("run", "wait", good, code=0)
    server("run", "wait", bad, code=1)


def test_follow_of_a_failing_run_ends_with_1_and_its_cause(server):
    (server.folder / "job.py").write_text("import json\njson.loads('{')")
    shown = server("run", "submit", "--script", "job.py", "--follow", code=1).stdout

    assert "JSONDecodeError" in shown.splitlines()[-1] or "JSONDecodeError" in "\n".join(shown.splitlines()[-12:])


def test_wrong_use_is_2(server):
    server("run", "submit", "--no-such-option", code=2)
    server("no-such-noun", code=2)
    server("run", "show", "birds_1_00000000", code=2)


def test_no_server_is_3_and_says_what_to_do(muster):
    assert "muster up" in muster("run", "list", code=3).stderr
    assert muster.problem("run", "list", code=3)["hint"]


def test_interrupted_follow_is_130_and_leaves_the_run_going(server):
    (server.folder / "job.py").write_text("import time\nprint('started', flush=True)\ntime.sleep(600)")
    follower = subprocess.Popen([str(PROGRAM), "run", "submit", "--script", "job.py", "--follow"], cwd=server.folder,
                                env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = []
    wait_until(lambda: said.append(follower.stdout.readline()) or "started" in said[-1], "the script's first line")
    follower.send_signal(signal.SIGINT)
    rest, _ = follower.communicate(timeout=10)

    assert follower.returncode == 130, rest
    [run] = server.json("run", "list")["runs"]
    assert "run cancel " + run["run_id"] in "".join(said) + rest
    server.running(run["run_id"])  # its first line may be here before that it has started
    server("run", "cancel", run["run_id"])
    assert server.ended(run["run_id"])["status"] == "Canceled"


def test_wait_of_a_canceled_run_is_1(server):
    run_id = server.submit("import time\ntime.sleep(600)")["run_id"]
    server.running(run_id)
    server("run", "cancel", run_id)
    server("run", "wait", run_id, code=1)
