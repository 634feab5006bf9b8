"""A large artifact: collected from a run's outputs, and downloaded by the command line; both hash all of it."""

import os
import re
import shutil
import subprocess
import time

from harness import Caller, Home, Least, Row

MIB = 1024
TIMES = 3


def rows():
    with Home() as home:
        large = home.folder / "large"
        piece = os.urandom(1 << 20)
        with open(large, "wb") as file:
            for number in range(MIB):
                file.write(number.to_bytes(8, "little") + piece[8:])
        copied = _rate(lambda: _copy(large, home.folder / "copy"))
        caller = Caller(home)
        # The job says when it has written the file; what is measured is from then to the run's end.
        command = "cp %s outputs/large && date +%%s.%%N" % large
        submitted = home.json("run", "submit", "--command", command, "--source-directory", _empty(home), "--experiment", "bench")
        run = submitted["run_id"]
        home("run", "wait", run)
        written = float(re.findall(r"\d+\.\d+", home("run", "logs", run))[-1])
        ended = _seconds_of(caller("GET", "workspaces/default/runs/" + run)["ended_at"])
        yield Row("artifact of 1 GiB, collected", MIB / (ended - written), Least(800), "MiB/s", "cp+sync", copied)
        url = "workspaces/default/runs/%s/artifacts/outputs/large" % run
        curled = max(_rate(lambda: _curl(caller, url)) for _ in range(TIMES)) if shutil.which("curl") else copied
        taken = home.folder / "taken"

        def download():
            began = time.perf_counter()
            home("run", "download", run, "outputs/large", "--to", taken, "--overwrite")
            return MIB / (time.perf_counter() - began)

        yield Row("artifact of 1 GiB, downloaded", sorted(download() for _ in range(TIMES))[TIMES // 2], Least(1000), "MiB/s",
                  "curl to /dev/null", curled)


def _empty(home):
    folder = home.folder / "empty"
    folder.mkdir()
    return folder


def _rate(action):
    began = time.perf_counter()
    action()
    return MIB / (time.perf_counter() - began)


def _copy(source, target):
    subprocess.run(["cp", str(source), str(target)], check=True)
    subprocess.run(["sync", str(target)], check=True)
    target.unlink()


def _curl(caller, path):
    subprocess.run(["curl", "-fsS", "-o", "/dev/null", "-H", "Authorization: " + caller.headers["Authorization"],
                    "%s/api/v1/%s" % (caller.url, path)], check=True)


def _seconds_of(text):
    whole, part = text[:-1].split(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone + float("0." + part)
