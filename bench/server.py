"""Starting the server, and what it takes up when nothing happens."""

import socket
import statistics
import subprocess
import sys
import time

from harness import Home, Row, resident_mb, until_answer

TIMES = 5


def rows():
    muster = [_started_by_muster() for _ in range(TIMES)]
    python = [_started_by_python() for _ in range(TIMES)]
    for index, name, bar, unit in ((0, "server start to first answer, empty home", 50, "ms"),
                                   (1, "server's idle memory, resident", 20, "MB")):
        yield Row(name, statistics.median(row[index] for row in muster), bar, unit, "python -m http.server",
                  statistics.median(row[index] for row in python))


def _started_by_muster():
    with Home() as home:
        url = home.json("status")["server"]["url"]
        home("down")
        # The home keeps the port, so the place to ask is known before it is there.
        return _measure(lambda: home.start("serve"), url, "/healthz")


def _started_by_python():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    return _measure(lambda: subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
                    "http://127.0.0.1:%d" % port, "/nothing")


def _measure(start, url, path):
    """(milliseconds to the first answer, resident MB a second later)"""
    began = time.perf_counter()
    with start() as process:
        until_answer(url, path)
        took = (time.perf_counter() - began) * 1000
        time.sleep(1)
        memory = resident_mb(process.pid)
        process.terminate()
    return took, memory
