"""Prints what ./dev demo came to: the newest run of the birds, its model, and what to type next. Argument: the muster program."""

import datetime
import json
import os
import shlex
import subprocess
import sys

EXPERIMENT = "pytorch-birds"


def ask(muster, *command):
    return json.loads(subprocess.check_output([muster, *command, "--json"]))


def seconds(stage):
    started, ended = (datetime.datetime.strptime(stage[key], "%Y-%m-%dT%H:%M:%S.%fZ") for key in ("started_at", "ended_at"))
    return (ended - started).total_seconds()


def main():
    muster = sys.argv[1]
    run = next(run for run in ask(muster, "run", "list")["runs"] if run["experiment"] == EXPERIMENT)
    run_id = run["run_id"]
    accuracy = ask(muster, "run", "metrics", run_id)["metrics"]["best_val_acc"][-1]["value"]
    model = next(model for model in ask(muster, "model", "list")["models"] if model["run_id"] == run_id)
    onnx = os.path.abspath(os.path.join("models", run_id + ".onnx"))

    rows = [("run", run_id), ("status", run["status"])]
    rows += [("  " + stage["name"], "%.2f s" % seconds(stage)) for stage in run["stages"] if stage["ended_at"]]
    rows += [("best_val_acc", "%.3f" % accuracy), ("model", "%s, version %d" % (model["name"], model["version"])),
             ("ONNX file", os.path.relpath(onnx, os.path.join(os.pardir, os.pardir)))]
    print()
    for name, value in rows:
        print("  %-18s %s" % (name, value))

    program = os.path.relpath(muster, os.path.join(os.pardir, os.pardir))
    if "MUSTER_HOME" in os.environ:
        program = "MUSTER_HOME=%s %s" % (shlex.quote(os.environ["MUSTER_HOME"]), program)
    print("\nWhat to type next")
    for command in ("run show " + run_id, "run metrics " + run_id, "model list",
                    "run submit --script samples/birds/pytorch_train.py --python %s --follow -- --num_epochs 3" % sys.executable, "down"):
        print("  %s %s" % (program, command))


if __name__ == "__main__":
    main()
