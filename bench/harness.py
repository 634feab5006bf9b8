"""What every benchmark uses: a server in a home of its own, a table row, a median."""

import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse

SOURCE = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = os.environ.get("MUSTER_PROGRAM") or str(SOURCE / "build" / "release" / "muster")


class Least(float):
    """A bar that the value must reach, not stay under."""


class Row:
    """One measured budget: `value` beside a `baseline` taken in the same run, both in `unit`; `bar` is what value may be at most, or a
    Least; None for what is only told.
    """

    def __init__(self, name, value, bar, unit, baseline_name, baseline):
        self.name, self.value, self.bar, self.unit = name, value, bar, unit
        self.baseline_name, self.baseline = baseline_name, baseline

    def text(self):
        is_met = self.bar is None or (self.value >= self.bar if isinstance(self.bar, Least) else self.value <= self.bar)
        bar = " " * 17 if self.bar is None else "bar %7.4g  %-4s" % (self.bar, "ok" if is_met else "OVER")
        return "%-58s %9.4g %-3s %s  %8.2f x %s (%.4g)" % (
            self.name, self.value, self.unit, bar, self.value / self.baseline, self.baseline_name, self.baseline)


class Home:
    """A folder to work in, in `place` (the usual one for temporary files), with a home for a server; as a context, the server is up."""

    def __init__(self, place=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-bench-", dir=place))
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "MUSTER_HOME": str(self.folder / "home")}

    def __enter__(self):
        self("up")
        return self

    def __exit__(self, *_):
        subprocess.run([PROGRAM, "down", "--cancel"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder)

    def __call__(self, *words):
        return subprocess.run([PROGRAM, *map(str, words)], cwd=self.folder, env=self.environment, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).stdout.decode()

    def start(self, *words):
        return subprocess.Popen([PROGRAM, *map(str, words)], cwd=self.folder, env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def json(self, *words):
        return json.loads(self(*words, "--json"))


class Caller:
    """Asks the server of a home over connections that stay, one a thread."""

    def __init__(self, home):
        server = home.json("status")["server"]
        self.url, self.pid = server["url"], server["pid"]
        self.address = urllib.parse.urlsplit(self.url)
        token = json.loads((home.folder / "home" / "credentials").read_text())["servers"][self.url]["token"]
        self.headers = {"Authorization": "Bearer " + token}
        self.own = threading.local()

    def __call__(self, method, path, body=None):
        """The answer. A body of bytes goes as it is, anything else as JSON."""
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        self.own.connection.request(method, "/api/v1/" + path, body=data, headers={**self.headers, "Content-Type": kind})
        response = self.own.connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise RuntimeError("%s %s: %s" % (method, path, text.decode()))
        return json.loads(text)


def median_seconds(action, times):
    """The median of how long `action()` takes."""
    return statistics.median(_seconds(action) for _ in range(times))


def until_line(process, line):
    """Read what `process` says until `line` comes; the process goes on."""
    for said in process.stdout:
        if said.strip() == line:
            return
    raise RuntimeError("the process ended without saying %r" % line)


def until_answer(url, path, deadline_seconds=20):
    """Ask until the server answers."""
    address = urllib.parse.urlsplit(url)
    deadline = time.monotonic() + deadline_seconds
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.0005)
        finally:
            connection.close()
    raise RuntimeError("%s does not answer" % url)


def resident_mb(pid):
    status = pathlib.Path("/proc/%d/status" % pid).read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def _seconds(action):
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
