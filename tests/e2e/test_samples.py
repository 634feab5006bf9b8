"""The samples, as their READMEs say to run them, with a real PyTorch."""

import os
import subprocess
import sys

import onnx

from muster_program import SDK, SOURCE
from waiting import SLOWER


def run_sample(server, *command):
    (server.folder / "config.json").write_text(server("workspace", "config").stdout)
    environment = {**server.environment, "PYTHONPATH": str(SDK), "XDG_CACHE_HOME": str(server.folder / "cache")}
    done = subprocess.run([sys.executable, *command], cwd=server.folder, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=110 * SLOWER)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_quickstart_is_short_and_fits_its_line(server):
    folder = SOURCE / "samples" / "quickstart"
    assert sum(len(path.read_text().splitlines()) for path in folder.glob("*.py")) < 40
    output = run_sample(server, str(folder / "submit.py"))

    assert "epoch 19: loss" in output and "registered line:1" in output
    [run] = server.json("run", "list")["runs"]
    losses = [point["value"] for point in server.json("run", "metrics", run["run_id"])["metrics"]["loss"]]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.2 * losses[0]


def test_birds_learn_and_become_a_registered_model(server):
    output = run_sample(server, str(SOURCE / "samples" / "birds" / "submit.py"), "--num_epochs", "5")

    assert "Creating a new compute target..." in output
    assert "Streaming azureml-logs/70_driver_log.txt" in output
    assert "Best val Acc:" in output
    [run] = server.json("run", "list")["runs"]
    assert (run["experiment"], run["status"], run["compute_target"]) == ("pytorch-birds", "Completed", "cpu-cluster")
    assert [stage["name"] for stage in run["stages"]] == ["Preparing", "Scaling", "Running", "Post-processing"]
    metrics = server.json("run", "metrics", run["run_id"])["metrics"]
    assert [point["value"] for point in metrics["lr"]] == [0.001]
    assert [point["value"] for point in metrics["momentum"]] == [0.9]
    assert len(metrics["best_val_acc"]) == 5
    assert metrics["best_val_acc"][-1]["value"] > 0.9
    [model] = server.json("model", "list")["models"]
    assert (model["name"], model["version"], model["run_id"]) == ("pytorch-birds", 1, run["run_id"])
    assert [file["path"] for file in model["files"]] == ["model.pt"]
    onnx.checker.check_model(onnx.load(os.path.join(server.folder, "models", run["run_id"] + ".onnx")))


def test_digits_learn(server):
    output = run_sample(server, str(SOURCE / "samples" / "digits" / "submit.py"))

    assert "Registered digits version 1" in output
    [run] = server.json("run", "list")["runs"]
    metrics = server.json("run", "metrics", run["run_id"])["metrics"]
    assert metrics["best_val_acc"][-1]["value"] > 0.95
