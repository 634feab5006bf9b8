"""The server, or the runner, killed with SIGKILL at each point that the source names: what was acknowledged is there once, in order, the
run ends right, and nothing is left over."""

import json
import os
import re
import subprocess
import sys

import pytest

from muster_program import PROGRAM, SDK, SOURCE, free_address, is_alive
from older_home import make_older
from tiny_package import tiny_package
from waiting import wait_until
from whole_home import assert_home_is_whole
from writer_job import WriterJob

COUNT = 12_000

# The server goes on from any of these, and the run with it.
SERVER_POINTS = [
    "server.blob.named",
    "server.snapshot.in_transaction",
    "server.create.stored:1",  # the snapshot
    "server.create.stored:2",  # the run
    "server.environment.made",
    "server.environment.published",
    "server.engine.recorded",
    "server.check_in.stored",
    "server.started.stored",
    "server.log.appended",
    "server.log.appended:2",
    "server.metrics.in_transaction",
    "server.metrics.in_transaction:2",
    "server.metrics.stored",
    "server.outputs.stored",
    "server.finished.stored",
    "server.done.stored",
]
# tests/e2e/test_slurm.py kills a server there.
SLURM_POINTS = ["server.engine.submitted"]
MODEL_POINTS = ["server.model.in_transaction", "server.create.stored:3"]
CLIENT_POINTS = ["server.points.stored", "server.points.stored:2", "server.client_log.synced"]
MIGRATION_POINTS = ["server.migration.in_transaction", "server.migration.in_transaction:3", "server.migration.stored:2"]

# An interactive run's own process: it logs points, and adds to a log by its offset.
CLIENT = """
import sys
from muster import Experiment, Workspace
with Experiment(Workspace.get("default"), "notes").start_logging(snapshot_directory=None, outputs=False) as run:
    for number in range(int(sys.argv[1])):
        run.log("n", number)
    run.flush()
    offset = 0
    for number in range(3):
        line = b"line %d\\n" % number
        run._client.send("PUT", run._path + "/logs/logs/notes.txt", line, query={"offset": offset})
        offset += len(line)
print(run.id)
"""

# Whether the ranks had ended: then another runner brings home what they left, and the run is Completed.
RUNNER_POINTS = {
    "runner.check_in.answered": False,
    "runner.ranks.started": False,
    "runner.leftovers.ended": True,
    "runner.logs.drained": True,
    "runner.outputs.sent": True,
    "runner.finished.answered": True,
    "runner.done.answered": True,
}


def test_every_point_of_the_source_is_killed_at():
    named = set()
    for file in (SOURCE / "src").rglob("*.cc"):
        if not file.name.endswith("_test.cc"):
            named |= set(re.findall(r'crash_point\("([a-z_.]+)"\)', file.read_text()))
    points = [*SERVER_POINTS, *SLURM_POINTS, *MODEL_POINTS, *CLIENT_POINTS, *MIGRATION_POINTS, *RUNNER_POINTS]
    assert named == {point.split(":")[0] for point in points}


@pytest.fixture
def armed(muster):
    """Starts the server that heeds `point`, or whose runners do; returns its pid."""
    def start(point):
        muster("up", "--listen", free_address(), MUSTER_CRASH_AT=point)
        return muster.server()["pid"]
    return start


def restarted(muster, pid):
    """The next server, once that one has been killed."""
    wait_until(lambda: not is_alive(pid), "the server to be killed at its point", 40)
    muster("up")


@pytest.mark.parametrize("point", SERVER_POINTS)
def test_the_server_killed_at(muster, armed, point):
    pid = armed(point)
    options = ["--pip", tiny_package(muster.folder)] if ".environment." in point else []
    job = WriterJob(muster, COUNT, options, wait=False)
    restarted(muster, pid)
    job.submitted()

    run = muster.ended(job.run_id, seconds=60)
    assert (run["status"], run["attempt"], run["error"]) == ("Completed", 1, None)
    assert [one["run_id"] for one in muster.json("run", "list")["runs"]] == [job.run_id]
    job.assert_recorded(COUNT, COUNT)
    job.assert_outputs(COUNT)
    muster.assert_only_server_left()
    assert_home_is_whole(muster.home)


@pytest.mark.parametrize("point", MODEL_POINTS)
def test_the_server_killed_while_a_model_is_registered_at(muster, armed, point):
    pid = armed(point)
    run_id = muster.submit("open('outputs/weights', 'w').write('w' * 1000)")["run_id"]
    assert muster.ended(run_id)["status"] == "Completed"
    # Its first call is the one that gets no answer. It makes it again with its key: there is one version, whether or not that had made it.
    words = ["model", "register", "--name", "birds", "--run", run_id, "--output", "outputs/weights", "--json"]
    registering = subprocess.Popen([str(PROGRAM), *words], env=muster.environment, stdout=subprocess.PIPE)
    restarted(muster, pid)
    out, _ = registering.communicate(timeout=60)

    assert (registering.returncode, json.loads(out)["version"]) == (0, 1)
    assert [model["version"] for model in muster.json("model", "list")["models"]] == [1]
    target = muster.folder / "model"
    muster("model", "download", "birds:1", "--to", target)
    assert [file.read_text() for file in target.rglob("weights")] == ["w" * 1000]
    assert_home_is_whole(muster.home)


@pytest.mark.parametrize("point", CLIENT_POINTS)
def test_the_server_killed_while_a_client_sends_at(muster, armed, point):
    pid = armed(point)
    script = muster.folder / "notes.py"
    script.write_text(CLIENT)
    environment = dict(muster.environment, PYTHONPATH=str(SDK))
    client = subprocess.Popen([sys.executable, str(script), str(COUNT)], env=environment, stdout=subprocess.PIPE)
    restarted(muster, pid)
    out, _ = client.communicate(timeout=60)

    run_id = out.decode().strip()
    assert client.returncode == 0
    assert muster.json("run", "show", run_id)["status"] == "Completed"
    points = muster.json("run", "metrics", run_id)["metrics"]["n"]
    assert [point["value"] for point in points] == list(range(COUNT))
    assert muster("run", "logs", run_id, "logs/notes.txt").stdout == "".join("line %d\n" % n for n in range(3))
    assert_home_is_whole(muster.home)


@pytest.mark.parametrize("point", MIGRATION_POINTS)
def test_the_server_killed_while_its_database_is_made_at(muster, point):
    muster("up", "--listen", free_address(), code=4, MUSTER_CRASH_AT=point)
    muster("up")

    run_id = muster.submit("print('hello')")["run_id"]
    assert muster.ended(run_id)["status"] == "Completed"
    assert muster("run", "logs", run_id).stdout == "hello\n"
    assert_home_is_whole(muster.home)


@pytest.mark.parametrize("point", ["server.migration.in_transaction", "server.migration.in_transaction:2", "server.migration.stored"])
def test_the_server_killed_while_an_older_database_is_migrated_at(server, point):
    run_id = server.submit("print('before')\nopen('outputs/weights', 'w').write('w')")["run_id"]
    before = server.ended(run_id)
    assert before["status"] == "Completed"
    server("down")
    make_older(server.home, 1)
    server("up", code=4, MUSTER_CRASH_AT=point)
    server("up")

    assert server.json("run", "show", run_id) == before
    assert server("run", "logs", run_id).stdout == "before\n"
    assert [one["path"] for one in server.json("run", "outputs", run_id)["artifacts"]] == ["outputs/weights"]
    assert server.ended(server.submit("print('after')")["run_id"])["status"] == "Completed"
    assert_home_is_whole(server.home)


@pytest.mark.parametrize("point", RUNNER_POINTS)
def test_the_runner_killed_at(muster, armed, point):
    server = armed(point)
    job = WriterJob(muster, COUNT)
    run = muster.ended(job.run_id, seconds=60)

    lines, points = job.written()
    if RUNNER_POINTS[point]:
        assert (run["status"], run["error"], lines, points) == ("Completed", None, COUNT, COUNT)
        job.assert_outputs(COUNT)
    else:
        assert (run["status"], run["error"]["code"]) == ("Failed", "node_lost")
    if point == "runner.check_in.answered":
        assert (lines, points) == (0, 0)
    else:
        # The script may have been ended between a write and its counting.
        job.assert_recorded(range(lines, lines + 2), range(points, points + 2))
    muster.assert_only_server_left()
    assert muster.server()["pid"] == server
    assert_home_is_whole(muster.home)


def test_a_job_does_not_see_the_variable(muster, armed):
    armed("runner.nowhere")
    run_id = muster.submit("import os\nprint(os.environ.get('MUSTER_CRASH_AT'))")["run_id"]
    assert muster.ended(run_id)["status"] == "Completed"
    assert muster("run", "logs", run_id).stdout == "None\n"
    assert os.path.exists(muster.home / "server.json")
