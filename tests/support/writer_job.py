"""A run of jobs/writer.py, and what must be true of all that it wrote."""

import hashlib
import json
import pathlib
import shutil
import struct
import subprocess

from muster_program import PROGRAM
from waiting import wait_until

SCRIPT = pathlib.Path(__file__).parent / "jobs" / "writer.py"
EVERY = 5000


class WriterJob:
    def __init__(self, muster, count, options=(), wait=True):
        """Submitted when this returns, or with `wait=False` when submitted() does: the server may be killed meanwhile."""
        self.muster, self.count = muster, count
        self.counter = muster.folder / "counter"
        self.counter.write_bytes(bytes(16))
        folder = muster.folder / "writer"
        folder.mkdir()
        shutil.copy(SCRIPT, folder)
        words = ["run", "submit", "--script", folder / "writer.py", "--experiment", "crash", *options, "--json", "--", count, self.counter]
        self._submitting = subprocess.Popen([str(PROGRAM), *map(str, words)], cwd=muster.folder, env=muster.environment,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.run_id = None
        if wait:
            self.submitted()

    def submitted(self):
        out, err = self._submitting.communicate(timeout=60)
        assert self._submitting.returncode == 0, err.decode()
        self.run_id = json.loads(out)["run_id"]

    def written(self):
        """(lines, points) whose writing has returned."""
        return struct.unpack("<qq", self.counter.read_bytes())

    def wait_for_lines(self, lines, seconds=30):
        wait_until(lambda: self.written()[0] >= lines, "line %d" % lines, seconds)

    def assert_recorded(self, lines, points):
        """Exactly the first so many lines and points are recorded, each once, in order; a number may be a range."""
        text = self.muster("run", "logs", self.run_id).stdout
        recorded = text.splitlines()
        assert len(recorded) in _range(lines)
        assert recorded == ["line %08d" % number for number in range(len(recorded))]
        series = [point["value"] for point in self.muster.json("run", "metrics", self.run_id)["metrics"].get("number", [])]
        assert len(series) in _range(points)
        assert series == list(range(len(series)))

    def assert_outputs(self, lines):
        """The outputs of so many lines are there, whole."""
        artifacts = self.muster.json("run", "outputs", self.run_id)["artifacts"]
        expected = {"outputs/part_%08d" % number: hashlib.sha256(b"part %d\n" % number * 1000).hexdigest()
                    for number in range(0, lines, EVERY)}
        assert {artifact["path"]: artifact["sha256"] for artifact in artifacts} == expected


def _range(numbers):
    return numbers if isinstance(numbers, range) else range(numbers, numbers + 1)
