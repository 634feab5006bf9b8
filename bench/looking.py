"""What the page asks all day of what is large: the end of a log of 1 GB, lines of it by a pattern, a curve of ten million points."""

import http.client
import json
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from harness import Caller, Home, Row, median_seconds
from ingest import records

LOG_BYTES = 1 << 30
LINE = b"epoch 1234 step 567890 loss 0.12345678 lr 0.001 images/s 1234.5\n"
POINTS = 10_000_000
AT_ONCE = 100_000
TIMES = 3
TAIL = 1 << 16


def rows():
    with Home() as home:
        caller = Caller(home)
        run = caller("POST", "workspaces/default/runs", {"kind": "interactive", "experiment": "bench"})
        path = "workspaces/default/runs/" + run["run_id"]
        log = _log(home, caller, path, run["uuid"])
        yield from _log_rows(caller, path, log)
        caller.own = threading.local()
        for first in range(0, POINTS, AT_ONCE):
            caller("POST", path + "/metrics?source=bench&sequence=%d" % first, records(first, AT_ONCE, 1))
        yield from _curve_rows(home, caller, path)


def _log(home, caller, path, uuid):
    """One of 1 GB, most of it written past the server; its file."""
    name = "logs/big.txt"
    request = urllib.request.Request(caller.url + "/api/v1/" + path + "/logs/" + name + "?offset=0", LINE, caller.headers, method="PUT")
    urllib.request.urlopen(request).read()
    [file] = (home.folder / "home").glob("**/%s/1/0/data/%s" % (uuid, name))
    with open(file, "ab") as out:
        block = LINE * ((1 << 20) // len(LINE))
        while out.tell() < LOG_BYTES:
            out.write(block)
        out.write(b"the needle\n")
    return file


def _log_rows(caller, path, log):
    size = log.stat().st_size
    connection = http.client.HTTPConnection(caller.address.netloc)

    def end():
        connection.request("GET", "/api/v1/%s/logs/logs/big.txt?offset=%d" % (path, size - TAIL), headers=caller.headers)
        answer = connection.getresponse()
        if len(answer.read()) != TAIL or answer.headers["Muster-Log-Size"] != str(size):
            raise RuntimeError("the log's end is not there")

    def search(pattern, **more):
        caller.own = threading.local()  # a connection that nobody used for long is closed by the server
        cursor, found = {}, 0
        while cursor is not None:
            query = dict(more, path="logs/big.txt", pattern=pattern, **cursor)
            page = caller("GET", path + "/log-search?" + urllib.parse.urlencode(query))
            found += len(page["matches"])
            cursor = {"cursor": page["next"]} if page["next"] else None
        if found != 1:
            raise RuntimeError("%d matches of %s" % (found, pattern))

    def grep(*words):
        plain = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
        return lambda: subprocess.run(["grep", "-n", *words, str(log)], stdout=subprocess.DEVNULL, env=plain)

    tail = median_seconds(lambda: subprocess.run(["tail", "-c", str(TAIL), str(log)], stdout=subprocess.DEVNULL), TIMES)
    yield Row("the last 64 KiB of a log of 1 GB", median_seconds(end, TIMES) * 1000, 20, "ms", "tail -c", tail * 1000)
    yield Row("a line of 1 GB, by its text", median_seconds(lambda: search("needle", literal="true"), TIMES), None, "s",
              "grep -nF", median_seconds(grep("-F", "needle"), TIMES))
    yield Row("a line of 1 GB, by an expression", median_seconds(lambda: search("the n[ae]+dle$"), TIMES), None, "s",
              "grep -nE", median_seconds(grep("-E", "the n[ae]+dle$"), TIMES))
    yield Row("the first 100 of all lines of 1 GB", median_seconds(lambda: caller(
        "GET", path + "/log-search?path=logs/big.txt&pattern=loss&limit=100"), TIMES) * 1000, 50, "ms",
              "grep -n -m 100", median_seconds(grep("-m", "100", "loss"), TIMES) * 1000)


def _curve_rows(home, caller, path):
    began = time.perf_counter()
    for _ in range(200):
        json.loads(json.dumps([0.5] * 1000))
    bare = (time.perf_counter() - began) / 200
    for points in (500, 2000):
        took = median_seconds(lambda asked=points: caller("GET", path + "/metrics/curves?points=%d" % asked), TIMES)
        yield Row("a curve of %d of ten million points" % points, took * 1000, 100, "ms", "1,000 numbers as JSON", bare * 1000)
