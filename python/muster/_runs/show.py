"""What `wait_for_completion(show_output=True)` prints: the run's logs under headings, then a summary."""
import sys
from typing import Any, Dict, List, Optional, Set

from .._terminal.printable import LogFilter, printable, printable_lines, write
from .errors import NO_DETAILS


class OutputPrinter:
    """Prints a run as it goes. Of several ranks, rank 0 is shown."""

    def __init__(self, run_id: str, web_view: str) -> None:
        self._run_id = run_id
        self._web_view = web_view
        self._path: Optional[str] = None
        self._at_line_start = True
        self._stage = ""
        self._shown: Set[str] = set()
        # On a terminal a log may colour and do no more; elsewhere it is kept as it is.
        self._filter = LogFilter() if getattr(sys.stdout, "isatty", lambda: False)() else None

    def start(self) -> None:
        """The heading of it all."""
        write("RunId: {}\nWeb View: {}\n".format(self._run_id, self._web_view))

    def status(self, run: Dict[str, Any]) -> None:
        """Tells why a run waits, where nothing else is to be seen yet."""
        detail = run.get("status_detail")
        if self._path is None and detail and detail != self._stage:
            self._stage = detail
            write("{}: {}\n".format(run["status"], printable(str(detail))))

    def log(self, path: str, rank: Optional[int], text: str) -> None:
        """Some text of a log, under a heading when it is another log than before."""
        if rank not in (None, 0):
            return
        if path != self._path:
            self._end_line()
            write("\nStreaming {}\n{}\n\n".format(printable(path), "=" * (len(path) + 10)))
            self._path = path
            self._shown.add(path)
        write(self._filter.filter(text) if self._filter else text)
        self._at_line_start = text.endswith("\n")

    def away(self, reason: str) -> None:
        """The server went away; following goes on when it is back."""
        self._end_line()
        write("[muster] {} Waiting for it to return; the run goes on.\n".format(printable(reason)))

    def summary(self, run: Dict[str, Any], with_error: bool) -> None:
        """How it ended, with its error if wanted; what the error quotes of a log that was shown is not shown again."""
        self._end_line()
        lines = ["", "Execution Summary", "=================", "RunId: " + self._run_id, "Web View: " + self._web_view]
        warnings: List[Any] = run.get("warnings") or []
        if warnings:
            lines += ["", "Warnings:"] + [printable_lines(str(warning)) for warning in warnings]
        if with_error and run["status"] == "Failed":
            error: Dict[str, Any] = run.get("error") or {"message": NO_DETAILS}
            lines += ["", "Error:", printable_lines(str(error.get("message") or ""))]
            quoted = str(error.get("traceback") or error.get("last_lines") or "").rstrip("\n")
            if quoted and error.get("log") not in self._shown:
                lines += ["", printable_lines(quoted)]
        write("\n".join(lines) + "\n\n")

    def _end_line(self) -> None:
        if not self._at_line_start:
            write("\n")
            self._at_line_start = True
