"""The HTTP client: keep-alive connections, retries, time limits; problem documents become exceptions.

Every call may be sent twice when the connection breaks: reads and uploads by content are the same twice, and creates
carry an `Idempotency-Key`, so that the server gives the first answer again.

A `Client` may be used by many threads at once, and after a fork.
"""
import http.client
import json
import os
import random
import socket
import ssl
import threading
import time
import uuid
from typing import Any, Callable, Dict, IO, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union
from urllib.parse import urlencode

from . import json_body
from .. import _version
from .addresses import host_and_port, normal_url, pinned_url, read_fingerprint, read_server_url
from .config import find_fingerprint, find_token, in_run
from .problems import ErrorClass, to_exception
from .proxy import proxy_for
from .tls import WrongCertificateError, secure_connection
from ..exceptions import ProjectSystemException, ServerUnreachableException, UserErrorException

API = "/api/v1"
CONNECT_TIMEOUT_SECONDS = 10.0
READ_TIMEOUT_SECONDS = 120.0
RETRY_FOR_SECONDS = 20.0  # A broken connection or an answer of TRIED_AGAIN is tried again for this long …
REFUSED_FOR_SECONDS = 1.0  # … and for this long when nothing listens at an address that has never answered.
TRIED_AGAIN = (502, 503, 504)  # The server, or a proxy before it, is not ready. The same as the command line's.
CHUNK_BYTES = 1 << 20
IDLE_CONNECTIONS = 8
ANSWER_LIMIT_BYTES = 1 << 30

# What a connection that is cut off raises, with TLS too; the certificate is not at fault.
_CUT_OFF = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)

Answer = NamedTuple("Answer", [("status", int), ("headers", Mapping[str, str]), ("body", bytes)])
Body = Union[bytes, Callable[[], IO[bytes]]]
Sent = Callable[[int], None]


class Client:
    """Speaks to one server with one token."""

    def __init__(self, url: str, token: str, fingerprint: str = "") -> None:
        server = read_server_url(url)
        self.url = normal_url(url)
        self.pinned_url = pinned_url(self.url, server.fingerprint)  # With the fingerprint, where it came from the address.
        self._fingerprint = server.fingerprint or (read_fingerprint(fingerprint) if fingerprint else "")
        self._https, self._host, self._port = server.https, server.host, server.port
        self._proxy = proxy_for("https" if self._https else "http", self._host, self._port)
        self._has_answered = False
        self._prefix = API
        if self._proxy and not self._https:  # A proxy is told the whole address.
            self._prefix = "http://" + host_and_port(server) + API
        self._headers = {"User-Agent": "muster-python/" + _version.__version__, "Accept": "application/json"}
        try:
            token.encode("ascii")
            valid = token.isprintable()
        except UnicodeError:
            valid = False
        if not valid:
            raise UserErrorException("The token for {} has characters that cannot be in a token; look at MUSTER_TOKEN or the "
                                     "credentials file.".format(url))
        if token:
            self._headers["Authorization"] = "Bearer " + token
        if self._proxy and self._proxy.authorization and not self._https:
            self._headers["Proxy-Authorization"] = self._proxy.authorization
        self._idle: List[http.client.HTTPConnection] = []
        self._idle_of = os.getpid()
        self._lock = threading.Lock()

    def __reduce__(self) -> Any:
        """A copy speaks to the same server. No token is put into a pickle: the one to use is found anew where it is read."""
        return _again, (self.pinned_url,)

    # --- Whole answers ---

    def json(self, method: str, path: str, body: Any = None, query: Optional[Mapping[str, Any]] = None,
             error: Optional[ErrorClass] = None, create: bool = False) -> Any:
        """Sends and reads JSON; `path` is below /api/v1. `create`: the call makes something new, so it gets a key."""
        headers = {}
        data = None
        if body is not None:
            data = json_body.encode(body)
            headers["Content-Type"] = "application/json"
        if create:
            headers["Idempotency-Key"] = uuid.uuid4().hex
        answer = self.send(method, path, data, query=query, headers=headers, error=error)
        if not answer.body:
            return None
        try:
            return json.loads(answer.body.decode("utf-8"))
        except ValueError as fault:
            raise ProjectSystemException("{} did not answer {} {} with JSON; is it a Muster server?".format(
                self.url, method, path), fault)

    def send(self, method: str, path: str, body: Optional[Body] = None, size: Optional[int] = None,
             query: Optional[Mapping[str, Any]] = None, headers: Optional[Mapping[str, str]] = None,
             error: Optional[ErrorClass] = None, sent: Optional[Sent] = None) -> Answer:
        """Sends one request, again where the connection breaks, and reads the whole answer.

        `body` is bytes, or a function that opens a file of `size` bytes anew for each try. `sent` is called with the number of bytes
        sent, and of the same negative number when a try has to start over. Raises for every answer that is an error.
        """
        address = self._address(path, query)
        started = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            counter = _Counter(sent)
            try:
                answer = self._once(method, address, body, size, headers or {}, counter)
            except _NotAnswered as fault:
                counter.take_back()
                if not fault.stale:
                    self._pause_or_raise(fault.reason, started, attempt)
                continue
            if answer.status in TRIED_AGAIN and time.monotonic() - started < RETRY_FOR_SECONDS:
                counter.take_back()
                _pause(attempt)
                continue
            if answer.status >= 400:
                # The first try's answer was lost, the thing is gone: that is what was asked for.
                if method == "DELETE" and answer.status == 404 and attempt > 1:
                    return answer
                refusal = to_exception(answer.status, answer.body, method + " " + path, error)
                refusal.repeated = attempt > 1
                raise refusal
            return answer

    def pages(self, path: str, key: str, query: Optional[Mapping[str, Any]] = None,
              error: Optional[ErrorClass] = None) -> Iterator[Dict[str, Any]]:
        """All items of a list that comes in pages, fetched as they are asked for."""
        asked = dict(query or {})
        asked.setdefault("limit", 1000)
        while True:
            page = self.json("GET", path, query=asked, error=error)
            for item in page[key]:
                yield item
            if not page.get("next"):
                return
            asked["cursor"] = page["next"]

    # --- Answers that flow ---

    def stream(self, path: str, query: Optional[Mapping[str, Any]] = None, headers: Optional[Mapping[str, str]] = None,
               timeout_seconds: float = READ_TIMEOUT_SECONDS, error: Optional[ErrorClass] = None) -> "Stream":
        """Starts a GET on a connection of its own and returns once the headers are there.

        No single read waits longer than `timeout_seconds`. Does not try again; raises ServerUnreachableException when
        no answer came.
        """
        connection = self._connect()
        try:
            try:
                connection.connect()
                connection.sock.settimeout(timeout_seconds)
                connection.request("GET", self._address(path, query), headers=dict(self._headers, **(headers or {})))
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as fault:
                raise self._unreachable(fault)
            if response.status >= 400:
                raise to_exception(response.status, response.read(CHUNK_BYTES), "GET " + path, error)
        except BaseException:
            connection.close()
            raise
        return Stream(connection, response, self)

    def close(self) -> None:
        """Closes the connections that are kept. The client can be used on."""
        while self._idle:
            self._idle.pop().close()

    def __del__(self) -> None:
        if hasattr(self, "_idle"):
            self.close()

    # --- Inside ---

    def _address(self, path: str, query: Optional[Mapping[str, Any]]) -> str:
        asked = {key: value for key, value in (query or {}).items() if value is not None}
        return self._prefix + path + ("?" + urlencode(asked, doseq=True) if asked else "")

    def _connect(self) -> http.client.HTTPConnection:
        host, port = (self._proxy.host, self._proxy.port) if self._proxy else (self._host, self._port)
        if not self._https:
            return http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT_SECONDS)
        connection = secure_connection(host, port, CONNECT_TIMEOUT_SECONDS, self._fingerprint)
        if self._proxy:
            authorization = {"Proxy-Authorization": self._proxy.authorization} if self._proxy.authorization else {}
            connection.set_tunnel(self._host, self._port, authorization)
        return connection

    def _take(self) -> Tuple[http.client.HTTPConnection, bool]:
        """An open connection, and whether it was kept from an earlier call."""
        if self._idle_of != os.getpid():
            # In a forked child these are the parent's, and so may be the lock. Closing its copies leaves the parent's open.
            self._idle_of, self._lock = os.getpid(), threading.Lock()
            self.close()
        with self._lock:
            if self._idle:
                return self._idle.pop(), True
        connection = self._connect()
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sock.settimeout(READ_TIMEOUT_SECONDS)
        except BaseException:
            connection.close()
            raise
        return connection, False

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()

    def _once(self, method: str, address: str, body: Optional[Body], size: Optional[int], headers: Mapping[str, str],
              counter: "_Counter") -> Answer:
        source = body() if callable(body) else None  # Its faults are not the connection's.
        try:
            connection, kept = self._take()
        except OSError as fault:
            if source is not None:
                source.close()
            raise _NotAnswered(fault)
        try:
            connection.putrequest(method, address, skip_accept_encoding=True)
            for name, value in dict(self._headers, **headers).items():
                connection.putheader(name, value)
            if body is not None or method in ("POST", "PUT", "PATCH"):
                length = len(body) if isinstance(body, bytes) else (size if body is not None else 0)
                connection.putheader("Content-Length", str(length))
            try:
                connection.endheaders(body if isinstance(body, bytes) else None)
                if isinstance(body, bytes):
                    counter.add(len(body))
                elif source is not None:
                    _send_file(connection, source, size or 0, counter)
            except _CUT_OFF:
                # A server that refuses a body may answer and close before it has read all of it: the answer says why.
                pass
            response = connection.getresponse()
            data = _read_all(response)
        except (OSError, http.client.HTTPException) as fault:
            connection.close()
            # A connection kept from an earlier call may have been closed meanwhile; a new one tells whether all is well.
            raise _NotAnswered(fault, stale=kept and isinstance(fault, _CUT_OFF))
        except BaseException:
            connection.close()  # What is half sent or half read cannot be used again.
            raise
        finally:
            if source is not None:
                source.close()
        if response.will_close:
            connection.close()
        else:
            self._give_back(connection)
        self._has_answered = True
        return Answer(response.status, dict(response.headers.items()), data)

    def _pause_or_raise(self, reason: Exception, started: float, attempt: int) -> None:
        is_nobody_there = isinstance(reason, (ConnectionRefusedError, socket.gaierror))
        # A server that has answered is being started again: a run of days must not fail for that.
        patience = REFUSED_FOR_SECONDS if is_nobody_there and not self._has_answered else RETRY_FOR_SECONDS
        final = isinstance(reason, ssl.SSLError) and not isinstance(reason, _CUT_OFF)
        if final or time.monotonic() - started >= patience:
            raise self._unreachable(reason)
        _pause(attempt)

    def _unreachable(self, reason: BaseException) -> ServerUnreachableException:
        advice = "Start it with `muster up`, or set MUSTER_URL to where it is."
        if isinstance(reason, ConnectionRefusedError):
            why = "nothing listens there"
        elif isinstance(reason, socket.timeout):
            why = "no answer in time"
        elif isinstance(reason, WrongCertificateError):
            why = str(reason)
            advice = "If its certificate was changed on purpose, `muster login {}` stores the new one.".format(self.url)
        elif isinstance(reason, ssl.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(reason):
            why = "its certificate is not trusted ({})".format(reason)
            advice = "`muster login {}` shows its fingerprint and stores it.".format(self.url)
        else:
            why = str(reason) or type(reason).__name__
        if in_run():
            advice = "The run goes on without it; call again when it is back."
        return ServerUnreachableException("The Muster server at {} cannot be reached: {}. {}".format(self.url, why, advice), reason)


def _again(url: str) -> Client:
    return Client(url, find_token(url), find_fingerprint(url) if read_server_url(url).https else "")


class Stream:
    """The body of an answer, as it comes. Close it, or use it in a `with`."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, client: Client) -> None:
        self._connection = connection
        self._response = response
        self._client = client
        self.status = response.status
        self.headers = response.headers

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        """Some bytes, as soon as there are any; none at the end. ServerUnreachableException when the connection breaks."""
        try:
            return self._response.read1(size)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise self._client._unreachable(fault)

    def readline(self, limit: int) -> bytes:
        """One line with its end; none at the end of the stream."""
        try:
            return self._response.readline(limit)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise self._client._unreachable(fault)

    def close(self) -> None:
        """Ends the connection. May be called twice."""
        self._response.close()
        self._connection.close()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()


class _NotAnswered(Exception):
    def __init__(self, reason: Exception, stale: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stale = stale


class _Counter:
    """Tells a listener of the bytes sent, and takes them back when they have to be sent again."""

    def __init__(self, listener: Optional[Sent]) -> None:
        self._listener = listener
        self._count = 0

    def add(self, count: int) -> None:
        self._count += count
        if self._listener is not None:
            self._listener(count)

    def take_back(self) -> None:
        if self._listener is not None and self._count:
            self._listener(-self._count)
        self._count = 0


def _send_file(connection: http.client.HTTPConnection, file: IO[bytes], size: int, counter: _Counter) -> None:
    """Sends exactly `size` bytes: a file that grows is cut and one that shrinks filled up; the server sees by the hash."""
    left = size
    while left:
        chunk = file.read(min(CHUNK_BYTES, left))
        if not chunk:
            chunk = b"\0" * min(CHUNK_BYTES, left)
        connection.send(chunk)
        counter.add(len(chunk))
        left -= len(chunk)


def _read_all(response: http.client.HTTPResponse) -> bytes:
    chunks = []
    size = 0
    while True:
        # Python 3.6 makes a buffer of all it is asked to read, so that is never much more than there is.
        chunk = response.read(min(CHUNK_BYTES, response.length) if response.length is not None else CHUNK_BYTES)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
        if size > ANSWER_LIMIT_BYTES:
            raise http.client.HTTPException("the answer is longer than {} bytes".format(ANSWER_LIMIT_BYTES))
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(chunks)


def _pause(attempt: int) -> None:
    """Waits before the next try: a tenth of a second, doubling up to two, and by chance so that clients do not march."""
    time.sleep(min(2.0, 0.1 * 2 ** min(attempt - 1, 5)) * (0.5 + random.random() / 2))
