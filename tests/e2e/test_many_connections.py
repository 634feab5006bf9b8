"""Clients that connect and say nothing: descriptors are raised to what the machine allows, and the silent ones make room for the others."""

import contextlib
import resource
import socket
import subprocess

from muster_program import PROGRAM, free_address
from waiting import wait_until

JOB = """
import resource, time
print("soft limit", resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def up_within(muster, soft, hard):
    """`muster up` by a shell with these limits of descriptors."""
    script = 'ulimit -Sn %d && ulimit -Hn %d && exec "$0" up --listen "$1"' % (soft, hard)
    subprocess.run(["sh", "-c", script, str(PROGRAM), free_address()],
                   env=muster.environment, cwd=muster.folder, check=True, stdout=subprocess.DEVNULL, timeout=60)


@contextlib.contextmanager
def silent(muster, count):
    """So many connections to the server that send nothing."""
    host, port = muster.server()["url"].split("//")[1].split(":")
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
        yield


@contextlib.contextmanager
def many_descriptors():
    """As many descriptors for this test as it may have; gives that number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_limit_is_raised_for_the_server_and_not_for_jobs(muster):
    up_within(muster, 256, 1500)
    pid = muster.server()["pid"]
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (1500, 1500)

    run_id = muster.submit(JOB)["run_id"]

    assert muster.ended(run_id)["status"] == "Completed"
    assert "soft limit 256" in muster("run", "logs", run_id).stdout


def test_idle_connections_beyond_the_limit_keep_nobody_out(muster):
    with many_descriptors():
        up_within(muster, 1024, 1024)
        with silent(muster, 1100):
            run_id = muster.submit("print('hello')")["run_id"]
            assert muster.ended(run_id)["status"] == "Completed"
            assert muster("run", "logs", run_id).stdout == "hello\n"


def test_ten_thousand_idle_connections_keep_nobody_out(muster):
    with many_descriptors() as mine:
        muster("up", "--listen", free_address())
        with silent(muster, min(10_000, mine - 200)):
            run_id = muster.submit("print('hello')")["run_id"]
            assert muster.ended(run_id)["status"] == "Completed"
        wait_until(lambda: muster.server()["pid"], "the server to answer")
