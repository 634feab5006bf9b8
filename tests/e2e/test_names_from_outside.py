"""Names that people type end in addresses and requests: none of them becomes another address or another name."""

import pytest
from azureml.core import Experiment, Run
from azureml.exceptions import ProjectSystemException, UserErrorException


def test_a_run_that_is_not_there(server):
    run_id = server.submit("print('hi')")["run_id"]
    for words in (("show",), ("cancel",), ("wait",), ("logs", "-f"), ("logs",), ("delete",), ("metrics",), ("outputs",), ("download",)):
        for name in (run_id + "/logs", "..", "../runs", "a/../b", run_id + "?x", "%2F"):
            problem = server.problem("run", *words, name)
            assert problem["detail"].startswith("there is no run '%s'" % name), (words, problem)
            assert "muster run list" in problem["hint"]


def test_an_empty_name(server):
    for words in (("run", "show"), ("run", "logs", "-f"), ("run", "delete"), ("model", "download"), ("compute", "delete")):
        assert server.problem(*words, "")["detail"].endswith(" is empty"), words


def test_other_names(server):
    run_id = server.submit("print('hi')")["run_id"]
    server.ended(run_id)
    for words, name in ((("run", "logs", run_id), "/etc/passwd"), (("run", "logs", run_id), "../x"), (("model", "show"), "a/b"),
                        (("compute", "show"), "local/x"),
                        (("environment", "show"), "a/../b")):
        problem = server.problem(*words, name)
        assert "openapi" not in problem.get("hint", ""), problem
        assert "'%s'" % name in problem["detail"] and "/api/" not in problem["detail"], problem


def test_the_sdk_finds_no_such_run(workspace):
    experiment = Experiment(workspace, "e2e")
    for name in ("a/../b", "..", "x/logs"):
        with pytest.raises(ProjectSystemException, match="there is no run '%s'" % name):
            Run(experiment, name)
        with pytest.raises(ProjectSystemException, match="there is no run '%s'" % name):
            workspace.get_run(name)
    with pytest.raises(UserErrorException, match="run_id"):
        Run(experiment, "")


def test_what_is_not_utf8_is_refused_by_its_option(server):
    (server.folder / "job.py").write_text("print('hi')")
    bad = b"\xff\xfe".decode("utf-8", "surrogateescape")
    for words, named in ((("--", bad), "ARG"), (("--name", bad), "--name"), (("--tag", "a=" + bad), "--tag"),
                         (("--env", "A=" + bad), "--env"),
                         (("--python", bad), "--python")):
        problem = server.problem("run", "submit", "--script", "job.py", *words)
        assert named + ": " in problem["detail"] and "not UTF-8" in problem["detail"], problem
    assert "--command: " in server.problem("run", "submit", "--command", bad)["detail"]
    assert server.json("run", "list")["runs"] == []


def test_a_script_whose_name_looks_like_an_option(server):
    (server.folder / "-x.py").write_text("print('ran')")
    run_id = server.json("run", "submit", "--script=-x.py")["run_id"]
    assert server.ended(run_id)["status"] == "Completed"
    assert "ran" in server("run", "logs", run_id).stdout


def test_downloaded_names_are_cleaned(server):
    run_id = server.submit("import os\nos.makedirs('outputs', exist_ok=True)\nopen('outputs/a\\x1b[2Jb\\nc', 'w').close()")["run_id"]
    server.ended(run_id)
    shown = server("run", "download", run_id, "--to", "got/").stdout
    assert "\x1b" not in shown and shown.count("\n") == 1, shown
