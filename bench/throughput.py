"""Runs that do nothing, a second; how fast runs of a long queue are given nodes, and what one of them holds in memory."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from harness import SOURCE, Caller, Home, Least, Row, resident_mb

RUNS = 600
CLIENTS = 4
NODES = 8
QUEUED = 10_000
DEADLINE_SECONDS = 300
COMMITS = 500
RANK = pathlib.Path(__file__).with_name("noop_rank.c")


def submit(caller, count, run):
    """`count` runs of one kind, by several clients at once."""
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        for done in [clients.submit(caller, "POST", "workspaces/default/runs", run) for _ in range(count)]:
            done.result()


def until(caller, **wanted):
    """Wait until the server has so many runs that are `active` or `queued`."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        counts = caller("GET", "status")["runs"]
        if all(counts[name] == count for name, count in wanted.items()):
            return
        if time.monotonic() > deadline:
            raise RuntimeError("there were to be %s runs, and there are %s" % (wanted, counts))
        time.sleep(0.05)


def rows():
    with Home() as home:
        yield _through(home)
    with Home() as home:
        yield _memory(home)
    build = SOURCE / "build" / "release"
    subprocess.run(["cmake", "--build", str(build), "--target", "queue_decisions"], check=True, stdout=subprocess.DEVNULL)
    for queued in (10_000, 100_000):
        yield from _decisions(build / "queue_decisions", queued)


def _through(home):
    """Each is submitted, queued, given a node, and runs there; both its program and the baseline write a line a time."""
    rank = home.folder / "noop_rank"
    subprocess.run([shutil.which("cc"), "-O1", "-o", str(rank), str(RANK)], check=True)
    bare, times = home.folder / "bare", home.folder / "times"
    began = time.perf_counter()
    for _ in range(RUNS // NODES):
        subprocess.run([str(rank), "launch", str(NODES), "noop", str(bare)], check=True, stdout=subprocess.DEVNULL)
    bare_rate = RUNS / (time.perf_counter() - began)
    home("compute", "create", "bench", "--max-nodes", NODES)
    caller = Caller(home)
    run = {"experiment": "bench", "command": "%s noop %s >/dev/null" % (rank, times), "compute_target": "bench"}
    submit(caller, NODES, run)
    until(caller, active=0)
    began = time.perf_counter()
    submit(caller, RUNS, run)
    until(caller, active=0)
    rate = RUNS / (time.perf_counter() - began)
    done = times.read_text().count("\n")
    if done != RUNS + NODES:
        raise RuntimeError("%d of %d runs ran" % (done, RUNS + NODES))
    return Row("runs that do nothing, %d nodes" % NODES, rate, Least(150), "/s", "fork+exec, %d at once" % NODES, bare_rate)


def _decisions(program, queued):
    """Nodes for 2,000 runs at once, each decision durable; beside as many commits, one after the other."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        began = time.perf_counter()
        with open(pathlib.Path(folder) / "bare", "wb") as file:
            for _ in range(COMMITS):
                file.write(bytes(4096))
                file.flush()
                os.fdatasync(file.fileno())
        bare = COMMITS / (time.perf_counter() - began)
        said = subprocess.run([str(program), folder, str(queued)], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    rate, held = map(float, said.split())
    yield Row("queue decisions, %d queued" % queued, rate, Least(5_000), "/s", "append+fdatasync", bare)
    yield Row("memory per queued run, %d queued" % queued, held / 1024, 2, "KB", "bar", 2)


def _memory(home):
    home("compute", "create", "bench", "--max-nodes", 1)
    caller = Caller(home)
    run = {"experiment": "bench", "command": "sleep 600", "compute_target": "bench"}
    submit(caller, 10, run)
    until(caller, queued=9)
    before = resident_mb(caller.pid)
    submit(caller, QUEUED, run)
    until(caller, queued=9 + QUEUED)
    grown = (resident_mb(caller.pid) - before) * 1024 / QUEUED
    return Row("server's memory per queued run, %d of them" % QUEUED, grown, 2, "KB", "idle server, MB", before)
