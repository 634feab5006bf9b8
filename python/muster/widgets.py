"""What is shown of a run: live in a notebook, as text elsewhere."""
import importlib
import sys
import threading
from typing import Any, Dict, List, Optional, TYPE_CHECKING

from ._runs.follow import follow, TERMINAL
from ._terminal.printable import printable, write
from ._widget_view import Tail, View, view_html
from .exceptions import AzureMLException

if TYPE_CHECKING:
    from .run import Run

REDRAW_SECONDS = 1.0
_POINTS = 120  # as many as a small chart can show


class RunDetails:
    """A run as it goes: `RunDetails(run).show()` is live in a notebook, and prints how the run is now elsewhere."""

    def __init__(self, run_instance: "Run") -> None:
        self._run = run_instance

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """In a notebook: status, charts of the metrics and the end of the log, which change below the cell until the run has ended,
        while other cells run. Elsewhere they are printed once; run.wait_for_completion(show_output=True) follows a log there."""
        display = notebook_display()
        if display is not None:
            _Live(self._run, display)
            return
        details = self._run.get_details()
        lines = ["RunId: " + self._run.id, "Status: " + str(details["status"]), "Web View: " + self._run.get_portal_url()]
        lines += _metrics(self._run.get_metrics())
        if details["status"] not in TERMINAL:
            lines.append("It goes on; run.wait_for_completion(show_output=True) follows its log.")
        write("\n".join(map(printable, lines)) + "\n")
        sys.stdout.flush()

    def get_widget_data(self, widget_settings: Any = None) -> Dict[str, Any]:
        """What it would show."""
        return {"status": self._run.get_status(), "run_id": self._run.id, "run_metrics": self._run.get_metrics(),
                "run_properties": self._run.get_details()}


def notebook_display() -> Any:
    """The module IPython.display where a notebook's kernel runs this; None elsewhere."""
    if "IPython" not in sys.modules:
        return None
    shell = getattr(sys.modules["IPython"], "get_ipython", lambda: None)()
    return importlib.import_module("IPython.display") if getattr(shell, "kernel", None) is not None else None


class _Live:
    """One thread follows the run, another draws what is known: neither keeps the notebook waiting, nor its kernel from ending."""

    def __init__(self, run: "Run", display: Any) -> None:
        self._run = run
        self._html = display.HTML
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._data = run._refresh()
        self._page = run.get_portal_url()
        self._tail: Optional[Tail] = None
        self._trouble = ""
        self._has_ended = False
        self._shown = display.display(self._html(self._draw()), display_id=True)
        for work in (self._follow, self._redraw):
            threading.Thread(target=work, name="RunDetails " + run.id, daemon=True).start()

    def _follow(self) -> None:
        try:
            follow(self._run._client, self._run._path, True, self._on_status, self._on_log, self._on_away)
        except AzureMLException as error:
            self._on_away(error.message)
        finally:
            with self._lock:
                self._has_ended = True
            self._changed.set()

    def _on_status(self, data: Dict[str, Any]) -> None:
        with self._lock:
            self._data, self._trouble = data, ""
        self._changed.set()

    def _on_log(self, path: str, rank: Optional[int], text: str) -> None:
        if rank not in (None, 0):
            return
        with self._lock:
            if self._tail is None or self._tail.path != path:
                self._tail = Tail(path)
            self._tail.add(text)
        self._changed.set()

    def _on_away(self, reason: str) -> None:
        with self._lock:
            self._trouble = reason
        self._changed.set()

    def _redraw(self) -> None:
        """At most once in REDRAW_SECONDS; the last time when all is known."""
        pause = threading.Event()
        while True:
            self._changed.wait()
            self._changed.clear()
            with self._lock:
                is_last = self._has_ended
            self._shown.update(self._html(self._draw()))
            if is_last:
                return
            pause.wait(REDRAW_SECONDS)

    def _draw(self) -> str:
        curves: List[Dict[str, Any]] = []
        try:
            curves = self._run.get_metric_curves(points=_POINTS)
        except AzureMLException as error:
            self._trouble = error.message
        with self._lock:
            return view_html(View(self._data, self._page, curves, self._tail, self._trouble))


def _metrics(metrics: Dict[str, Any]) -> List[str]:
    last = {name: value[-1] if isinstance(value, list) and value else value for name, value in metrics.items()}
    return ["{}: {}".format(name, value) for name, value in sorted(last.items())]
