"""The program is one static file: it starts where nothing else is installed."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from muster_program import PROGRAM, free_address, is_alive
from waiting import wait_until

pytestmark = pytest.mark.released


class EmptyRoot:
    """A root folder with the program in it, and nothing else but /proc and an empty /tmp."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("proc", "tmp", "dev"):
            (folder / name).mkdir()
        shutil.copy2(str(PROGRAM), str(folder / "muster"))

    def __call__(self, *words):
        """Run `muster words…` inside, in a mount and user namespace of its own; return what it printed."""
        inside = 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" /muster "$@"'
        done = subprocess.run(["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user", "--pid", "--fork"]),
                               "sh", "-c", inside, str(self.folder), *words],
                              env={"PATH": os.environ["PATH"], "MUSTER_HOME": "/home"}, capture_output=True, timeout=60)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.decode()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return EmptyRoot(folder)


def test_it_needs_no_library():
    headers = subprocess.run(["readelf", "--program-headers", "--dynamic", str(PROGRAM)], capture_output=True, check=True).stdout.decode()
    assert "INTERP" not in headers
    assert "NEEDED" not in headers


def test_a_server_runs_in_an_empty_root(root):
    root("up", "--listen", free_address())
    pid = json.loads(root("status", "--json"))["server"]["pid"]
    try:
        assert "/muster" in os.readlink("/proc/%d/exe" % pid)
        assert "experiments" in root("experiment", "list", "--json")
        root("compute", "create", "cluster", "--max-nodes", "2")
        assert "cluster" in root("compute", "list")
    finally:
        root("down", "--cancel")
    wait_until(lambda: not is_alive(pid), "the server to end")
    assert (pathlib.Path(root.folder) / "home" / "server.log").exists()
