"""A failed run says why, without anybody reading logs."""


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
