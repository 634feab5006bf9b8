"""0 done, 1 the run failed or was canceled, 2 refused, 3 no server, 4 the server's fault, 130 Ctrl-C."""

import signal
import subprocess

from muster_program import PROGRAM, free_address
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


def ends(server, redirection, *words):
    """The exit code and standard error of `muster words…` with its output redirected by a shell."""
    done = subprocess.run(["bash", "-c", '"$0" "$@" ' + redirection, str(PROGRAM), *words], cwd=server.folder, env=server.environment,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    return done.returncode, done.stderr


def test_output_that_cannot_be_written_is_4(server):
    run_id = server.submit("print('hello')")["run_id"]
    server.ended(run_id)
    commands = [("run", "list"), ("run", "logs", run_id), ("run", "logs", "-f", run_id), ("run", "wait", run_id), ("workspace", "config"),
                ("run", "show", run_id, "--json"), ("version",), ("--help",), ("run", "submit", "--script", "job/job.py", "--follow")]
    for words in commands:
        code, said = ends(server, ">/dev/full", *words)
        assert code == 4 and "standard output" in said and "No space left" in said, (words, code, said)
        code, said = ends(server, ">&-", *words)
        assert code == 4 and "standard output" in said, (words, code, said)
    code, said = ends(server, ">/dev/full", "run", "list", "--json")
    assert code == 4 and '"code":"disk_full"' in said


def test_a_reader_that_goes_away_is_no_error(server):
    server.submit("print('hello')")
    code, said = ends(server, "| true; exit ${PIPESTATUS[0]}", "--help")
    assert code in (0, 141) and said == ""  # 0 when it had written before `true` was gone


def test_a_server_that_never_answered_is_told_at_once(muster):
    for words in (("wait", "x"), ("logs", "-f", "x")):
        muster("run", *words, code=3, timeout=10, MUSTER_URL="http://" + free_address(), MUSTER_TOKEN="any")
