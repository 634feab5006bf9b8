"""On a real Slurm of four nodes on this machine (tools/slurm_testbed.py): from submission to the script's first line, beside a bare
sbatch of the same script; and how many of Slurm's programs the server starts for a long queue.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from harness import SOURCE, Caller, Home, Row, median_seconds, until_line
from throughput import submit, until

TIMES = 9
QUEUED = 1000
WATCHED_SECONDS = 60
DEADLINE_SECONDS = 600
PROGRAMS = ("sbatch", "squeue", "scontrol", "scancel", "sinfo")
TESTBED = SOURCE / "tools" / "slurm_testbed.py"


def rows():
    with _testbed() as variables:
        with _home(variables) as home:
            yield _first_line(home)
        yield from _calls(variables)


@contextlib.contextmanager
def _testbed():
    """What names it to Slurm's programs."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-bench-slurm-"))
    try:
        subprocess.run([sys.executable, str(TESTBED), "start", str(folder)], check=True, timeout=120)
        yield {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    finally:
        subprocess.run([sys.executable, str(TESTBED), "stop", str(folder)], check=True, timeout=120)
        shutil.rmtree(str(folder))


@contextlib.contextmanager
def _home(variables):
    home = Home()
    home.environment.update(variables)
    with home:
        for partition in ("cpu", "closed"):
            home("compute", "create", partition, "--engine", "slurm", "--partition", partition, "--max-nodes", "1",
                 "--engine-option", "scratch=%s" % (home.folder / "nodes"))
        yield home


def _first_line(home):
    source = home.folder / "source"
    source.mkdir()
    script = source / "first.py"
    script.write_text("print('first line', flush=True)\n")
    outputs = (home.folder / ("output_%d" % number) for number in range(TIMES))

    def bare():
        output = next(outputs)
        subprocess.run(["sbatch", "--parsable", "--partition=cpu", "--output=%s" % output, "--wrap=%s %s" % (sys.executable, script)],
                       env=home.environment, cwd=str(home.folder), check=True, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not output.exists() or b"first line\n" not in output.read_bytes():
            if time.monotonic() > deadline:
                raise RuntimeError("the bare job has not said its line in 60 s")
            time.sleep(0.001)

    def by_muster():
        with home.start("run", "submit", "--script", script, "--python", sys.executable, "--compute", "cpu", "--follow") as process:
            until_line(process, b"first line")

    by_muster()
    baseline = median_seconds(bare, TIMES)
    added = median_seconds(by_muster, TIMES) - baseline
    return Row("Slurm: submit to first line, added to a bare job's", added, 0.3, "s", "bare sbatch to first line", baseline)


def _calls(variables):
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        calls = _counted(pathlib.Path(folder), variables["PATH"])
        with _home({**variables, "PATH": folder + ":" + variables["PATH"]}) as home:
            caller = Caller(home)
            before = len(calls())
            submit(caller, QUEUED, {"experiment": "bench", "command": "true", "compute_target": "closed"})
            until(caller, queued=QUEUED)
            deadline = time.monotonic() + DEADLINE_SECONDS
            while _reasons(variables).count("PartitionDown") < QUEUED:  # submitted, released, and looked at by Slurm
                if time.monotonic() > deadline:
                    raise RuntimeError("%d jobs, of %d, wait in Slurm" % (_reasons(variables).count("PartitionDown"), QUEUED))
                time.sleep(1)
            submitted = len(calls())
            yield Row("Slurm: programs started for a run, until it is queued", (submitted - before) / QUEUED, None, "", "sbatch alone", 1)
            time.sleep(WATCHED_SECONDS)
            waiting = len(calls()) - submitted
            yield Row("Slurm: programs started a minute, %d runs queued" % QUEUED, waiting * 60 / WATCHED_SECONDS, None, "",
                      "one squeue in 2 s", 30)
            subprocess.run(["scancel", "--user=%d" % os.geteuid()], env={**os.environ, **variables}, check=True, timeout=120)
            until(caller, active=0)


def _reasons(variables):
    """Why each job waits."""
    return subprocess.run(["squeue", "--noheader", "--states=PENDING", "--format=%r"], env={**os.environ, **variables}, check=True,
                          stdout=subprocess.PIPE, timeout=60).stdout.decode().split()


def _counted(folder, path):
    """Programs of Slurm's in that folder that write down that they were called; what answers with all calls so far."""
    record = folder / "calls"
    record.touch()
    for name in PROGRAMS:
        program = folder / name
        program.write_text("#!/bin/sh\necho \"%s $1\" >>%s\nexec %s \"$@\"\n" % (name, record, shutil.which(name, path=path)))
        program.chmod(0o755)
    return lambda: record.read_text().splitlines()
