"""One segment file of a metric journal: made whole, mapped into memory, filled record by record.

The format is defined in docs/formats.md, "Metric journal". A segment knows nothing of names, threads or forks; those
are the journal's.
"""
import errno
import mmap
import os
import platform
import struct
import sys
import threading

MAGIC = b"MUSTERMJ"
VERSION = 1
HEADER_BYTES = 64
NUMBER_BYTES = 40  # A number's record: 8 bytes of head and 32 of payload.
END_BYTES = 16
NAME, NUMBER, VALUE, END = 1, 2, 3, 4
HAS_STEP, IS_INTEGER = 1, 2

_HEADER = struct.Struct("<8sIIQiIQq16x")
_HEAD = struct.Struct("<BBH")
_NAME = struct.Struct("<BBHI")
_VALUE = struct.Struct("<BBHIIqq")
_PACK_NUMBER = struct.Struct("<BBHIIqqd").pack_into

# x86 shows stores to other processors in their order. Elsewhere a lock taken and given back stands between a record's
# payload and its length, or a reader could see the length first.
_ORDERED_STORES = platform.machine().lower() in ("x86_64", "amd64", "i386", "i686")


class Segment:
    """A mapped segment. Its file stays whole and readable when the process dies at any instant."""

    def __init__(self, path: str, size: int, rank: int, first_sequence: int, created: int) -> None:
        """Makes the file `path`, which must not exist. OSError when there is no room for all of it."""
        temporary = path + ".tmp"
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o644)
        try:
            try:
                _reserve(fd, size)
                self._map = mmap.mmap(fd, size)
            finally:
                os.close(fd)
            _HEADER.pack_into(self._map, 0, MAGIC, VERSION, HEADER_BYTES, size, rank, os.getpid(), first_sequence, created)
            os.rename(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        self.size = size
        # Of this segment alone, which no forked child writes: another thread may hold it at a fork.
        self._fence = threading.Lock()
        # The writer's next record. A record fits at `at` while `at` is not past the size less its bytes and the end's.
        self.at = HEADER_BYTES
        self.points = 0
        self._touched = 0  # Payloads other than numbers have been written up to here.
        # Lengths are stored through this view, four bytes in one move; struct would store them byte by byte.
        self._lengths = memoryview(self._map).cast("I")

    def room(self) -> int:
        """Bytes that are left for records, the end record's kept back."""
        return self.size - END_BYTES - self.at

    def number(self, name_id: int, flags: int, time_us: int, step: int, value: float) -> None:
        """Records a number; there must be room for NUMBER_BYTES. From the return on it survives this process."""
        at = self.at
        _PACK_NUMBER(self._map, at + 4, NUMBER, flags, 0, name_id, 0, time_us, step, value)
        if not _ORDERED_STORES:
            with self._fence:
                pass
        self._lengths[at >> 2] = 32
        self.at = at + NUMBER_BYTES
        self.points += 1

    def value(self, name_id: int, flags: int, time_us: int, step: int, text: bytes) -> None:
        """Records a value given as JSON; there must be room for value_bytes(text)."""
        at = self.at
        self._touched = at + 32 + len(text)
        self._map[at + 32:at + 32 + len(text)] = text
        _VALUE.pack_into(self._map, at + 4, VALUE, flags, 0, name_id, 0, time_us, step)
        self._publish(at, 24 + len(text))
        self.points += 1

    def name(self, name_id: int, name: bytes) -> None:
        """Defines a name's id; there must be room for name_bytes(name)."""
        at = self.at
        self._touched = at + 12 + len(name)
        self._map[at + 12:at + 12 + len(name)] = name
        _NAME.pack_into(self._map, at + 4, NAME, 0, 0, name_id)
        self._publish(at, 4 + len(name))

    def end(self) -> None:
        """Says that this segment is full and the next one exists."""
        _HEAD.pack_into(self._map, self.at + 4, END, 0, 0)
        self._publish(self.at, 4)

    def recover(self) -> None:
        """After an exception out of nowhere, as KeyboardInterrupt, in one of the calls above.

        A record that was stored but not counted is counted. Of one that was not stored the payload is wiped: the next
        record may be shorter, and what follows it must be zero.
        """
        at = self.at
        length = self._lengths[at >> 2]  # `at` is never past the room kept for the end record.
        if length:
            if self._map[at + 4] in (NUMBER, VALUE):
                self.points += 1
            self.at = at + record_bytes(length)
        else:
            end = min(self.size, max(at + NUMBER_BYTES, self._touched))
            self._map[at:end] = bytes(end - at)

    def _publish(self, at: int, length: int) -> None:
        if not _ORDERED_STORES:
            with self._fence:
                pass
        self._lengths[at >> 2] = length
        self.at = at + record_bytes(length)


def record_bytes(length: int) -> int:
    """What a record with a payload of `length` bytes takes."""
    return 8 + (length + 7) // 8 * 8


def name_bytes(name: bytes) -> int:
    """What the record of a name takes."""
    return record_bytes(4 + len(name))


def value_bytes(text: bytes) -> int:
    """What the record of a JSON value takes."""
    return record_bytes(24 + len(text))


def _reserve(fd: int, size: int) -> None:
    """Gives the file its size with every block reserved, so that a full disk shows here and not as SIGBUS later."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, 0, size)
            return
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
    zeros = bytes(1 << 16)
    left = size
    while left:
        left -= os.write(fd, zeros[:min(left, len(zeros))])


if sys.byteorder != "little":
    raise ImportError("Metric journals are little-endian and are written in place; this machine is not little-endian.")
