"""What must be true of a home when nothing goes on in it: no half blob, no scratch folder, no lock that is held."""

import fcntl
import hashlib
import os
from pathlib import Path

from waiting import wait_until


def assert_home_is_whole(home):
    """Every blob is what its name says; nothing of an upload, a run, a build or an SDK being unpacked is left over."""
    for blob in (home / "blobs" / "sha256").glob("*/*"):
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.parent.name + blob.name, blob
    wait_until(lambda: list(leftovers(home)) == [], "nothing to be left over: %s" % list(leftovers(home)), 10)
    for lock in home.glob("environments/*.lock"):
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where somebody holds it


def leftovers(home):
    yield from (home / "blobs" / "tmp").glob("*")
    yield from (home / "runs").glob("*")
    yield from home.glob("environments/*.group")
    for folder, _, names in os.walk(home):  # which does not mind one that goes while it looks
        yield from (Path(folder) / name for name in names if ".tmp-" in name)
