"""Kills with -9 at random instants of what takes its time: the upload of a snapshot or a model, the building of an environment, the
collecting of outputs, a new database, the migration of an older one. What comes after goes on, and nothing half is taken for whole.
(While scripts run: test_server_killed.py and test_runner_killed.py.)"""

import json
import os
import random
import signal
import subprocess

import pytest

from muster_program import PROGRAM, free_address, is_alive
from older_home import make_older
from tiny_package import tiny_package
from waiting import wait_until
from whole_home import assert_home_is_whole
from writer_job import WriterJob

FILES, FILE_BYTES = 8, 8 << 20
VENV_FILES = 800  # about as many as a new virtual environment with pip has


def bytes_below(folder):
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            pass  # just renamed
    return total


class Submission:
    """A submission of a source of random bytes, in a process of its own."""

    def __init__(self, muster, rng):
        self.muster = muster
        self.folder = muster.folder / "source"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "job.py").write_text("import hashlib, glob\nfor name in sorted(glob.glob('data*')):\n"
                                            "    print(hashlib.sha256(open(name, 'rb').read()).hexdigest())\n")
        for number in range(FILES):
            (self.folder / ("data%d" % number)).write_bytes(rng.randbytes(FILE_BYTES))
        self.begin()

    def begin(self):
        words = ["run", "submit", "--script", self.folder / "job.py", "--experiment", "kills", "--json"]
        self.process = subprocess.Popen([str(PROGRAM), *map(str, words)], cwd=self.muster.folder, env=self.muster.environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def wait_for(self, count):
        """For so many bytes to be with the server, or the end of it."""
        wait_until(lambda: bytes_below(self.muster.home / "blobs") > count or self.process.poll() is not None, "%d bytes" % count)

    def run_id(self):
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err.decode()
        return json.loads(out)["run_id"]


def assert_ran(muster, submission, run_id):
    assert muster.ended(run_id, seconds=60)["status"] == "Completed"
    hashes = subprocess.run(["sha256sum", *sorted(str(path) for path in submission.folder.glob("data*"))], capture_output=True, text=True)
    assert muster("run", "logs", run_id).stdout.splitlines() == [line.split()[0] for line in hashes.stdout.splitlines()]
    muster.assert_only_server_left()
    assert_home_is_whole(muster.home)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_server_killed_while_a_snapshot_is_uploaded(server, seed):
    rng = random.Random(seed)
    submission = Submission(server, rng)
    for kill in sorted(rng.sample(range(FILES * FILE_BYTES), 2)):
        submission.wait_for(kill)
        server.kill_server()
        server("up")

    assert_ran(server, submission, submission.run_id())


@pytest.mark.parametrize("seed", [1, 2])
def test_the_client_killed_while_a_snapshot_is_uploaded(server, seed):
    rng = random.Random(seed)
    submission = Submission(server, rng)
    submission.wait_for(rng.randrange(FILES * FILE_BYTES))
    submission.process.kill()
    submission.process.communicate()
    assert_home_is_whole(server.home)

    submission.begin()
    assert_ran(server, submission, submission.run_id())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_server_killed_while_a_model_is_registered(server, seed):
    rng = random.Random(seed)
    weights = server.folder / "weights"
    weights.mkdir()
    for number in range(FILES):
        (weights / ("part_%d" % number)).write_bytes(rng.randbytes(FILE_BYTES))
    registering = subprocess.Popen([str(PROGRAM), "model", "register", "--name", "birds", "--path", str(weights), "--json"],
                                   cwd=server.folder, env=server.environment, stdout=subprocess.PIPE)
    for kill in sorted(rng.sample(range(FILES * FILE_BYTES), 2)):
        wait_until(lambda limit=kill: bytes_below(server.home / "blobs") > limit or registering.poll() is not None, "%d bytes" % kill)
        server.kill_server()
        server("up")
    out, _ = registering.communicate(timeout=60)

    assert (registering.returncode, json.loads(out)["version"]) == (0, 1)
    assert [model["version"] for model in server.json("model", "list")["models"]] == [1]
    server("model", "download", "birds:1", "--to", server.folder / "back")
    assert subprocess.run(["diff", "-r", weights, server.folder / "back" / "weights"]).returncode == 0
    assert_home_is_whole(server.home)


LEAVES_OUTPUTS = """
import hashlib, random
rng = random.Random(%d)
for number in range(8):
    data = rng.randbytes(8 << 20)
    print("outputs/part_%%d" %% number, hashlib.sha256(data).hexdigest(), flush=True)
    open("outputs/part_%%d" %% number, "wb").write(data)
"""


@pytest.mark.parametrize("who", ["server", "runner"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_while_outputs_are_collected(server, who, seed):
    count = random.Random("%s %d" % (who, seed)).randrange(FILES * FILE_BYTES)
    run_id = server.submit(LEAVES_OUTPUTS % seed)["run_id"]
    nodes = wait_until(lambda: [node for node in server.json("run", "show", run_id)["nodes"] if node["runner_pid"]], "the runner")
    runner = nodes[0]["runner_pid"]
    wait_until(lambda: bytes_below(server.home / "blobs") > count or not is_alive(runner), "%d bytes of outputs" % count)
    if who == "server":
        server.kill_server()
        server("up")
    elif is_alive(runner):
        os.kill(runner, signal.SIGKILL)

    run = server.ended(run_id, seconds=60)
    assert (run["status"], run["error"]) == ("Completed", None)
    told = dict(line.split() for line in server("run", "logs", run_id).stdout.splitlines())
    assert len(told) == FILES
    assert {one["path"]: one["sha256"] for one in server.json("run", "outputs", run_id)["artifacts"]} == told
    server.assert_only_server_left()
    assert_home_is_whole(server.home)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_server_killed_while_it_builds_an_environment(server, seed):
    rng = random.Random(seed)
    run_id = server.submit("import tiny\nprint('built')", options=["--pip", tiny_package(server.folder)])["run_id"]
    for kill in sorted(rng.sample(range(VENV_FILES), 2)):
        wait_until(lambda limit=kill: len(list(server.home.glob("environments/*/**/*"))) > limit, "%d files of the environment" % kill)
        server.kill_server()
        server("up")

    assert server.ended(run_id, seconds=120)["status"] == "Completed"
    assert server("run", "logs", run_id).stdout == "built\n"
    server.assert_only_server_left()
    assert_home_is_whole(server.home)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_builds_an_environment_killed(server, seed):
    """The builder's own process, not the server: the run fails and says so, and the next one has it built."""
    rng = random.Random(seed)
    options = ["--pip", tiny_package(server.folder)]
    run_id = server.submit("print('never')", options=options)["run_id"]
    kill = rng.randrange(VENV_FILES)
    wait_until(lambda: len(list(server.home.glob("environments/*/**/*"))) > kill, "%d files of the environment" % kill)
    pid = server.server()["pid"]
    builders = [one for one in server.processes() if one != pid]
    for one in builders:
        os.kill(one, signal.SIGKILL)

    run = server.ended(run_id, seconds=60)
    if run["status"] == "Failed":
        assert run["error"]["code"] == "environment_error" and "SIGKILL" in run["error"]["message"], run
    else:
        assert run["status"] == "Completed", run  # it had just been built
    again = server.submit("import tiny\nprint('built')", options=options)["run_id"]
    assert server.ended(again, seconds=120)["status"] == "Completed"
    server.assert_only_server_left()
    assert_home_is_whole(server.home)


def start_and_kill(muster, rng):
    """Again and again, while it makes or migrates its database or soon after."""
    words = [str(PROGRAM), "serve", "--home", str(muster.home), "--listen", free_address()]
    for _ in range(8):
        serving = subprocess.Popen(words, env=muster.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            serving.wait(rng.uniform(0, 0.15))
        except subprocess.TimeoutExpired:
            serving.kill()
        serving.wait(20)
        assert not is_alive(serving.pid)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_server_killed_again_and_again_while_it_makes_its_database(muster, seed):
    start_and_kill(muster, random.Random(seed))
    muster("up")

    run_id = muster.submit("print('hello')")["run_id"]
    assert muster.ended(run_id)["status"] == "Completed"
    assert muster("run", "logs", run_id).stdout == "hello\n"
    assert_home_is_whole(muster.home)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_server_killed_again_and_again_while_it_migrates_an_older_database(server, seed):
    job = WriterJob(server, 2_000)
    before = server.ended(job.run_id)
    assert before["status"] == "Completed"
    server("down")
    make_older(server.home, seed)
    start_and_kill(server, random.Random(seed))
    server("up")

    assert server.json("run", "show", job.run_id) == before
    job.assert_recorded(2_000, 2_000)
    job.assert_outputs(2_000)
    assert server.ended(server.submit("print('after')")["run_id"])["status"] == "Completed"
    assert_home_is_whole(server.home)
