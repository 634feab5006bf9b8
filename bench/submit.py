"""From typing the command to the script's first line, over running the script bare."""

import subprocess
import sys

from harness import Home, Row, median_seconds, until_line

TIMES = 9


def rows():
    with Home() as home:
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
    yield Row("submit to first line, 1,000 unchanged files, added", added, 0.15, "s", "bare script", baseline)
