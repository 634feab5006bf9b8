"""Metric points from one client in the native protocol: journal records over HTTP, each answer after its points are on the disk."""

import os
import struct
import time

from harness import Caller, Home, Least, Row

POINTS = 2_000_000
AT_ONCE = 100_000
NAMES = 4


def rows():
    with Home() as home:
        caller = Caller(home)
        run = caller("POST", "workspaces/default/runs", {"kind": "interactive", "experiment": "bench"})["run_id"]
        batches = [records(first, AT_ONCE) for first in range(0, POINTS, AT_ONCE)]
        bare = home.folder / "bare"
        began = time.perf_counter()
        with open(bare, "wb") as file:
            for batch in batches:
                file.write(batch)
                file.flush()
                os.fsync(file.fileno())
        bare_rate = POINTS / (time.perf_counter() - began)
        path = "workspaces/default/runs/%s/metrics?source=bench&sequence=%%d" % run
        began = time.perf_counter()
        for number, batch in enumerate(batches):
            answer = caller("POST", path % (number * AT_ONCE), batch)
        rate = POINTS / (time.perf_counter() - began)
        if answer["next_sequence"] != POINTS:
            raise RuntimeError("%d of %d points are stored" % (answer["next_sequence"], POINTS))
        yield Row("points over HTTP, durable, %d at once" % AT_ONCE, rate, Least(1_000_000), "/s", "append+fsync", bare_rate)


def records(first, count, names=NAMES):
    """Of docs/formats.md: the names, then the points in turn."""
    parts = []
    for number in range(names):
        payload = struct.pack("<I", number) + b"metric_%d" % number
        parts.append(struct.pack("<IBBH", len(payload), 1, 0, 0) + payload + bytes(-len(payload) % 8))
    now = time.time_ns() // 1000
    point = struct.Struct("<IBBHIIqqd")
    parts += [point.pack(32, 2, 1, 0, i % names, 0, now + i, i // names, i * 0.37) for i in range(first, first + count)]
    return b"".join(parts)
