"""Points that this process sends to the server: one source of a run (docs/rest-api.md, Sources).

`add` puts a point into memory and returns; a thread sends what has gathered. The source numbers its points, so that a batch whose answer
was lost is sent again and changes nothing. While the server is away the points wait here.
"""
import atexit
import collections
import datetime
import itertools
import json
import os
import sys
import threading
import time
import uuid
import weakref
from typing import Any, Deque, List, Optional, TYPE_CHECKING

from .journal import check_name, check_size, now_us, step_of
from .._terminal.progress import counted
from .segment import HAS_STEP
from ..exceptions import AzureMLException, ProjectSystemException, ServerUnreachableException

if TYPE_CHECKING:
    from .._client.http import Client

GATHER_SECONDS = 0.1
IDLE_SECONDS = 5.0  # After which the thread ends; the next point starts another.
AGAIN_SECONDS = 1.0  # Between two tries while the server is away.
EXIT_SECONDS = 120.0
BATCH_POINTS = 5000
BATCH_BYTES = 4 << 20
LIMIT_BYTES = 64 << 20  # Of points that wait: beyond it `add` waits too …
PATIENCE_SECONDS = 600.0  # … for so long; then it raises.


class Source:
    """The points of one run from this process. Any thread may add; a forked child is a source of its own."""

    def __init__(self, client: "Client", run_path: str) -> None:
        self._client = client
        self._path = run_path
        self._start_anew()
        atexit.register(_send_the_rest, weakref.ref(self))

    def _start_anew(self) -> None:
        self._pid = os.getpid()
        self._id = uuid.uuid4().hex
        self._changed = threading.Condition(threading.RLock())  # Reentrant: a signal handler may log.
        self._points: Deque[bytes] = collections.deque()
        self._bytes = 0
        self._sequence = 0
        self._hurry = False
        self._thread: Optional[threading.Thread] = None
        self._refused: Optional[AzureMLException] = None
        self._away: Optional[AzureMLException] = None

    def add(self, name: str, value: bytes, step: Any) -> None:
        """Takes one point; `value` is its JSON. Raises what is wrong with it, what the server refused before, and
        ServerUnreachableException when the server has been away for so long that no more points can wait here."""
        check_name(name)
        check_size(name, value)
        flags, number = step_of(step)
        text = '{{"name":{},"step":{},"time":"{}","value":'.format(json.dumps(name), number if flags & HAS_STEP else "null", _now())
        point = text.encode("ascii") + value + b"}"
        if os.getpid() != self._pid:
            self._start_anew()
        with self._changed:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while self._bytes > LIMIT_BYTES and self._refused is None:
                if time.monotonic() > deadline:
                    raise ServerUnreachableException("The metric {!r} cannot be recorded: {} to be sent already.{}".format(
                        name, counted(len(self._points), "point waits", "points wait"), self._why()), self._away)
                self._changed.wait(1.0)
            if self._refused is not None:
                raise self._refused
            self._points.append(point)
            self._bytes += len(point)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="muster-points", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout_seconds: float) -> None:
        """Waits until the server has every point that was added before. Raises what it refused them for, and
        ServerUnreachableException when they are not there in time: they go on being sent."""
        if os.getpid() != self._pid:
            self._start_anew()
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            try:
                while self._points and self._refused is None:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise ServerUnreachableException("{} not sent after {:.0f} s. What waits in this process goes on "
                                                         "being sent; call run.flush() again.{}".format(
                                                             counted(len(self._points), "point is", "points are"), timeout_seconds,
                                                             self._why()), self._away)
                    self._changed.wait(min(left, 1.0))
                if self._refused is not None:
                    raise self._refused
            finally:
                self._hurry = False

    def _why(self) -> str:
        return " " + self._away.message if self._away else ""

    def waiting(self) -> int:
        """How many points are not sent yet."""
        return len(self._points) if os.getpid() == self._pid else 0

    # --- The thread ---

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._points:
                    self._changed.wait(IDLE_SECONDS)
                if not self._points:
                    self._thread = None
                    return
                if not self._hurry and len(self._points) < BATCH_POINTS:
                    self._changed.wait(GATHER_SECONDS)
                batch = self._next_batch()
            try:
                self._send(batch)
            except AzureMLException as error:
                if isinstance(error, ServerUnreachableException) or (error.status or 0) >= 500:
                    with self._changed:
                        self._away = error
                        self._changed.wait(AGAIN_SECONDS)
                    continue
                self._give_up(error)
                return
            except Exception as error:  # A fault of ours must not leave flush() waiting.
                self._give_up(ProjectSystemException("The run's points cannot be sent: {!r}.".format(error), error))
                return
            with self._changed:
                for point in batch:
                    self._points.popleft()
                    self._bytes -= len(point)
                self._sequence += len(batch)
                self._away = None
                self._changed.notify_all()

    def _next_batch(self) -> List[bytes]:
        batch: List[bytes] = []
        size = 0
        for point in itertools.islice(self._points, BATCH_POINTS):
            size += len(point) + 1
            if batch and size > BATCH_BYTES:
                break
            batch.append(point)
        return batch

    def _send(self, batch: List[bytes]) -> None:
        self._client.send("POST", self._path + "/metrics", b'{"points":[' + b",".join(batch) + b"]}",
                          query={"source": self._id, "sequence": self._sequence}, headers={"Content-Type": "application/json"})

    def _give_up(self, error: AzureMLException) -> None:
        with self._changed:
            self._refused = error
            self._points.clear()
            self._bytes = 0
            self._thread = None
            self._changed.notify_all()


def _now() -> str:
    now = now_us()
    moment = datetime.datetime.utcfromtimestamp(now // 1000000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + ".{:06d}Z".format(now % 1000000)


def _send_the_rest(reference: "weakref.ReferenceType[Source]") -> None:
    """When the interpreter ends: what was logged is sent first."""
    source = reference()
    if source is None or not source.waiting():
        return
    try:
        source.flush(EXIT_SECONDS)
    except AzureMLException as error:
        print("muster: " + error.message, file=sys.stderr)
