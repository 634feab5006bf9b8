"""The muster program as a test uses it: in a home of its own, with nothing of the tester's environment."""

import json
import os
import pathlib
import signal
import socket
import subprocess

from waiting import SLOWER, wait_until

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("MUSTER_PROGRAM", SOURCE / "build" / "release" / "muster"))
SDK = SOURCE / "build" / "release" / "python"


class Muster:
    """A home, and the command line in it. `folder` is where commands are typed."""

    def __init__(self, home, folder):
        self.home, self.folder = home, folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "MUSTER_HOME": str(home), "LANG": "C.UTF-8"}

    def __call__(self, *words, code=0, stdin=None, timeout=60, **variables):
        """Run `muster words…`; check its exit code; return what it wrote, as text, in .stdout and .stderr."""
        done = subprocess.run([str(PROGRAM), *map(str, words)], cwd=self.folder, env={**self.environment, **variables},
                              input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True,
                              timeout=timeout * SLOWER)
        done.stdout, done.stderr = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        assert done.returncode == code, "muster %s ended with %d\n%s\n%s" % (
            " ".join(map(str, words)), done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *words, **options):
        """The one JSON object that the command prints."""
        return json.loads(_in_front(words, "--json", self, options).stdout)

    def problem(self, *words, code=2, **options):
        """The problem details that a refused command prints on standard error."""
        return json.loads(_in_front(words, "--json", self, {"code": code, **options}).stderr)

    def submit(self, script, *arguments, options=()):
        """Write `script` as job.py in a folder of its own, submit it and return its run."""
        folder = self.folder / "job"
        folder.mkdir(exist_ok=True)
        (folder / "job.py").write_text(script)
        return self.json("run", "submit", "--script", folder / "job.py", "--experiment", "e2e", *options, "--", *arguments)

    def ended(self, run_id, seconds=30):
        """Wait for the run's end; return it."""
        return wait_until(lambda: _if_ended(self.json("run", "show", run_id)), "run %s to end" % run_id, seconds)

    def running(self, run_id):
        """Wait until its script runs; return the run."""
        def check():
            run = self.json("run", "show", run_id)
            assert not _if_ended(run), run
            return run if run["status"] == "Running" else None
        return wait_until(check, "run %s to start" % run_id)

    def server(self):
        return self.json("status")["server"]

    def kill_server(self):
        """SIGKILL; returns when it is gone."""
        pid = self.server()["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(pid), "the server to be gone")

    def processes(self):
        """The ids of the living processes that belong to this home, by their environment and command line."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if pid != os.getpid() and self._is_ours(pid)]

    def assert_only_server_left(self, seconds=5):
        """Of all processes that belong to this home, the server alone goes on; a runner may take a moment to end."""
        server = self.server()["pid"]
        wait_until(lambda: [pid for pid in self.processes() if is_alive(pid)] == [server], "all but the server to end", seconds)

    def _is_ours(self, pid):
        try:
            variables = pathlib.Path("/proc/%d/environ" % pid).read_bytes().split(b"\0")
            folder = os.readlink("/proc/%d/cwd" % pid)
        except OSError:
            return False
        home = str(self.home)
        names = {name + os.fsencode(home) for name in (b"MUSTER_HOME=", b"MUSTER_SCRATCH=")}
        return bool(names & set(variables)) or folder.startswith(home + os.sep)


def free_address():
    """127.0.0.1 with a port that nobody else is given soon: unlike Muster's first choice, it is not what all tests would take."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % probe.getsockname()[1]


def is_alive(pid):
    """Whether the process runs; one that only waits to be collected does not."""
    try:
        return pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def _if_ended(run):
    return run if run["status"] in ("Completed", "Failed", "Canceled") else None


def _in_front(words, option, muster, options):
    # What follows "--" belongs to the script.
    words = list(words)
    place = words.index("--") if "--" in words else len(words)
    return muster(*words[:place], option, *words[place:], **options)
