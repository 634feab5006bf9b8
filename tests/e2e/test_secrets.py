"""Secrets reach jobs, and nothing else."""

import subprocess


JOB = """
from azureml.core import Run
run = Run.get_context()
print("length", len(run.get_secret("hub-token")), run.get_secret("none"))
print(sorted(run.experiment.workspace.get_default_keyvault().get_secrets(["hub-token", "pem"])["pem"].splitlines()))
"""


def test_a_job_reads_its_workspaces_secrets_and_nobody_else_keeps_them(server, workspace):
    shown = server("secret", "set", "hub-token", stdin=b"hf_7f3e9a01\n").stdout
    assert "hub-token is set" in shown and "hf_7f3e9a01" not in shown
    server("secret", "set", "pem", stdin=b"line 2 of it\nline 1 of it\n")
    run = server.submit(JOB)
    assert server.ended(run["run_id"])["status"] == "Completed", server("run", "logs", run["run_id"]).stdout
    logs = server("run", "logs", run["run_id"]).stdout
    assert "length 11 None" in logs and "['line 1 of it', 'line 2 of it']" in logs
    table = server("secret", "list").stdout
    assert "hub-token" in table and "pem" in table and "hf_" not in table + server("secret", "list", "--json").stdout
    vault = workspace.get_default_keyvault()
    assert vault.get_secret("hub-token") == "hf_7f3e9a01"
    vault.set_secret("hub-token", "another")
    assert vault.get_secrets(["hub-token", "none"]) == {"hub-token": "another", "none": None}

    assert (server.home / "secrets.key").stat().st_mode & 0o777 == 0o600
    found = subprocess.run(["grep", "-rl", "-e", "hf_7f3e9a01", "-e", "line 1 of it", str(server.home), "--include=muster.db*",
                            "--include=server.log", "--include=*.json"], capture_output=True, text=True)
    assert found.stdout == ""
    server("secret", "delete", "hub-token")
    assert "no secret 'hub-token'" in server.problem("secret", "delete", "hub-token")["detail"]
    assert [secret["name"] for secret in vault.list_secrets()] == ["pem"]


def test_what_is_no_secret_is_refused(server):
    assert "127 letters" in server.problem("secret", "set", "a b", stdin=b"v")["detail"]
    assert "must not be empty" in server.problem("secret", "set", "a", stdin=b"\n")["detail"]
    assert "longer than 25602 bytes" in server.problem("secret", "set", "a", stdin=b"v" * 30_000)["detail"]
    assert server.json("secret", "list")["secrets"] == []


def test_a_lost_key_is_said(server):
    server("secret", "set", "a", stdin=b"v")
    server("down")
    (server.home / "secrets.key").write_text("torn")
    assert "secrets.key is damaged" in server("up", code=2).stderr
    (server.home / "secrets.key").unlink()
    server("up")
    assert server.json("secret", "list")["secrets"][0]["name"] == "a"
    run = server.submit("from azureml.core import Run\nRun.get_context().get_secret('a')")
    assert server.ended(run["run_id"])["status"] == "Failed"
    assert "bring the file `secrets.key`" in server("run", "logs", run["run_id"]).stdout
