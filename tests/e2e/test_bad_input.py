"""What people get wrong: a clear error that names the thing and the fix, and nothing left half-made."""

import json
import os
import socket
import subprocess

import pytest

from muster_program import PROGRAM


def refused(server, *words, says=(), **options):
    """The problem of a refused command, whose text must contain each of `says`; no run may have come of it."""
    problem = server.problem(*words, **options)
    text = json.dumps(problem, ensure_ascii=False)
    for word in says:
        assert word in text, text
    assert server.json("run", "list")["runs"] == []
    return problem


@pytest.fixture
def script(server):
    (server.folder / "train.py").write_text("print('hello')")
    return "train.py"


def test_a_wrong_token(server):
    problem = server.problem("run", "list", MUSTER_TOKEN="wrong")
    assert problem["code"] == "unauthorized" and problem["hint"]


def test_a_missing_script(server):
    refused(server, "run", "submit", "--script", "trian.py", says=["trian.py"])


def test_a_script_outside_its_folder(server, script):
    (server.folder / "elsewhere").mkdir()
    refused(server, "run", "submit", "--script", script, "--source-directory", "elsewhere", says=["train.py", "elsewhere"])


def test_an_unknown_target_is_told_what_there_is(server, script):
    refused(server, "run", "submit", "--script", script, "--compute", "gpu-cluster", says=["gpu-cluster", "local"])


@pytest.mark.parametrize("name", ["birds/2", "b" * 300, "", "-birds", "b\u00e9b\u00e9\n"])
def test_an_experiment_name_that_cannot_be(server, script, name):
    refused(server, "run", "submit", "--script", script, "--experiment", name, says=["experiment"])


def test_a_cluster_without_max_nodes(server):
    assert "max" in server("compute", "create", "cluster", code=2).stderr
    assert [target["name"] for target in server.json("compute", "list")["compute_targets"]] == ["local"]


@pytest.mark.parametrize("words", [("c" * 17,), ("c",), ("1cluster",), ("a_b",), ("cluster", "--min-nodes", "5")])
def test_a_cluster_that_cannot_be(server, words):
    assert server.problem("compute", "create", *words, "--max-nodes", "4")["code"] == "invalid"


def test_the_local_target_stays(server):
    assert server.problem("compute", "delete", "local")["detail"]


def test_a_source_over_the_limit_names_what_is_big(server, script):
    with open(server.folder / "movie.mp4", "wb") as file:
        file.truncate(3 << 20)
    refused(server, "run", "submit", "--script", script, MUSTER_SNAPSHOT_LIMIT_MB="2", says=["movie.mp4", "ignore"])


@pytest.mark.parametrize("make, word", [
    (lambda folder: os.mkfifo(folder / "pipe"), "pipe"),
    (lambda folder: socket.socket(socket.AF_UNIX).bind(str(folder / "socket")), "socket"),
    (lambda folder: os.symlink("nowhere", folder / "broken"), "broken"),
    (lambda folder: os.symlink("/etc/hostname", folder / "outside"), "outside"),
    (lambda folder: os.symlink(".", folder / "loop"), "loop"),
    (lambda folder: open(os.fsencode(folder) + b"/latin-\xe9", "w").close(), "latin-"),
], ids=["pipe", "socket", "broken link", "link out", "link to a folder", "name that is not UTF-8"])
def test_a_folder_with_what_no_snapshot_can_hold(server, script, make, word, monkeypatch):
    monkeypatch.chdir(server.folder)
    make(server.folder)
    refused(server, "run", "submit", "--script", script, says=[word])


def test_the_same_ignored_is_fine(server, script):
    os.mkfifo(server.folder / "pipe")
    (server.folder / ".amlignore").write_text("pipe\n")
    run = server.json("run", "submit", "--script", script)
    assert server.ended(run["run_id"])["status"] == "Completed"


def test_names_in_any_alphabet_are_fine(server):
    (server.folder / "tr\u00e4ning \u9e1f \U0001f426.py").write_text("print('hello')")
    run = server.json("run", "submit", "--script", "tr\u00e4ning \u9e1f \U0001f426.py", "--experiment", "names")
    assert server.ended(run["run_id"])["status"] == "Completed"


def test_config_json_is_written_by_the_shell(server):
    # As the README says it: the file is there, and empty, before the command begins; the second time it was whole.
    for _ in range(2):
        subprocess.run([str(PROGRAM) + " workspace config > config.json"], shell=True, cwd=server.folder, env=server.environment,
                       check=True, timeout=60)
        assert json.loads((server.folder / "config.json").read_text())["muster_url"] == server.server()["url"]


def test_no_config_json(server, monkeypatch):
    from azureml.core import Workspace
    from azureml.exceptions import UserErrorException
    monkeypatch.chdir(server.folder)
    with pytest.raises(UserErrorException, match="config.json"):
        Workspace.from_config()


def test_a_model_path_that_no_run_wrote_lists_what_is_there(server):
    run_id = server.submit("open('outputs/net.pt', 'w').write('x')")["run_id"]
    server.ended(run_id)

    problem = server.problem("model", "register", "--name", "net", "--run", run_id, "--output", "outputs/model.pt")
    assert "outputs/net.pt" in json.dumps(problem)
    assert server.json("model", "list")["models"] == []


def test_a_download_never_overwrites(server):
    run_id = server.submit("open('outputs/net.pt', 'w').write('new')")["run_id"]
    server.ended(run_id)
    (server.folder / "net.pt").write_text("mine")

    assert "net.pt" in server.problem("run", "download", run_id, "outputs/net.pt", "--to", "net.pt")["detail"]
    assert (server.folder / "net.pt").read_text() == "mine"
    server("run", "download", run_id, "outputs/net.pt", "--to", "net.pt", "--overwrite")
    assert (server.folder / "net.pt").read_text() == "new"


def test_cancel_of_a_finished_run(server):
    run_id = server.submit("print('x')")["run_id"]
    server.ended(run_id)
    assert server.problem("run", "cancel", run_id)["code"] == "conflict"


def test_delete_of_a_run_that_goes_on(server):
    run_id = server.submit("import time\ntime.sleep(600)")["run_id"]
    server.running(run_id)
    assert server.problem("run", "delete", run_id)["code"] == "conflict"
    server("run", "cancel", run_id)
    server.ended(run_id)


def test_both_a_script_and_a_command(server, script):
    server("run", "submit", "--script", script, "--command", "true", code=2)
    assert server.json("run", "list")["runs"] == []
