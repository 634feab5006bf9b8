"""Files whose names are as long or as odd as a file system allows go to the server and back; names that a run needs itself are refused."""

import pathlib

import pytest
from azureml.core import Environment, Experiment, Run, ScriptRunConfig
from azureml.exceptions import SnapshotException
from rest import Rest

LONGEST = "n" * 251 + ".txt"
IN_TWO_BYTES = "\u00e9" * 127
NAMES = ["outputs/" + LONGEST, "outputs/" + IN_TWO_BYTES, "outputs/" + "/".join(["f" * 255] * 6), "outputs/" + "/".join("d" * 60),
         "outputs/-x %2F?#&=+;:*\"'`$(x)|<>\\~", "outputs/new\nline\ttab", "outputs/ ", "outputs/..a", "outputs/...",
         "outputs/\u202e\u200b\U0001F426",
         "outputs/.muster", "outputs/logs", "logs/" + LONGEST, "logs/" + IN_TWO_BYTES]
WRITES = "import os, pathlib\nfor name in %r:\n    path = pathlib.Path(name)\n    path.parent.mkdir(parents=True, exist_ok=True)\n" \
         "    path.write_text('of ' + name)\n" % NAMES


@pytest.fixture
def run(server):
    run = server.ended(server.submit(WRITES)["run_id"])
    assert run["status"] == "Completed" and not run["warnings"], run
    return run


def contents(folder, names):
    return {name: (pathlib.Path(folder) / name).read_text() for name in names}


def test_the_command_line_downloads_them_all(run, server):
    outputs = [name for name in NAMES if name.startswith("outputs/")]
    server("run", "download", run["run_id"], "--to", server.folder / "got")

    assert contents(server.folder / "got", outputs) == {name: "of " + name for name in outputs}
    assert not list((server.folder / "got").rglob(".muster-*"))
    for name in ("logs/" + LONGEST, "logs/" + IN_TWO_BYTES):
        assert server("run", "logs", run["run_id"], name).stdout == "of " + name


def test_the_sdk_downloads_them_all(run, workspace, server):
    run = Run.get(workspace, run["run_id"])
    assert set(NAMES) <= set(run.get_file_names())
    run.download_files(output_directory=str(server.folder / "got"))

    assert contents(server.folder / "got", NAMES) == {name: "of " + name for name in NAMES}
    assert not list((server.folder / "got").rglob(".muster-*"))


def test_a_file_called_logs_or_outputs_is_refused_when_it_is_submitted(server, workspace):
    source = server.folder / "source"
    source.mkdir()
    (source / "train.py").write_text("print('hi')")
    for name in ("logs", "outputs"):
        (source / name).write_text("a file")
        problem = server.problem("run", "submit", "--source-directory", source, "--script", "train.py")
        assert "%s is in the place of a folder that every run has" % (source / name) in problem["detail"], problem
        assert "rename it" in problem["hint"]
        environment = Environment("system")
        environment.python.user_managed_dependencies = True
        with pytest.raises(SnapshotException, match="%s: in the place of a folder that every run has" % name):
            config = ScriptRunConfig(str(source), script="train.py", environment=environment, compute_target="local")
            Experiment(workspace, "e2e").submit(config)
        file = {"path": name, "size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "mode": 420}
        status, body = Rest(server)("POST", "/workspaces/default/snapshots", {"files": [file]})[:2]
        assert status == 422 and "must not be `%s`" % name in str(body), (status, body)
        (source / name).unlink()
    assert server.json("run", "list")["runs"] == []
