"""What all tests of the whole program share: a home, and a server in it that leaves nothing behind."""

import os
import signal

import pytest

from muster_program import PROGRAM, Muster, free_address, is_alive
from waiting import SLOWER, wait_until


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="also the tests that take many minutes")


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if (item.get_closest_marker("full") and not config.getoption("--full"))
                or (item.get_closest_marker("root") and os.geteuid() != 0)
                or (item.get_closest_marker("released") and SLOWER != 1)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def muster(tmp_path):
    """The command line in a fresh home, with no server."""
    assert PROGRAM.exists(), "%s is not there: ./dev build" % PROGRAM
    folder = tmp_path / "work"
    folder.mkdir()
    program = Muster(tmp_path / "home", folder)
    yield program
    _end_all(program)


@pytest.fixture
def server(muster):
    """The same, with a server started by `muster up`."""
    muster("up", "--listen", free_address())
    return muster


@pytest.fixture
def cluster(server):
    """The same, with a compute target "cluster" of four nodes: this machine, four times."""
    server("compute", "create", "cluster", "--max-nodes", "4")
    return server


@pytest.fixture
def workspace(server, monkeypatch):
    """The SDK's workspace on that server."""
    from azureml.core import Workspace
    monkeypatch.setenv("MUSTER_HOME", str(server.home))
    monkeypatch.delenv("MUSTER_URL", raising=False)
    monkeypatch.chdir(server.folder)
    (server.folder / "config.json").write_text(server("workspace", "config").stdout)
    return Workspace.from_config()


def _end_all(program):
    """Stop the server; what then still runs is a fault of the test or of Muster, and is ended before it is reported."""
    if (program.home / "server.json").exists():
        program("down", "--cancel", code=0)
    left = program.processes()
    try:
        wait_until(lambda: not any(map(is_alive, left)), "processes to end after `muster down --cancel`: %s" % _names(left), 10)
    finally:
        for pid in filter(is_alive, left):
            os.kill(pid, signal.SIGKILL)


def _names(pids):
    names = []
    for pid in pids:
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as file:
                names.append("%d %s" % (pid, file.read().replace(b"\0", b" ").decode("utf-8", "replace")[:200]))
        except OSError:
            pass
    return names
