"""Followers of one running job: how soon each sees a line, and what a flood of lines costs the server in memory."""

import json
import selectors
import socket
import subprocess
import sys
import time
import urllib.parse

from harness import Home, Row, resident_mb

LINES = 60
PERIOD_SECONDS = 0.1
FLOOD_SECONDS = 4
DEADLINE_SECONDS = 60

# A line is the time at which it was written. The first one waits for the followers; `go` lies beside the script's folder.
TICKING = """
import os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
for number in range({lines}):
    sys.stdout.write("at %d\\n" % time.time_ns())
    sys.stdout.flush()
    time.sleep({period})
""".format(lines=LINES, period=PERIOD_SECONDS)

FLOODING = """
import os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
piece = (b"x" * 99 + b"\\n") * 10_000
began, written = time.monotonic(), 0
while time.monotonic() - began < {seconds}:
    os.write(1, piece)
    written += len(piece)
    time.sleep(max(0, began + written / 100e6 - time.monotonic()))
""".format(seconds=FLOOD_SECONDS)


def rows():
    bare = _bare_delays()
    with Home() as home:
        for followers in (1, 50, 500):
            delays = _delays(home, followers)
            for part, bar in ((50, 50), (99, 50)):
                yield Row("line seen by %d followers, p%d" % (followers, part), _part(delays, part), bar, "ms", "pipe", _part(bare, part))
        for followers in (1, 50, 500):
            before, most = _flood(home, followers)
            yield Row("server's growth at 100 MB/s, %d followers" % followers, most - before, 50, "MB", "before", before)


def _part(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * part // 100)]


def _bare_delays():
    with subprocess.Popen([sys.executable, "-c", TICKING.replace("range(%d)" % LINES, "range(20)"), "/"],
                          stdout=subprocess.PIPE) as process:
        return [_age_ms(line) for line in process.stdout]


def _age_ms(line):
    return (time.time_ns() - int(line.split()[1])) / 1e6


class Job:
    """A run of `script` that waits until its followers are there; as a context, it is running."""

    def __init__(self, home, script):
        self.home = home
        self.go = home.folder / ("go_%d" % time.time_ns())
        source = home.folder / ("source_%d" % time.time_ns())
        source.mkdir()
        (source / "job.py").write_text(script)
        submitted = home("run", "submit", "--json", "--script", source / "job.py", "--source-directory", source, "--python", sys.executable,
                         "--experiment", "bench", "--", self.go)
        self.run = json.loads(submitted)["run_id"]

    def __enter__(self):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.home.json("run", "show", self.run)["status"] != "Running":
            if time.monotonic() > deadline:
                raise RuntimeError("%s does not run" % self.run)
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        # What has ended by itself cannot be canceled.
        self.home.start("run", "cancel", self.run).wait()


class Streams:
    """`count` event streams of a run, read by one thread."""

    def __init__(self, home, run, count):
        server = home.json("status")["server"]
        address = urllib.parse.urlsplit(server["url"])
        token = json.loads((home.folder / "home" / "credentials").read_text())["servers"][server["url"]]["token"]
        ask = ("GET /api/v1/workspaces/default/runs/%s/events?log=true HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n"
               % (run, address.netloc, token)).encode()
        self.selector = selectors.DefaultSelector()
        self.sockets = []
        for _ in range(count):
            one = socket.create_connection((address.hostname, address.port))
            one.sendall(ask)
            self.sockets.append(one)
            self.selector.register(one, selectors.EVENT_READ)

    def until_all_speak(self):
        silent = set(self.sockets)
        for one, _ in self.pieces(DEADLINE_SECONDS):
            silent.discard(one)
            if not silent:
                return
        raise RuntimeError("%d of %d streams say nothing" % (len(silent), len(self.sockets)))

    def pieces(self, seconds):
        """(socket, bytes) as they come, for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for key, _ in self.selector.select(deadline - time.monotonic()):
                piece = key.fileobj.recv(1 << 16)
                if piece:
                    yield key.fileobj, piece
                else:
                    self.selector.unregister(key.fileobj)

    def close(self):
        for one in self.sockets:
            one.close()
        self.selector.close()


def _delays(home, followers):
    """How long each line took to each follower, in milliseconds; every one of them must come."""
    with Job(home, TICKING) as job:
        streams = Streams(home, job.run, followers)
        streams.until_all_speak()
        job.go.touch()
        delays, wanted, begun = [], LINES * followers, {}
        for one, piece in streams.pieces(DEADLINE_SECONDS):
            *whole, begun[one] = (begun.get(one, b"") + piece).split(b"\n")
            # An event is a line of its own inside its chunk; the others are of the protocol.
            for event in (json.loads(line[6:]) for line in whole if line.startswith(b"data: ")):
                delays += [_age_ms(line) for line in event.get("text", "").splitlines()]
            if len(delays) >= wanted:
                break
        streams.close()
    if len(delays) != wanted:
        raise RuntimeError("%d lines came instead of %d" % (len(delays), wanted))
    return delays


def _flood(home, followers):
    """(before, most) resident megabytes of the server."""
    with Job(home, FLOODING) as job:
        streams = Streams(home, job.run, followers)
        streams.until_all_speak()
        pid = home.json("status")["server"]["pid"]
        before = most = resident_mb(pid)
        job.go.touch()
        looked = time.monotonic()
        for _ in streams.pieces(FLOOD_SECONDS + 1):
            if time.monotonic() - looked > 0.02:
                most, looked = max(most, resident_mb(pid)), time.monotonic()
        streams.close()
    return before, most
