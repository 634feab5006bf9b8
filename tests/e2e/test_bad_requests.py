"""Requests that no client of ours would send: refused by name, and the server goes on as before."""

import http.client
import socket

import pytest

from rest import Rest

RUNS = "/workspaces/default/runs"


@pytest.fixture
def rest(server):
    return Rest(server)


def healthy(rest):
    return rest("GET", "/status")[0] == 200


def test_a_wrong_token_is_unauthorized(rest):
    status, problem = rest("GET", "/status", token="wrong")
    assert (status, problem["code"]) == (401, "unauthorized")
    assert problem["hint"]


def test_health_needs_no_token(rest):
    connection = http.client.HTTPConnection(*rest.address, timeout=5)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b'{"status":"ok"}'


@pytest.mark.parametrize("body, code", [
    (b"{", "malformed"),
    (b"", "malformed"),
    (b'{"experiment": "\xff\xfe"}', "malformed"),
    (b"[" * 200_000, "malformed"),
    (b'{"experiment": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "malformed"),
    (b"[]", "invalid"),
    (b'"run"', "invalid"),
    (b"null", "invalid"),
    (b"{}", "invalid"),
    (b'{"experiment": 7, "command": "true"}', "invalid"),
    (b'{"experiment": "e", "command": ["true"]}', "invalid"),
    (b'{"experiment": "e", "command": "true", "node_count": "two"}', "invalid"),
    (b'{"experiment": "e", "command": "true", "node_count": 0}', "invalid"),
    (b'{"experiment": "e", "command": "true", "node_count": 1e400}', "invalid"),
    (b'{"experiment": "e", "command": "true", "colour": "red"}', "invalid"),
    (b'{"experiment": "e", "command": "true", "script": "a.py"}', "invalid"),
    (b'{"experiment": "e"}', "invalid"),
], ids=lambda value: repr(value[:50]) if isinstance(value, bytes) else value)
def test_a_body_that_is_no_run_is_refused(rest, body, code):
    status, problem = rest("POST", RUNS, body)

    assert problem["code"] == code, problem
    assert status == {"malformed": 400, "invalid": 422}[code]
    assert problem["detail"]
    assert rest("GET", RUNS)[1]["runs"] == []
    assert rest("GET", "/workspaces/default/experiments")[1]["experiments"] == []


def test_every_fault_is_named_at_once(rest):
    status, problem = rest("POST", RUNS, {"experiment": "a/b", "script": "../train.py", "node_count": -1, "colour": "red"})

    assert status == 422
    assert {"experiment", "node_count", "colour"} <= {error["field"] for error in problem["errors"]}


def test_a_body_over_the_limit_is_too_large(rest):
    with socket.create_connection(rest.address, timeout=10) as connection:
        connection.sendall(("POST /api/v1%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                            "Content-Length: %d\r\n\r\n" % (RUNS, rest.token, 9 << 20)).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")
    assert healthy(rest)


def test_a_client_that_says_nothing_does_not_hold_up_others(rest):
    with socket.create_connection(rest.address, timeout=10) as silent:
        silent.sendall(b"POST /api/v1/workspaces HTTP/1.1\r\nHost: x\r\nContent-Le")
        assert healthy(rest)


@pytest.mark.parametrize("line", [b"GET\r\n\r\n", b"\x00" * 64 + b"\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                                  b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                                  b"GET /api/v1/status HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"], ids=lambda line: repr(line[:24]))
def test_what_is_not_http_ends_the_connection_alone(rest, line):
    with socket.create_connection(rest.address, timeout=10) as connection:
        try:
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(1000)
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert healthy(rest)


def test_an_unknown_path_and_a_wrong_method_are_told_apart(rest):
    assert rest("GET", "/nothing")[1]["code"] == "not_found"
    assert rest("DELETE", "/status")[1]["code"] == "method_not_allowed"


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/etc/passwd", "a%00b"])
def test_a_log_outside_the_run_is_not_found(server, rest, name):
    run_id = server.submit("print('x')")["run_id"]
    server.ended(run_id)

    assert rest("GET", "%s/%s/logs/%s" % (RUNS, run_id, name))[0] in (400, 404, 422)


def test_one_key_makes_one_run(rest):
    body = {"experiment": "e", "command": "true"}
    first = rest("POST", RUNS, body, Idempotency_Key="k1")
    again = rest("POST", RUNS, body, Idempotency_Key="k1")
    other = rest("POST", RUNS, {**body, "command": "false"}, Idempotency_Key="k1")

    assert first[0] == again[0] == 201
    assert first[1]["run_id"] == again[1]["run_id"]
    assert (other[0], other[1]["code"]) == (409, "conflict")
    assert len(rest("GET", RUNS)[1]["runs"]) == 1


def test_a_run_of_a_snapshot_that_is_not_there_is_refused(rest):
    status, problem = rest("POST", RUNS, {"experiment": "e", "script": "train.py", "snapshot_id": "0" * 64})
    assert status in (404, 422) and "snapshot" in problem["detail"] + str(problem.get("errors"))


def test_the_api_describes_itself(rest):
    status, api = rest("GET", "/openapi.json")
    assert status == 200 and api["openapi"].startswith("3.")
    assert any("/runs/{run}" in path for path in api["paths"])
