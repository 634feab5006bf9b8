"""What run.log costs the training loop."""

import json
import sys

from harness import Home, Row

SCRIPT = """
import json, time
from azureml.core import Run
run = Run.get_context()
COUNT = 200_000

def measure(record):
    clock, took = time.perf_counter_ns, []
    for number in range(COUNT):
        value = number / 7
        started = clock()
        record("loss", value)
        took.append(clock() - started)
    took.sort()
    return took[COUNT // 2] / 1000, took[COUNT * 99 // 100] / 1000

points = []
bare = measure(lambda name, value: points.append((name, value)))
measured = {"log": measure(run.log), "bare": bare}
try:
    import mlflow
except ImportError:
    mlflow = None
if mlflow is not None:
    import tempfile
    COUNT = 2_000
    mlflow.set_tracking_uri("file://" + tempfile.mkdtemp())
    mlflow.set_experiment("bench")
    with mlflow.start_run():
        measured["mlflow"] = measure(mlflow.log_metric)
print("measured " + json.dumps(measured))
"""


def rows():
    with Home() as home:
        # A folder of its own: the server's home is not sent along.
        (home.folder / "job").mkdir()
        (home.folder / "job" / "job.py").write_text(SCRIPT)
        run = home.json("run", "submit", "--script", "job.py", "--source-directory", "job", "--python", sys.executable,
                        "--experiment", "bench", "--env", "MLFLOW_ALLOW_FILE_STORE=true")
        home("run", "wait", run["run_id"])
        [line] = [line for line in home("run", "logs", run["run_id"]).splitlines() if line.startswith("measured ")]
        measured = json.loads(line[len("measured "):])
    yield Row("run.log, median", measured["log"][0], 2, "us", "list.append", measured["bare"][0])
    yield Row("run.log, 99th percentile", measured["log"][1], 20, "us", "list.append", measured["bare"][1])
    if "mlflow" in measured:
        yield Row("run.log beside MLflow into local files, median", measured["log"][0], None, "us", "mlflow.log_metric",
                  measured["mlflow"][0])
