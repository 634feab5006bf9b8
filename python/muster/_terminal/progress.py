"""Progress of transfers: a bar that redraws itself on a terminal, plain lines elsewhere. Written to standard error."""
import sys
import threading
import time
from typing import Any, Optional

from .printable import printable

REDRAW_SECONDS = 0.1
LINE_SECONDS = 10.0
BAR_WIDTH = 30


def human_size(size: float) -> str:
    """A size in bytes for people: 1536 is "1.5 KB"."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size /= 1024
    if size == 1 and unit == "bytes":
        return "1 byte"
    return "{:.0f} {}".format(size, unit) if unit == "bytes" else "{:.1f} {}".format(size, unit)


def counted(count: int, one: str, many: Optional[str] = None) -> str:
    """"1 file", "2 files"; `many` is a plural that is not formed with an s."""
    return "1 " + one if count == 1 else "{} {}".format(count, many or one + "s")


class Progress:
    """Counts bytes done out of a total. Use it in a `with`; `add` may be called from any thread.

    Nothing is shown for work that takes no noticeable time on a terminal; elsewhere one line at the end, and one
    every ten seconds for what takes long.
    """

    def __init__(self, label: str, total_bytes: int, stream: Optional[Any] = None) -> None:
        self._label = printable(label)  # It may have the name of a file.
        self._total = total_bytes
        self._stream = stream if stream is not None else sys.stderr
        self._terminal = bool(self._stream is not None and getattr(self._stream, "isatty", lambda: False)())
        self._done = 0
        self._started = time.monotonic()
        self._shown = self._started
        self._drawn = False
        self._lock = threading.Lock()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: Any, *unused: Any) -> None:
        with self._lock:
            if self._terminal and self._drawn:
                self._write(self._bar() + "\n")
            elif not self._terminal and kind is None:
                self._write("{}: {} in {:.1f} s\n".format(self._label, human_size(self._done), time.monotonic() - self._started))

    def add(self, count: int) -> None:
        """So many bytes more are done; negative when they have to be done again."""
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now - self._shown < (REDRAW_SECONDS if self._terminal else LINE_SECONDS):
                return
            self._shown = now
            if self._terminal:
                self._drawn = True
                self._write(self._bar())
            else:
                self._write("{}: {} of {}\n".format(self._label, human_size(self._done), human_size(self._total)))

    def _bar(self) -> str:
        part = min(1.0, self._done / self._total) if self._total else 1.0
        filled = int(part * BAR_WIDTH)
        seconds = max(time.monotonic() - self._started, 1e-6)
        return "\r{} [{}{}] {:3.0f} % {} of {}, {}/s \x1b[K".format(
            self._label, "#" * filled, "-" * (BAR_WIDTH - filled), part * 100, human_size(self._done),
            human_size(self._total), human_size(self._done / seconds))

    def _write(self, text: str) -> None:
        if self._stream is None:  # A program without a console has no standard error.
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError, UnicodeError):
            pass  # Showing progress must not break what makes it.
