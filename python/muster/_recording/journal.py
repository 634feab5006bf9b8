"""This process's metric journal: what `run.log` writes in a job. Defined in docs/formats.md.

A point is recorded when the call returns: it lies in a memory-mapped file, which the system keeps when this process is
killed. Nothing here touches the network or waits for anything but a short lock.

Any thread may record, also from a signal handler. A forked child starts a journal of its own.
"""
import errno
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from .segment import HAS_STEP, NUMBER_BYTES, Segment, name_bytes, value_bytes
from ..exceptions import RunEnvironmentException, UserErrorException

FIRST_SEGMENT_BYTES = 1 << 20
LARGEST_SEGMENT_BYTES = 16 << 20
JSON_LIMIT_BYTES = 1 << 20
NAME_LIMIT = 255
STEP_MIN, STEP_MAX = -2 ** 63, 2 ** 63 - 1

_FORK_HOOKS = hasattr(os, "register_at_fork")  # Python 3.7; before it, each call compares the process id.

if sys.version_info >= (3, 7):
    def now_us() -> int:
        """Microseconds since 1970."""
        return _time_ns() // 1000

    _time_ns = time.time_ns
else:
    def now_us() -> int:
        """Microseconds since 1970."""
        return int(_time() * 1000000)

    _time = time.time


class Journal:
    """A journal in one folder. Files are made at the first point, so a process that logs nothing leaves none."""

    def __init__(self, folder: str, rank: Union[int, Callable[[], int]] = -1, first_segment_bytes: int = FIRST_SEGMENT_BYTES) -> None:
        self._folder = folder
        # A function is asked at this process's first point: a worker may learn its rank after it was started.
        self._ask_rank = rank if callable(rank) else lambda: rank
        self._rank = -1
        self._first_segment_bytes = first_segment_bytes
        self._start_anew()
        if _FORK_HOOKS:
            os.register_at_fork(after_in_child=self._start_anew)

    def _start_anew(self) -> None:
        """The state of a process that has recorded nothing. In a forked child the parent's map is only let go of."""
        self._pid = os.getpid()
        # Reentrant, because a signal handler that logs may interrupt its own thread inside the lock.
        self._lock = threading.RLock()
        self._busy = False
        self._deferred: List[Tuple[str, int, int, Any]] = []
        self._ids: Dict[str, int] = {}
        self._segment: Optional[Segment] = None
        self._key = ""
        self._index = 0
        self._sequence = 0  # Points in earlier segments.

    def number(self, name: str, flags: int, step: int, value: float) -> None:
        """Records a number; `flags` and `step` as in the format. Raises what `value` raises."""
        if not _FORK_HOOKS and os.getpid() != self._pid:
            self._start_anew()
        with self._lock:
            if self._busy:
                self._deferred.append((name, flags, step, value))
                return
            self._busy = True
            try:
                segment = self._segment
                try:
                    name_id = self._ids[name]
                except (KeyError, TypeError):
                    segment, name_id = self._prepare(name, NUMBER_BYTES)
                else:
                    if segment.at > segment.size - 56:  # type: ignore[union-attr]  # NUMBER_BYTES + END_BYTES
                        segment, name_id = self._prepare(name, NUMBER_BYTES)
                segment.number(name_id, flags, now_us(), step, value)  # type: ignore[union-attr]
            except BaseException:
                self._recover()
                raise
            finally:
                self._busy = False
            if self._deferred:
                self._record_deferred()

    def value(self, name: str, flags: int, step: int, text: bytes) -> None:
        """Records a value given as JSON in UTF-8.

        UserErrorException: the name or the value is not allowed, with its limit. RunEnvironmentException: the journal
        cannot be written, as on a full disk; the point is not recorded then, and a later one may be.
        """
        check_size(name, text)
        if not _FORK_HOOKS and os.getpid() != self._pid:
            self._start_anew()
        with self._lock:
            if self._busy:
                self._deferred.append((name, flags, step, text))
                return
            self._busy = True
            try:
                segment, name_id = self._prepare(name, value_bytes(text))
                segment.value(name_id, flags, now_us(), step, text)
            except BaseException:
                self._recover()
                raise
            finally:
                self._busy = False
            if self._deferred:
                self._record_deferred()

    def _record_deferred(self) -> None:
        """Records what signal handlers logged while a record was being written."""
        while self._deferred:
            name, flags, step, value = self._deferred.pop(0)
            if isinstance(value, bytes):
                self.value(name, flags, step, value)
            else:
                self.number(name, flags, step, value)

    def _recover(self) -> None:
        if self._segment is not None:
            self._segment.recover()

    def _prepare(self, name: str, room: int) -> Tuple[Segment, int]:
        """A segment with room for a record of `room` bytes, and the name's id in it."""
        encoded = check_name(name)
        wanted = room + name_bytes(encoded)
        while self._segment is None or self._segment.room() < wanted:
            self._open_next()
        name_id = self._ids.get(name)
        if name_id is None:
            name_id = len(self._ids)
            self._segment.name(name_id, encoded)
            self._ids[name] = name_id
        return self._segment, name_id

    def _open_next(self) -> None:
        """Makes the next segment, then ends the one before, so that an end record's next segment always exists."""
        previous = self._segment
        sequence = self._sequence + (previous.points if previous is not None else 0)
        try:
            if previous is None:
                self._key, segment = self._create_first()
                index = 0
            else:
                index = self._index + 1
                size = min(previous.size * 2, max(LARGEST_SEGMENT_BYTES, self._first_segment_bytes))
                segment = Segment(self._path(self._key, index), size, self._rank, sequence, now_us())
        except OSError as error:
            hint = "Free some space and log again." if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else \
                "Look at the folder's owner and mode."
            raise RunEnvironmentException("The metric cannot be recorded in {}: {}. {}".format(
                self._folder, error.strerror, hint), error)
        if previous is not None:
            previous.end()
        self._segment, self._index, self._sequence, self._ids = segment, index, sequence, {}

    def _create_first(self) -> Tuple[str, Segment]:
        os.makedirs(self._folder, exist_ok=True)
        self._rank = self._ask_rank()
        created = now_us()
        while True:
            key = "{}-{:x}".format(os.getpid(), created)
            path = self._path(key, 0)
            # Two journals of one process may start within a microsecond; so may, years apart, two processes of one id.
            if not os.path.exists(path):
                try:
                    return key, Segment(path, self._first_segment_bytes, self._rank, 0, created)
                except FileExistsError:
                    pass
            created += 1

    def _path(self, key: str, index: int) -> str:
        return os.path.join(self._folder, "{}.{:06d}.journal".format(key, index))


def step_of(step: Any) -> Tuple[int, int]:
    """The flag and the number for a step, which may be None."""
    if step is None:
        return 0, 0
    try:
        number = int(step)
        exact = number == step
    except (TypeError, ValueError, OverflowError):
        exact = False
    if not exact or not STEP_MIN <= number <= STEP_MAX:
        raise UserErrorException("step: {!r} is not a whole number of 64 bits. Give one, or leave it out.".format(step))
    return HAS_STEP, number


def check_size(name: str, text: bytes) -> None:
    """UserErrorException for JSON that is longer than a record's may be."""
    if len(text) > JSON_LIMIT_BYTES:
        raise UserErrorException("value: the metric {!r} takes {} bytes as JSON, and may take {}. Log it in parts, or write it to a "
                                 "file in outputs/.".format(name, len(text), JSON_LIMIT_BYTES))


def check_name(name: Any) -> bytes:
    """A metric's name in UTF-8. UserErrorException when it is none, or too long."""
    if not isinstance(name, str):
        raise UserErrorException("name: a metric's name must be a string, not {}.".format(type(name).__name__))
    if not 1 <= len(name) <= NAME_LIMIT:
        raise UserErrorException("name: a metric's name must have 1 to {} characters, not {}.".format(NAME_LIMIT, len(name)))
    try:
        return name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UserErrorException("name: {!r} cannot be written as UTF-8.".format(name), error)
