"""The system calls of the server, or of the runner, in its home fail one by one, for each of a short run in turn: nothing is said that is
not true, nothing hangs, and nothing is lost that was acknowledged."""

import json
import os
import random
import shutil
import signal
import subprocess

import pytest

from muster_program import PROGRAM, free_address, is_alive
from waiting import SLOWER, wait_until

INJECTOR = PROGRAM.parent / "fault_injector"
ERRORS = ["EIO", "EROFS", "EMFILE", "ENOSPC"]
SEED = 20
SAMPLE = 30  # how many of all calls ./dev test lets fail
SCRIPT = """
from azureml.core import Run
run = Run.get_context()
for number in range(20):
    print("line", number, flush=True)
    run.log("number", number)
open("outputs/result", "w").write("result " * 2000)
"""


class Faulty:
    """A server in a fresh home, itself or its runners under the injector."""

    def __init__(self, muster, role, nth, error, only):
        self.muster, self.address = muster, free_address()
        self.report = muster.folder / ("report-%s-%d" % (role, nth))
        words = [INJECTOR, "--below", muster.home, "--role", role, "--nth", nth, "--errno", error, "--report", self.report,
                 *(["--only", ",".join(only)] if only else []), "--", PROGRAM, "serve", "--home", muster.home, "--listen", self.address]
        self.log = open(muster.folder / "injector.log", "wb")
        self.injector = subprocess.Popen(list(map(str, words)), env=muster.environment, stdout=self.log, stderr=self.log)
        self.pid = None

    def started(self):
        """Whether it serves; False when it refused to start."""
        def check():
            if self.injector.poll() is not None:
                return "refused"
            return self._card() or self._refused()
        self.pid = wait_until(check, "the server to start or to refuse", 30)
        return self.pid != "refused"

    def _card(self):
        try:
            return json.loads((self.muster.home / "server.json").read_text())["pid"]
        except (OSError, ValueError):
            return None

    def _refused(self):
        return "refused" if self.injector.poll() is not None else None

    def stop(self):
        """Ends the server; the injector follows when the last process has."""
        if self.pid and self.pid != "refused" and is_alive(self.pid):
            os.kill(self.pid, signal.SIGTERM)
        try:
            self.injector.wait(20 * SLOWER)
        except subprocess.TimeoutExpired:
            for pid in self.muster.processes():
                os.kill(pid, signal.SIGKILL)
            self.injector.wait(20 * SLOWER)
            raise
        finally:
            self.log.close()

    def words(self):
        return (self.muster.folder / "injector.log").read_text()

    def calls(self):
        return int(self.report.read_text().split()[-1])


def pick(config, count, role):
    """All calls in ./dev test --full, but for a program with sanitizers; else an evenly spread sample, whose offset comes from the seed."""
    if config.getoption("--full") and SLOWER == 1:
        return range(1, count + 1)
    step = max(1, count // SAMPLE)
    first = random.Random("%d %s" % (SEED, role)).randrange(1, step + 1)
    print("seed %d: call %d and every %d after it, of %d" % (SEED, first, step, count))
    return range(first, count + 1, step)


def asked(muster, *words):
    """What the command prints as JSON; one call may be the one that meets the fault, and says so."""
    try:
        return muster.json(*words)
    except AssertionError as refusal:
        assert "ended with 4" in str(refusal) and '"detail"' in str(refusal), refusal
        return muster.json(*words)


def asked_for_text(muster, *words):
    """The same, of what the command prints for people."""
    try:
        return muster(*words).stdout
    except AssertionError as refusal:
        assert "ended with 4" in str(refusal) and "error: " in str(refusal), refusal
        return muster(*words).stdout


def check_run(muster, run_id):
    """Completed with everything there, or with what is missing named and kept; else failed with a clear error."""
    def ended():
        found = asked(muster, "run", "show", run_id)
        return found if found["status"] in ("Completed", "Failed") else None
    run = wait_until(ended, "run %s to end" % run_id, 60)
    logs = asked(muster, "run", "logs", run_id, "--list")["logs"]
    lines = asked_for_text(muster, "run", "logs", run_id).splitlines() if logs else []
    points = [point["value"] for point in asked(muster, "run", "metrics", run_id)["metrics"].get("number", [])]
    outputs = {one["path"]: one["size"] for one in asked(muster, "run", "outputs", run_id)["artifacts"]}
    if run["status"] == "Completed":
        whole = (lines, points, outputs) == (["line %d" % number for number in range(20)], list(range(20)), {"outputs/result": 14_000})
        # What could not be read is said by name, and is still there.
        kept = any("left on node" in warning for warning in run["warnings"]) and list(muster.home.glob("runs/*/1/node_0/.muster/kept"))
        assert whole or kept, (run, lines, points, outputs)
    else:
        assert run["status"] == "Failed" and run["error"]["code"] and run["error"]["message"], run


def check_home(muster):
    """The same home is one that a server can work with."""
    muster("up", "--listen", free_address())
    run_id = muster.submit("print('again')")["run_id"]
    run = muster.ended(run_id)
    assert run["status"] == "Completed", run
    muster("down")


def one_case(muster, role, nth, error, only=()):
    """A run with that call failing, of those named `only`; returns the server that met it."""
    faulty = Faulty(muster, role, nth, error, only)
    try:
        if not faulty.started():
            assert len(faulty.words().split()) > 3, "it says why: %r" % faulty.words()
            return faulty
        (muster.folder / "job").mkdir(exist_ok=True)
        (muster.folder / "job" / "job.py").write_text(SCRIPT)
        words = [PROGRAM, "run", "submit", "--script", muster.folder / "job" / "job.py", "--experiment", "faults", "--json"]
        done = subprocess.run(list(map(str, words)), cwd=muster.folder, env=muster.environment, capture_output=True, timeout=60 * SLOWER)
        if done.returncode == 0:
            check_run(muster, json.loads(done.stdout)["run_id"])
        else:
            assert done.stderr.strip(), "a refusal says why"
        assert asked(muster, "status")["server"]["pid"] == faulty.pid
        return faulty
    finally:
        faulty.stop()


def fresh(muster, number):
    """The next home, as one run's fault must not be another's."""
    muster.home = muster.home.parent / ("home-%d" % number)
    muster.environment["MUSTER_HOME"] = str(muster.home)
    return muster


@pytest.mark.parametrize("role", ["serve", "runner"])
def test_any_call_may_fail(muster, role, request):
    count = one_case(fresh(muster, 0), role, 0, "EIO").calls()
    assert count > 20
    all_go_well(muster, role, pick(request.config, count, role))


def test_any_sync_of_the_server_may_fail(muster):
    syncs = ["fsync", "fdatasync", "syncfs"]
    count = one_case(fresh(muster, 0), "serve", 0, "EIO", syncs).calls()
    assert count > 20
    all_go_well(muster, "serve", range(1, count + 1), syncs)


def all_go_well(muster, role, numbers, only=()):
    """Each of these calls fails once, in a home of its own."""
    wrong = []
    for nth in numbers:
        error = ERRORS[nth % len(ERRORS)]
        try:
            one_case(fresh(muster, nth), role, nth, error, only)
            check_home(muster)
            shutil.rmtree(muster.home)
        except Exception as problem:  # every call is looked at before any is reported
            report = muster.folder / ("report-%s-%d" % (role, nth))
            wrong.append("%s\n%s" % (report.read_text() if report.exists() else nth, str(problem)[:3000]))
    assert wrong == [], "\n\n".join(wrong)
