"""`muster up`, by several people at once."""

import concurrent.futures
import json
import time

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


def test_a_server_that_has_just_taken_the_lock_is_waited_for(server):
    lock = server.home / "muster.db.lock"
    name = lock.read_bytes()
    lock.write_bytes(b"")  # As it is before the server has written its pid.
    with concurrent.futures.ThreadPoolExecutor(1) as somebody:
        status = somebody.submit(server.json, "up")
        time.sleep(0.3)
        lock.write_bytes(name)
        assert status.result()["server"]["pid"] == int(name)
    lock.write_bytes(b"")
    assert "cannot be seen" in server.problem("up")["detail"]
    lock.write_bytes(name)
