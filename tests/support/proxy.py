"""A proxy between runners and their server that does to the runner's calls what a test wants: one request a connection, passed on whole."""

import random
import socket
import threading

DELAY_SECONDS = 0.3


class Proxy:
    """Listens at .url and passes on to `target` (HOST:PORT). A call of a runner meets one of `faults`, by chance from `seed`: cut_before,
    cut_after, cut_inside, delay or twice; of others none. `met` counts them."""

    def __init__(self, target, faults, seed, share=0.5):
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
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

    def _choose(self, request):
        with self._lock:
            if b"/api/v1/runner/" not in request.split(b"\r\n", 1)[0] or self._random.random() > self._share:
                return None
            # The one that was met least: each comes, however few calls there are.
            fault = min(self._faults, key=lambda one: (self.met[one], self._random.random()))
            self.met[fault] += 1
            return fault

    def _ask(self, request):
        """The server's whole answer, up to the end of the connection."""
        with socket.create_connection(self._target, timeout=60) as server:
            server.sendall(request)
            parts = []
            while True:
                part = server.recv(1 << 16)
                if not part:
                    return b"".join(parts)
                parts.append(part)


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
