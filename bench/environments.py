"""The first build of an environment of real packages, over what pip and uv take by hand; a run's start in one that is there, over starting
its Python bare.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

from harness import Home, Row, median_seconds, until_line

PACKAGES = ["pillow==10.4.0", "numpy==1.26.4", "pyyaml==6.0.2", "requests==2.32.3"]
ROUNDS = 3
STARTS = 9


def rows():
    yield from _rows("pip", None)
    with Home() as tools:
        folder = tools.folder / "tools"
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", "uv"], check=True)
        yield from _rows("uv", folder / "bin" / "uv")


def _rows(name, uv):
    home = Home()
    path = [folder for folder in home.environment["PATH"].split(":") if not os.path.exists(os.path.join(folder, "uv"))]
    if uv is not None:  # It alone of what lies beside it.
        own = home.folder / "bin"
        own.mkdir()
        (own / "uv").symlink_to(uv)
        path.insert(0, str(own))
    home.environment["PATH"] = ":".join(path)
    with home:
        by_hand, by_muster = [], []
        _by_hand(home, uv, -1)  # what is downloaded is in the installer's cache from here on
        for number in range(ROUNDS):
            by_hand.append(_by_hand(home, uv, number))
            by_muster.append(_by_muster(home, number))
        baseline = statistics.median(by_hand)
        yield Row("first build of %d packages by %s" % (len(PACKAGES), name), statistics.median(by_muster), 1.1 * baseline, "s",
                  "venv and %s install" % name, baseline)
        if uv is None:
            yield _start(home)


def _timed(action):
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _by_hand(home, uv, number):
    folder = home.folder / ("by-hand-%d" % number)
    requirements = home.folder / "requirements.txt"
    requirements.write_text("\n".join(PACKAGES) + "\n")

    variables = {**home.environment, "UV_NATIVE_TLS": "1"}  # the machine's certificates, as pip and Muster have it

    def run(*words):
        subprocess.run(list(map(str, words)), check=True, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def build():
        if uv is None:
            run(sys.executable, "-m", "venv", folder)
            run(folder / "bin" / "pip", "install", "-r", requirements)
        else:
            run(uv, "venv", "--python", sys.executable, folder)
            run(uv, "pip", "install", "--python", folder / "bin" / "python", "-r", requirements)

    return _timed(build)


def _by_muster(home, number):
    # A line that nothing is installed for makes it another environment.
    lines = PACKAGES + ["muster-bench-%d; python_version < '3'" % number]
    home("environment", "create", "bench-%d" % number, "--python", sys.executable, *["--pip=" + line for line in lines])
    return _timed(lambda: home("environment", "build", "bench-%d" % number))


def _start(home):
    script = home.folder / "source" / "first.py"
    script.parent.mkdir()
    script.write_text("print('first line', flush=True)\n")
    python = next((pathlib.Path(home.folder) / "home" / "environments").glob("*/bin/python"))

    def bare():
        with subprocess.Popen([str(python), str(script)], stdout=subprocess.PIPE) as process:
            until_line(process, b"first line")

    def by_muster():
        with home.start("run", "submit", "--script", script, "--environment", "bench-0", "--follow") as process:
            until_line(process, b"first line")

    by_muster()
    baseline = median_seconds(bare, STARTS)
    return Row("submit to first line in an environment that is there", median_seconds(by_muster, STARTS) - baseline, 0.15, "s",
               "its Python bare", baseline)
