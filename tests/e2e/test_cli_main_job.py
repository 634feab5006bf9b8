"""The main job by the command line: submit, follow, look, fetch, register, delete."""

import hashlib
import json
import re
import subprocess
import sys

TRAIN = """
import argparse, os
from azureml.core.run import Run
parser = argparse.ArgumentParser()
parser.add_argument("--num_epochs", type=int)
options = parser.parse_args()
run = Run.get_context()
run.log("lr", 0.001)
for epoch in range(options.num_epochs):
    print("Epoch", epoch)
    run.log("best_val_acc", 0.5 + epoch / 10)
os.makedirs("outputs/deep", exist_ok=True)
open("outputs/model.pt", "wb").write(b"weights")
open("outputs/deep/notes.txt", "w").write("notes")
"""

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


def submit(server, *options):
    (server.folder / "train.py").write_text(TRAIN)
    run = server.json("run", "submit", "--script", "train.py", "--experiment", "birds", *options, "--", "--num_epochs", "3")
    return server.ended(run["run_id"])


def test_follow_shows_the_script_and_ends_with_the_run(server):
    (server.folder / "train.py").write_text(TRAIN)
    shown = server("run", "submit", "--script", "train.py", "--experiment", "birds", "--follow", "--", "--num_epochs", "3").stdout

    assert shown.index("Epoch 0") < shown.index("Epoch 1") < shown.index("Epoch 2")
    assert "Completed" in shown


def test_follow_as_json_is_one_object_a_line(server):
    (server.folder / "train.py").write_text(TRAIN)
    shown = server("run", "submit", "--script", "train.py", "--experiment", "birds", "--follow", "--json", "--", "--num_epochs", "3")

    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert lines[-1]["status"] == "Completed"
    assert lines[-1]["run_id"].startswith("birds_")
    # A piece of a log is what was there, not a line: print() writes each of its words by itself.
    assert "Epoch 2" in "".join(line.get("text", "") for line in lines[:-1])


def test_the_run_says_what_it_was(server):
    run = submit(server)

    assert run["status"] == "Completed"
    assert run["experiment"] == "birds"
    assert run["error"] is None
    assert run["compute_target"] == "local"
    assert re.match(r"^[0-9a-f]{64}$", run["snapshot_id"])
    assert all(TIME.match(run[key]) for key in ("created_at", "started_at", "ended_at"))
    assert run["created_at"] <= run["started_at"] <= run["ended_at"]
    [node] = run["nodes"]
    assert node["node_rank"] == 0 and node["host"] and node["runner_pid"] > 0
    assert {"environment", "stages", "tags", "properties"} <= set(run)


def test_logs_are_the_scripts_own_bytes(server):
    run = submit(server)

    assert server("run", "logs", run["run_id"]).stdout == "Epoch 0\nEpoch 1\nEpoch 2\n"
    assert server("run", "logs", run["run_id"], "azureml-logs/70_driver_log.txt").stdout == "Epoch 0\nEpoch 1\nEpoch 2\n"


def test_metrics_are_in_order_with_time_and_step(server):
    metrics = server.json("run", "metrics", submit(server)["run_id"])["metrics"]

    assert [point["value"] for point in metrics["best_val_acc"]] == [0.5, 0.6, 0.7]
    assert [point["step"] for point in metrics["best_val_acc"]] == [None] * 3
    assert all(TIME.match(point["time"]) for point in metrics["best_val_acc"])


def test_outputs_are_listed_and_downloaded(server):
    run_id = submit(server)["run_id"]

    artifacts = {artifact["path"]: artifact for artifact in server.json("run", "outputs", run_id)["artifacts"]}
    assert set(artifacts) == {"outputs/model.pt", "outputs/deep/notes.txt"}
    assert artifacts["outputs/model.pt"]["size"] == 7
    assert artifacts["outputs/model.pt"]["sha256"] == hashlib.sha256(b"weights").hexdigest()
    server("run", "download", run_id, "outputs/model.pt", "--to", "here.pt")
    assert (server.folder / "here.pt").read_bytes() == b"weights"
    server("run", "download", run_id, "--to", "all")
    assert (server.folder / "all" / "outputs" / "deep" / "notes.txt").read_text() == "notes"


def test_runs_and_experiments_are_listed_newest_first(server):
    first, second = submit(server), submit(server)

    listed = server.json("run", "list")
    assert [run["run_id"] for run in listed["runs"]] == [second["run_id"], first["run_id"]]
    assert listed["next"] is None
    assert first["run_id"] in server("run", "list").stdout
    assert "birds" in server("experiment", "list").stdout


def test_tags_are_set_and_shown(server):
    run_id = submit(server, "--tag", "kind=first")["run_id"]
    server("run", "tag", run_id, "colour=red")

    assert server.json("run", "show", run_id)["tags"] == {"kind": "first", "colour": "red"}


def test_a_model_is_registered_listed_and_downloaded(server):
    run_id = submit(server)["run_id"]
    server("model", "register", "--name", "birds", "--run", run_id, "--output", "outputs/model.pt")
    again = server.json("model", "register", "--name", "birds", "--run", run_id, "--output", "outputs/model.pt")

    assert again["version"] == 2
    listed = server.json("model", "list")
    assert sorted(model["version"] for model in listed["models"]) == [1, 2]
    assert server.json("model", "show", "birds")["version"] == 2
    server("model", "download", "birds", "--to", "fetched")
    assert (server.folder / "fetched" / "model.pt").read_bytes() == b"weights"


def test_a_model_is_registered_from_this_machine(server):
    (server.folder / "own.onnx").write_bytes(b"own")
    model = server.json("model", "register", "--name", "own", "--path", "own.onnx")

    assert (model["version"], model["run_id"]) == (1, None)
    assert [file["path"] for file in model["files"]] == ["own.onnx"]


def test_a_deleted_run_is_listed_no_more_and_can_be_restored(server):
    run_id = submit(server)["run_id"]
    log = server("run", "logs", run_id).stdout
    assert "muster run restore " + run_id in server("run", "delete", run_id).stdout

    assert server.json("run", "list")["runs"] == []
    assert [one["run_id"] for one in server.json("run", "list", "--deleted")["runs"]] == [run_id]
    assert server.json("run", "show", run_id)["lifecycle"] == "deleted"
    assert "restore" in server("run", "show", run_id).stdout
    assert server.problem("run", "tag", run_id, "k=v")["code"] == "conflict"
    server("run", "restore", run_id)
    assert [one["run_id"] for one in server.json("run", "list")["runs"]] == [run_id]
    assert server("run", "logs", run_id).stdout == log
    assert server.json("run", "list", "--deleted")["runs"] == []


def test_any_program_runs_by_command(server):
    run = server.json("run", "submit", "--experiment", "shell", "--command", "echo from $0 && mkdir -p outputs && date > outputs/date")
    assert server.ended(run["run_id"])["status"] == "Completed"
    assert server("run", "logs", run["run_id"]).stdout.startswith("from ")
    assert [artifact["path"] for artifact in server.json("run", "outputs", run["run_id"])["artifacts"]] == ["outputs/date"]


def test_a_registered_environment_is_used_again(server, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    unnamed = server.json("run", "submit", "--python", tmp_path / "venv/bin/python", "--experiment", "mine", "--command", "true")
    assert unnamed["environment"]["version"] is None
    assert server.json("environment", "list")["environments"][0]["curated"], "an interpreter alone is not registered"
    server("environment", "create", "mine", "--python", tmp_path / "venv/bin/python")
    run = server.json("run", "submit", "--environment", "mine", "--experiment", "other", "--command", "command -v python")
    assert (run["environment"]["name"], server.ended(run["run_id"])["status"]) == ("mine", "Completed")
    assert server("run", "logs", run["run_id"]).stdout == "%s\n" % (tmp_path / "venv/bin/python")
    assert "environment list" in server.problem("run", "submit", "--environment", "nothing", "--command", "true")["hint"]


def test_a_command_is_bashs_and_its_python_the_environments(server, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    run = server.json("run", "submit", "--python", tmp_path / "venv/bin/python", "--command", "[[ -n $BASH_VERSION ]] && command -v python")
    assert server.ended(run["run_id"])["status"] == "Completed"
    assert server("run", "logs", run["run_id"]).stdout == "%s\n" % (tmp_path / "venv/bin/python")


def test_the_experiment_is_named_after_the_folder(server):
    (server.folder / "train.py").write_text("print('hello')")
    assert server.json("run", "submit", "--script", "train.py")["experiment"] == "work"


def test_status_names_the_server(server):
    status = server.json("status")["server"]
    assert status["pid"] > 0 and status["url"].startswith("http://127.0.0.1:") and status["home"] == str(server.home)
    assert status["version"] in server("status").stdout


def test_up_again_says_that_it_is_up_and_down_ends_it(server):
    pid = server.server()["pid"]
    server("up")
    assert server.server()["pid"] == pid
    server("down")
    server("status", code=3)
    server("up")
    assert server.server()["url"]


def test_runs_are_listed_by_what_they_achieved(server):
    (server.folder / "train.py").write_text(TRAIN)
    for epochs in (2, 1, 3, 0):
        words = ["--experiment", "birds", "--name", "try-%d" % epochs, "--", "--num_epochs", epochs]
        run = server.json("run", "submit", "--script", "train.py", *words)
        server.ended(run["run_id"])

    def listed(*options):
        return [run["display_name"] for run in server.json("run", "list", *options)["runs"]]

    assert listed("--order-by", "metrics.best_val_acc desc") == ["try-3", "try-2", "try-1", "try-0"], "a run without the metric comes last"
    assert listed("--order-by", "metrics.best_val_acc", "--limit", "1") == ["try-1"]
    assert listed("--metric", "best_val_acc>0.5", "--metric", "best_val_acc<0.7") == ["try-2"]
    assert listed("--name", "*-3") == ["try-3"]
    table = server("run", "list", "--order-by", "metrics.best_val_acc desc").stdout.splitlines()
    assert "best_val_acc" in table[0] and "0.7" in table[1]
    assert "metrics.NAME" in server.problem("run", "list", "--order-by", "best_val_acc")["hint"]
