"""The budgets of the product, each beside a bare baseline measured in the same run. Arguments: names of benchmarks; all without."""

import importlib
import os
import platform
import subprocess
import sys
import time

from harness import SOURCE

BENCHMARKS = ("submit", "ranks", "snapshot", "recording", "follow", "server", "throughput", "ingest", "artifacts", "queries", "slurm",
              "environments", "looking")


def machine():
    """What measured, what was measured, and how busy it was before."""
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=SOURCE,
                            stdout=subprocess.PIPE).stdout.decode().strip() or "unknown"
    return "%d cores (%s), Linux %s, commit %s, %s, load %.1f" % (
        os.cpu_count(), model, platform.release(), commit, time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), os.getloadavg()[0])


def main():
    names = sys.argv[1:] or BENCHMARKS
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.exit("no benchmark named %s; there are: %s" % (", ".join(sorted(unknown)), ", ".join(BENCHMARKS)))
    print(machine(), flush=True)
    for name in names:
        for row in importlib.import_module(name).rows():
            print(row.text(), flush=True)


if __name__ == "__main__":
    main()
