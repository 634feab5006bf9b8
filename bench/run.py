"""The budgets of the product, each beside a bare baseline measured in the same run. Arguments: names of benchmarks; all without."""

import importlib
import sys

BENCHMARKS = ("submit", "ranks", "snapshot", "recording", "follow", "server")


def main():
    names = sys.argv[1:] or BENCHMARKS
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.exit("no benchmark named %s; there are: %s" % (", ".join(sorted(unknown)), ", ".join(BENCHMARKS)))
    for name in names:
        for row in importlib.import_module(name).rows():
            print(row.text(), flush=True)


if __name__ == "__main__":
    main()
