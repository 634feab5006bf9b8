"""Many ranks on one node: what starting them costs over a bare fork and exec, and how soon their end is known. mpirun and torchrun,
bare, beside it.
"""

import datetime
import http.client
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.parse

from harness import Home, Row

COUNTS = (1, 8, 32, 128, 512)
BARS = {8: 20, 32: 20, 128: 60, 512: 200}
TIMES = 5
ENDS = 9  # how often a run's end is measured
SOURCE = pathlib.Path(__file__).with_name("noop_rank.c")


class Bench:
    def __init__(self, home):
        self.home = home
        self.rank = str(home.folder / "noop_rank")
        subprocess.run([shutil.which("cc"), "-O1", "-o", self.rank, str(SOURCE)], check=True)
        self.script = home.folder / "job" / "noop"
        self.script.parent.mkdir()
        self.script.write_text("")

    def times(self, name="times"):
        """A fresh file for the ranks' times."""
        file = self.home.folder / name
        file.unlink(missing_ok=True)
        return file

    def bare(self, count):
        """Milliseconds from the first fork to the last rank's line."""
        file = self.times()
        started = int(subprocess.run([self.rank, "launch", str(count), "noop", str(file)], check=True, stdout=subprocess.PIPE).stdout)
        return (last(file) - started) / 1e6

    def launcher(self, count, *words):
        """The same from the start of a launcher. One that hangs at its end has long done what is measured."""
        file = self.times()
        started = time.time_ns()
        with subprocess.Popen([*words, self.rank, "noop", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True) as process:
            deadline = time.monotonic() + 60
            while lines(file) < count:
                if time.monotonic() > deadline or process.poll() not in (None, 0):
                    raise RuntimeError("%s started %d of %d ranks" % (words[0], lines(file), count))
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGKILL)
        return (last(file) - started) / 1e6

    def start(self, count, *arguments):
        processes = ["--processes", count] if count > 1 else []
        return json.loads(self.home("run", "submit", "--script", self.script, "--python", self.rank, "--experiment", "bench", *processes,
                                    "--grace", "5", "--json",
                                    "--", *arguments))

    def submit(self, count, *arguments):
        """The run, which has ended."""
        run = self.start(count, *arguments)
        while run["status"] not in ("Completed", "Failed"):
            time.sleep(0.05)
            run = self.home.json("run", "show", run["run_id"])
        return run

    def muster(self, count):
        """Milliseconds from the run's being stored to the last rank's line."""
        file = self.times()
        run = self.submit(count, file)
        if run["status"] != "Completed" or lines(file) != count:
            raise RuntimeError("%d of %d ranks ran: %s" % (lines(file), count, run["error"]))
        return (last(file) - ns(run["created_at"])) / 1e6

    def ask(self, run_id):
        """The run, without a program's start."""
        home = self.home.folder / "home"
        url = json.loads((home / "server.json").read_text())["url"]
        token = json.loads((home / "credentials").read_text())["servers"][url]["token"]
        address = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        try:
            connection.request("GET", "/api/v1/workspaces/default/runs/" + run_id, headers={"Authorization": "Bearer " + token})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def end(self):
        """Milliseconds from the last rank's last act to the run's end."""
        file = self.times()
        run = self.submit(8, file)
        return (ns(run["ended_at"]) - last(file)) / 1e6

    def death(self):
        """Milliseconds from a rank's death to the first answer of the server that shows it, and to Failed."""
        file = self.times()
        run = self.start(8, file, "die")
        noticed = None
        while run["status"] not in ("Completed", "Failed"):
            run = self.ask(run["run_id"])
            if noticed is None and "SIGKILL" in str(run["status_detail"]) + str(run["error"]):
                noticed = time.time_ns()
            time.sleep(0.001)
        if run["status"] != "Failed" or run["error"]["rank"] != 0 or run["error"]["signal"] != "SIGKILL":
            raise RuntimeError("not what was to happen: %s" % run)
        return (noticed - last(file)) / 1e6, (ns(run["ended_at"]) - last(file)) / 1e6


def lines(file):
    return file.read_text().count("\n") if file.exists() else 0


def last(file):
    return max(map(int, file.read_text().split()))


def ns(text):
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return (moment - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) // datetime.timedelta(microseconds=1) * 1000


def median(measure, *arguments):
    return statistics.median(measure(*arguments) for _ in range(TIMES))


def starts(place, folder):
    """Each rank has a log on the node and one on the server: on some file systems, making them is the greater part."""
    with Home(folder) as home:
        bench = Bench(home)
        bench.muster(1)
        bare = {count: median(bench.bare, count) for count in COUNTS}
        muster = {count: median(bench.muster, count) for count in COUNTS}
        yield Row("1 rank, stored run to its line, added, %s" % place, muster[1] - bare[1], 150, "ms", "fork+exec", bare[1])
        for count in COUNTS[1:]:
            # What the run itself costs, whatever its ranks, is the row above.
            added = muster[count] - muster[1] - (bare[count] - bare[1])
            yield Row("%d ranks, last line, added to that, %s" % (count, place), added, BARS[count], "ms", "fork+exec", bare[count])


def rows():
    for place, folder in (("on disk", None), ("in memory", "/dev/shm")):
        yield from starts(place, folder)
    with Home() as home:
        bench = Bench(home)
        bench.muster(1)
        bare = {count: median(bench.bare, count) for count in COUNTS[:4]}
        mpirun = shutil.which("mpirun")
        torchrun = pathlib.Path(sys.executable).with_name("torchrun")
        for count in COUNTS[:4]:
            if mpirun:
                took = bench.launcher(count, mpirun, "--allow-run-as-root", "--oversubscribe", "-n", str(count))
                yield Row("%d ranks by mpirun, bare, added" % count, took - bare[count], None, "ms", "fork+exec", bare[count])
            if torchrun.exists() and count <= 32:
                took = bench.launcher(count, str(torchrun), "--standalone", "--nproc_per_node", str(count), "--no-python")
                yield Row("%d ranks by torchrun, bare, added" % count, took - bare[count], None, "ms", "fork+exec", bare[count])
        ends = statistics.median(bench.end() for _ in range(ENDS))
        yield Row("last of 8 ranks' exit to the run's end", ends, 20, "ms", "fork+exec", bare[8])
        deaths = [bench.death() for _ in range(ENDS)]
        yield Row("a rank's death to its notice", statistics.median(one for one, _ in deaths), 20, "ms", "fork+exec", bare[8])
        yield Row("a rank's death to Failed with its cause", statistics.median(other for _, other in deaths), None, "ms", "fork+exec",
                  bare[8])
