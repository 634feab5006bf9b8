"""Which code a run was: the repository that its folder lies in, by both clients."""

import subprocess

import pytest
from azureml.core import Experiment, ScriptRunConfig


@pytest.fixture
def repository(server):
    folder = server.folder / "src"
    folder.mkdir()
    (folder / "train.py").write_text("print('trained')\n")
    for words in ("init -q", "symbolic-ref HEAD refs/heads/main", "add .", "-c user.name=a -c user.email=a@b commit -q -m first",
                  "remote add origin https://me:secret@host/birds.git"):
        subprocess.run(["git", "-C", str(folder), *words.split()], check=True)
    return folder


def test_both_clients_record_the_repository(server, workspace, repository):
    commit = subprocess.run(["git", "-C", str(repository), "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    wanted = {"azureml.git.repository_uri": "https://host/birds.git", "mlflow.source.git.repoURL": "https://host/birds.git",
              "azureml.git.branch": "main", "mlflow.source.git.branch": "main", "azureml.git.commit": commit,
              "mlflow.source.git.commit": commit, "azureml.git.dirty": "False"}
    by_cli = server.json("run", "submit", "--script", repository / "train.py")
    assert by_cli["properties"] == wanted
    by_sdk = Experiment(workspace, "git").submit(ScriptRunConfig(str(repository), "train.py"), properties={"mine": 1})
    assert {**wanted, "mine": "1"}.items() <= by_sdk.get_properties().items()
    for run_id in (by_cli["run_id"], by_sdk.id):
        shown = server("run", "show", run_id).stdout
        assert commit in shown and "secret" not in shown
        server.ended(run_id)

    (repository / "train.py").write_text("print('changed')\n")
    assert server.json("run", "submit", "--script", repository / "train.py")["properties"]["azureml.git.dirty"] == "True"


def test_a_repository_that_git_cannot_read_does_not_matter(server, repository):
    (repository / ".git" / "HEAD").write_text("nonsense")
    run = server.json("run", "submit", "--script", repository / "train.py")
    assert run["properties"] == {}
    assert server.ended(run["run_id"])["status"] == "Completed"
