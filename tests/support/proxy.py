"""A proxy between runners and their server that does to the runner's calls what a test wants: one request a connection, passed on whole."""

import collections
import random
import re
import socket
import threading

DELAY_SECONDS = 0.3


def _answer(status, content_type, body):
    return ("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
        status, content_type, len(body), body)).encode()


# What somebody else says at the server's address, by the name of the fault.
STRANGERS = {
    "unauthorized": _answer("401 Unauthorized", "application/problem+json", '{"code":"unauthorized","detail":"the token is not known"}'),
    "not_found": _answer("404 Not Found", "application/problem+json", '{"code":"not_found","detail":"there is no such run"}'),
    "bad_gateway": _answer("502 Bad Gateway", "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    "web_page": _answer("200 OK", "text/html", "<html><body>Welcome to nginx!</body></html>"),
    "friendly": _answer("200 OK", "application/json", '{"size":0,"next_sequence":0,"missing":[],"stop":{"reason":"no","code":"canceled",'
                        '"grace_seconds":0},"time":"2026-11-21T03:22:11Z"}'),
}


class Proxy:
    """Listens at .url and passes on to `target` (HOST:PORT). A call of a runner meets one of `faults`, by chance from `seed`: cut_before,
    cut_after, cut_inside, delay or twice; of others none. `met` counts them.

    Before that a runner's first calls of each kind are answered by others than the server: by each of `strangers` once, in order (of
    STRANGERS, or "other_home": the server at `other`). `heard` says which ones a kind of call has met."""

    def __init__(self, target, faults=(), seed=0, share=0.5, strangers=(), other=None):
        self._target, self._other = _place(target), _place(other) if other else None
        self._strangers = list(strangers)
        self.heard = collections.defaultdict(list)
        self._faults, self._random, self._share = faults, random.Random(seed), share
        self._lock = threading.Lock()
        self.met = dict.fromkeys(faults, 0)
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = "http://127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._stopped.set()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(60)
        with connection:
            try:
                request = read_request(connection)
                if request:
                    self._answer(connection, request)
            except OSError:
                pass  # one of the two is gone; the other sees that its connection is, too

    def _answer(self, connection, request):
        stranger = self._choose_stranger(request)
        if stranger:
            connection.sendall(STRANGERS.get(stranger) or self._ask(request, self._other))
            return
        fault = self._choose(request)
        if fault == "cut_before":
            return
        if fault == "delay":
            self._stopped.wait(DELAY_SECONDS)
        if fault == "twice":
            self._ask(request)
        if fault == "cut_inside":
            with socket.create_connection(self._target, timeout=60) as server:
                server.sendall(request[:-1])
            return
        answer = self._ask(request)
        if fault != "cut_after":
            connection.sendall(answer)

    def _choose_stranger(self, request):
        # Who asks for proof is a runner; the command line takes its home's own server for what it says.
        if b"\r\nmuster-nonce:" not in request.lower():
            return None
        with self._lock:
            heard = self.heard[kind_of(request)]
            left = self._strangers[len(heard):]
            heard += left[:1]
            return left[0] if left else None

    def _choose(self, request):
        with self._lock:
            if not self._faults or b"/api/v1/runner/" not in request.split(b"\r\n", 1)[0] or self._random.random() > self._share:
                return None
            # The one that was met least: each comes, however few calls there are.
            fault = min(self._faults, key=lambda one: (self.met[one], self._random.random()))
            self.met[fault] += 1
            return fault

    def _ask(self, request, place=None):
        """The server's whole answer, up to the end of the connection."""
        with socket.create_connection(place or self._target, timeout=60) as server:
            server.sendall(request)
            parts = []
            while True:
                part = server.recv(1 << 16)
                if not part:
                    return b"".join(parts)
                parts.append(part)


def kind_of(request):
    """What a call is about: its method and path, without the names of runs and snapshots: "POST check-in"."""
    method, target, _ = request.split(b"\r\n", 1)[0].decode().split(" ")
    path = re.sub(r"^/api/v1/runner/runs/[^/]*/attempts/\d+/(?:nodes/\d+/)?", "", target.split("?")[0])
    return "%s %s" % (method, re.sub(r"(?<=/)[^/]*[0-9a-f]{8}[^/]*", "…", path))


def _place(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


def read_request(connection):
    """A request with its body, told to be the connection's last; b"" when there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(1 << 16)
        if not part:
            return b""
        data += part
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    length = 0
    kept = [lines[0]]
    for line in lines[1:]:
        name, value = line.split(b":", 1)
        if name.lower() == b"content-length":
            length = int(value)
        if name.lower() == b"expect":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif name.lower() != b"connection":
            kept.append(line)
    while len(body) < length:
        part = connection.recv(1 << 16)
        if not part:
            return b""
        body += part
    return b"\r\n".join([*kept, b"Connection: close", b"", body])
