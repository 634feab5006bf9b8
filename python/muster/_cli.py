"""The `muster` command of the Python package: hands over to the binary, which does all the work."""
import os
import sys
from typing import List, Optional

PACKAGE = os.path.dirname(os.path.abspath(__file__))


def find_binary() -> Optional[str]:
    """The binary: the one MUSTER_BINARY names, the one that was installed with the package, or a checkout's own build."""
    named = os.environ.get("MUSTER_BINARY")
    if named:
        return named
    for path in (os.path.join(PACKAGE, "_bin", "muster"),
                 os.path.join(PACKAGE, os.pardir, os.pardir, "build", "release", "muster")):
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return os.path.abspath(path)
    return None


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs the binary in this process's place; returns only when that cannot be."""
    binary = find_binary()
    if binary is None:
        sys.stderr.write(
            "muster: this installation has the Python package and not the program: it was installed before the program was "
            "built, or on a system other than Linux.\n"
            "Build it with `./dev build` in Muster's source folder and install again with `pip install ./python`, or set "
            "MUSTER_BINARY to where it is.\n")
        return 2
    command = [binary] + (sys.argv[1:] if arguments is None else arguments)
    try:
        os.execv(binary, command)
    except OSError as error:
        sys.stderr.write("muster: {} cannot be run: {}.\n".format(binary, error.strerror))
    return 2


if __name__ == "__main__":
    sys.exit(main())
