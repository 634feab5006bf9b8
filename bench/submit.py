"""From typing the command to the script's first line, over running the script bare; on disk and in memory, since making the files is
the file system's time.
"""

import subprocess
import sys

from harness import Home, Row, median_seconds, until_line

TIMES = 9


def rows():
    for place, folder in (("on disk", None), ("in memory", "/dev/shm")):
        with Home(folder) as home:
            yield from _rows(home, place)


def _rows(home, place):
    source = home.folder / "source"
    source.mkdir()
    for number in range(1000):
        (source / ("file_%04d.txt" % number)).write_text("content %d\n" % number)
    script = source / "first.py"
    script.write_text("print('first line', flush=True)\n")

    def bare():
        with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as process:
            until_line(process, b"first line")

    def by_muster():
        with home.start("run", "submit", "--script", script, "--python", sys.executable, "--follow") as process:
            until_line(process, b"first line")

    by_muster()
    baseline = median_seconds(bare, TIMES)
    added = median_seconds(by_muster, TIMES) - baseline
    yield Row("submit to first line, 1,000 unchanged files, " + place, added, 0.15, "s", "bare script", baseline)
    # What the file system alone takes for them: the greater part of the above on some.
    archive = home.folder / "source.tar"
    subprocess.run(["tar", "cf", str(archive), "-C", str(home.folder), "source"], check=True)
    folders = (home.folder / ("copy_%d" % number) for number in range(TIMES))

    def unpacked():
        folder = next(folders)
        folder.mkdir()
        subprocess.run(["tar", "xf", str(archive), "-C", str(folder)], check=True)

    yield Row("  tar x of those files alone, " + place, median_seconds(unpacked, TIMES), None, "s", "bare script", baseline)
