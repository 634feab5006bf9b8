"""What clients and runs do leaves the server's memory where it was: answers are made as they are sent, and long lists come in parts."""

import contextlib
import pathlib
import socket
import ssl
import urllib.parse

import pytest

from muster_program import free_address
from rest import Rest

# Sanitizers keep what was freed.
pytestmark = pytest.mark.released

ALLOWED_KIB = 40 << 10


class Memory:
    """Of the server, from now on."""

    def __init__(self, muster):
        self.folder = pathlib.Path("/proc/%d" % muster.server()["pid"])
        (self.folder / "clear_refs").write_text("5")  # the peak counts from here
        self.before = self.kib("VmRSS")

    def kib(self, name):
        [line] = [line for line in (self.folder / "status").read_text().splitlines() if line.startswith(name + ":")]
        return int(line.split()[1])

    def assert_within_bounds(self):
        peak = self.kib("VmHWM")
        print("server: %d KiB before, %d KiB at most" % (self.before, peak))
        assert peak - self.before <= ALLOWED_KIB, "%d KiB before, %d KiB at most" % (self.before, peak)


def request_without_reading(muster, path):
    """Asks, and reads the first byte of the answer only."""
    url = urllib.parse.urlsplit(muster.server()["url"])
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect((url.hostname, url.port))
    connection.sendall(("GET /api/v1%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % (path, Rest(muster).token)).encode())
    return connection


MANY_POINTS = """
from azureml.core import Run
run = Run.get_context()
for i in range(100000):
    run.log("loss", i / 7)
"""


def test_clients_that_do_not_read_metrics_cost_little(server):
    run = server.ended(server.submit(MANY_POINTS)["run_id"], seconds=120)
    assert run["status"] == "Completed", run
    path = "/workspaces/default/runs/%s/metrics" % run["run_id"]
    status, whole = Rest(server)("GET", path)
    assert (status, len(whole["metrics"]["loss"]), whole["next"]) == (200, 100000, None)
    assert [point["value"] for point in whole["metrics"]["loss"][::9999]] == [i / 7 for i in range(0, 100000, 9999)]
    memory = Memory(server)
    silent = [request_without_reading(server, path) for _ in range(30)]
    assert all(connection.recv(1) == b"H" for connection in silent)
    # Each answer is stuck by now; somebody who reads still has one.
    assert Rest(server)("GET", path)[1] == whole
    memory.assert_within_bounds()
    for connection in silent:
        connection.close()


MANY_OUTPUTS = """
import os
for folder in range(100):
    os.makedirs("outputs/%d" % folder)
    for i in range(1000):
        with open("outputs/%d/%d" % (folder, i), "w") as file:
            file.write(str(i))
"""


@pytest.mark.full  # a disk may take minutes to make and to remove so many files
def test_a_run_with_100000_outputs_costs_little(server):
    server.ended(server.submit("print(1)")["run_id"])
    memory = Memory(server)
    run = server.ended(server.submit(MANY_OUTPUTS)["run_id"], seconds=300)
    assert run["status"] == "Completed", run
    memory.assert_within_bounds()
    server.assert_only_server_left(seconds=300)  # the runner removes its copies of all of them
    listed = server.json("run", "outputs", run["run_id"], timeout=120)["artifacts"]
    assert sum(one["path"].startswith("outputs/") for one in listed) == 100000
    server("run", "download", run["run_id"], "outputs/7", "--to", "got", timeout=120)
    assert sum(1 for _ in (server.folder / "got").rglob("*")) >= 1000
    memory.assert_within_bounds()


def test_connections_with_tls_cost_little(muster):
    address = free_address()
    muster("up", "--listen", address.replace("127.0.0.1", "0.0.0.0"), "--advertise", "https://" + address)
    host, port = address.split(":")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    memory = Memory(muster)
    with contextlib.ExitStack() as stack:
        for number in range(900):
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            if number % 6 == 0:  # the others say nothing
                connection = stack.enter_context(trusting.wrap_socket(connection))
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        memory.assert_within_bounds()
