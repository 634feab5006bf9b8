"""A failed run says why, without anybody reading logs, and says it once."""

import pytest


def failed(server, script, *options):
    run = server.ended(server.submit(script, options=options)["run_id"])
    assert run["status"] == "Failed"
    return run


def test_an_exception_is_named_with_its_message_and_traceback(server):
    run = failed(server, "def learn():\n    raise ValueError('the loss is not a number')\n\nlearn()\n")

    error = run["error"]
    assert error["code"] == "user_error"
    assert "ValueError: the loss is not a number" in error["message"]
    assert error["traceback"].startswith("Traceback (most recent call last):")
    assert "in learn" in error["traceback"]
    assert (error["exit_code"], error["signal"], error["rank"], error["node_rank"]) == (1, None, 0, 0)
    assert error["log"] == "azureml-logs/70_driver_log.txt"
    shown = server("run", "show", run["run_id"]).stdout
    assert "ValueError: the loss is not a number" in shown and "in learn" in shown


def test_the_sdk_says_the_same(workspace, server):
    from azureml.core import Run
    run = failed(server, "raise KeyError('lr')")

    error = Run.get(workspace, run["run_id"]).get_details()["error"]["error"]
    assert error["code"] == "UserError"
    assert "KeyError" in error["message"]
    assert "Traceback" in error["debugInfo"]["stackTrace"]


def test_an_exit_code_is_said(server):
    assert failed(server, "import sys\nsys.exit(7)")["error"]["exit_code"] == 7


def test_a_signal_is_said_by_name(server):
    error = failed(server, "import os\nos.kill(os.getpid(), 9)")["error"]

    assert "SIGKILL" in error["message"]
    assert error["signal"] is not None and error["exit_code"] is None


def test_a_crash_of_native_code_is_said(server):
    error = failed(server, "import ctypes\nctypes.string_at(0)")["error"]
    assert "SIGSEGV" in error["message"]


def test_a_module_that_is_missing_is_named(server):
    assert "no_such_module" in failed(server, "import no_such_module")["error"]["message"]


def test_an_error_of_syntax_is_one_too(server):
    assert "SyntaxError" in failed(server, "def (:\n")["error"]["message"]


def test_the_last_of_chained_exceptions_counts(server):
    run = failed(server, "try:\n    1 / 0\nexcept ZeroDivisionError as cause:\n    raise RuntimeError('no batches') from cause\n")
    assert "RuntimeError: no batches" in run["error"]["message"]


def test_a_caught_exception_that_was_printed_is_not_the_cause_of_success(server):
    run = server.submit("import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()\n")
    assert server.ended(run["run_id"])["error"] is None


def test_outputs_of_a_failed_run_are_kept(server):
    run = failed(server, "open('outputs/half', 'w').write('x')\nraise RuntimeError('then')")
    assert [artifact["path"] for artifact in server.json("run", "outputs", run["run_id"])["artifacts"]] == ["outputs/half"]


def test_a_command_that_is_not_there_is_said(server):
    run = server.ended(server.json("run", "submit", "--experiment", "e2e", "--command", "no-such-program --x")["run_id"])
    assert run["status"] == "Failed"
    assert run["error"]["exit_code"] == 127
    assert "no-such-program" in server("run", "logs", run["run_id"]).stdout


def test_a_command_without_a_traceback_carries_the_last_lines_of_its_log(server, workspace):
    command = r"echo starting; printf '\033[31mcannot open \033[0m/data/train.csv\n' >&2; exit 1"
    run = server.ended(server.json("run", "submit", "--experiment", "e2e", "--command", command)["run_id"])

    assert (run["error"]["message"], run["error"]["traceback"]) == ("the script ended with exit code 1", None)
    assert run["error"]["last_lines"] == "starting\ncannot open /data/train.csv"
    for verb in ("show", "wait"):
        assert "\n  its log ends with\n  starting\n  cannot open /data/train.csv\n" in \
            server("run", verb, run["run_id"], code=1 if verb == "wait" else 0).stdout
    from azureml.core import Run
    assert Run.get(workspace, run["run_id"]).get_details()["error"]["error"]["message"].endswith("cannot open /data/train.csv")


def test_an_mpirun_that_cannot_start_says_why(cluster):
    options = ["--compute", "cluster", "--nodes", "2", "--mpi", "--command", "echo said; exit 3"]
    run = cluster.ended(cluster.json("run", "submit", "--experiment", "e2e", *options)["run_id"])

    assert run["error"]["exit_code"] == 3 and run["error"]["last_lines"] == "said"


@pytest.mark.parametrize("columns", ["80", "120"])
def test_an_error_is_said_once_to_who_follows(server, columns):
    (server.folder / "job").mkdir()
    (server.folder / "job" / "job.py").write_text("raise ValueError('the loss is not a number')\n")
    for what in (["--script", server.folder / "job" / "job.py"], ["--command", "echo the loss is not a number >&2; exit 1"]):
        done = server("run", "submit", "--experiment", "e2e", "--follow", *what, code=1, COLUMNS=columns)
        said = done.stdout + done.stderr
        assert said.count("Traceback") == (1 if what[0] == "--script" else 0), said
        # The line in the log; for an exception also the one that says what the run ended with.
        assert done.stdout.count("the loss is not a number") == (3 if what[0] == "--script" else 1), said
        assert "Running:" not in said and said.count("muster run logs") == 1


def test_an_environment_that_cannot_be_built_says_why_once(server, tmp_path):
    command = ["run", "submit", "--experiment", "e2e", "--command", "true", "--pip", "no-such-package-at-all==1"]
    done = server(*command, "--follow", code=1, PIP_NO_INDEX="1")

    said = done.stdout + done.stderr
    assert "the package 'no-such-package-at-all==1' could not be installed: " in done.stdout
    assert said.count("could not be installed") == 1
    assert done.stdout.count("no-such-package-at-all==1 (from versions") == 1 and said.count("build log") == 0
