"""`muster up`, by several people at once."""

import concurrent.futures
import contextlib
import ctypes
import json
import os
import select

import pytest

from muster_program import Muster


@pytest.fixture
def homes(tmp_path):
    """Fresh homes; no server is left in them."""
    programs = [Muster(tmp_path / ("home%d" % n), tmp_path) for n in range(4)]
    yield programs
    for program in programs:
        if (program.home / "server.json").exists():
            program("down")
        assert program.processes() == []


def at_once(programs):
    with concurrent.futures.ThreadPoolExecutor(len(programs)) as people:
        return [json.loads(done.stdout) for done in people.map(lambda program: program("up", "--json"), programs)]


def test_servers_of_several_homes_take_a_port_each(homes):
    urls = {status["server"]["url"] for status in at_once(homes)}
    assert len(urls) == len(homes)


def test_several_starts_of_one_home_are_one_server(homes):
    pids = {status["server"]["pid"] for status in at_once([homes[0]] * 4)}
    assert len(pids) == 1


@contextlib.contextmanager
def opened(path):
    """A function that waits until the file is opened once more (inotify(7))."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_CLOEXEC)
    in_open = 0x20
    assert watch >= 0 and libc.inotify_add_watch(watch, os.fsencode(path), in_open) >= 0, os.strerror(ctypes.get_errno())

    def wait_for_next():
        assert select.select([watch], [], [], 20)[0], "nobody opens %s" % path
        os.read(watch, 4096)  # Several that came meanwhile count as one.
    try:
        yield wait_for_next
    finally:
        os.close(watch)


def test_a_server_that_has_just_taken_the_lock_is_waited_for(server):
    lock = server.home / "muster.db.lock"
    name = lock.read_bytes()
    lock.write_bytes(b"")  # As it is before the server has written its pid.
    with concurrent.futures.ThreadPoolExecutor(1) as somebody:
        with opened(lock) as wait_for_next:
            status = somebody.submit(server.json, "up")
            for _ in range(5):  # It reads the file four times before it looks again.
                wait_for_next()
        lock.write_bytes(name)
        assert status.result()["server"]["pid"] == int(name)
    lock.write_bytes(b"")
    assert "cannot be seen" in server.problem("up")["detail"]
    lock.write_bytes(name)
