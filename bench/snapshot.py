"""Snapshots: a large one for the first time, and a wide one with one file changed."""

import os
import shutil
import statistics
import subprocess
import time

from harness import Home, Row, median_seconds


def rows():
    with Home() as home:
        yield first(home)
        yield unchanged(home)


def first(home):
    source = home.folder / "large"
    _fill(source, folders=20, files=100, size=(300 << 20) // 2000 - 8)
    copy = home.folder / "copy"

    def copied():
        subprocess.run(["cp", "-r", str(source), str(copy)], check=True)
        subprocess.run(["sync", "-f", str(copy)], check=True)

    baseline = median_seconds(copied, 1)
    shutil.rmtree(copy)
    value = _submit_seconds(home, source)
    shutil.rmtree(source)
    return Row("first snapshot, 300 MB in 2,000 files", value, 1.5 * baseline, "s", "cp -r, synced", baseline)


def unchanged(home):
    source = home.folder / "wide"
    _fill(source, folders=100, files=100, size=500)
    _submit_seconds(home, source)

    def changed(number):
        (source / "folder_50" / "file_50").write_text("changed %d\n" % number)
        return _submit_seconds(home, source)

    baseline = median_seconds(lambda: subprocess.run(["find", str(source), "-newer", "/proc/1"], stdout=subprocess.DEVNULL, check=True), 5)
    return Row("snapshot of 10,000 files, one changed", statistics.median(map(changed, range(5))), 0.3, "s", "find -newer", baseline)


def _submit_seconds(home, source):
    """How long the command takes: it returns when the snapshot is complete and the run accepted. The run itself is waited for, not
    measured.
    """
    started = time.perf_counter()
    run = home.json("run", "submit", "--command", "true", "--source-directory", source, "--experiment", "bench")
    took = time.perf_counter() - started
    home("run", "wait", run["run_id"])
    return took


def _fill(folder, folders, files, size):
    for number in range(folders):
        path = folder / ("folder_%d" % number)
        path.mkdir(parents=True)
        for file in range(files):
            (path / ("file_%d" % file)).write_bytes(os.urandom(size))
