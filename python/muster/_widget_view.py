"""What RunDetails shows in a notebook: a run, its metrics and the end of its log as HTML. Pure."""
import html
from typing import Any, Dict, List, NamedTuple, Optional

from ._terminal.chart import chart
from ._terminal.printable import LogFilter, printable_lines

MOST_CHARTS = 12
MOST_LINES = 20
_LONGEST_TAIL = 16 << 10
_COLOURS = {"Completed": "#1a7f37", "Failed": "#c62828", "Canceled": "#8a6d00"}
_PRE = '<pre style="max-height:22em;overflow:auto;margin:.5em 0;white-space:pre-wrap">{}</pre>'

View = NamedTuple("View", [("run", Dict[str, Any]), ("page", str), ("curves", List[Dict[str, Any]]), ("log", "Optional[Tail]"),
                           ("trouble", str)])


class Tail:
    """The last lines of a log that comes in pieces."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._text = ""

    def add(self, text: str) -> None:
        """The next piece."""
        self._text = (self._text + text)[-_LONGEST_TAIL:]

    def lines(self) -> List[str]:
        """The last ones; of a line that redraws itself what it says now."""
        lines = LogFilter().filter(self._text).rstrip("\n").split("\n")[-MOST_LINES:]
        return [_without_colours(line.rstrip("\r").rpartition("\r")[2]) for line in lines]


def _without_colours(line: str) -> str:
    parts = line.split("\x1b[")
    return parts[0] + "".join(part.partition("m")[2] for part in parts[1:])


def view_html(view: View) -> str:
    """All of it. What comes from outside cannot be more than text in it."""
    run = view.run
    status = str(run["status"])
    head = '<b>{}</b> <span style="color:{}">&#9679; {}</span> <a href="{}" target="_blank" rel="noopener">{}</a>'.format(
        html.escape(str(run.get("display_name") or run["run_id"])), _COLOURS.get(status, "#1565c0"), html.escape(status),
        html.escape(view.page), html.escape(str(run["run_id"])))
    parts = [head]
    detail = view.trouble or run.get("status_detail")
    if detail:
        parts.append("<div>{}</div>".format(html.escape(str(detail))))
    if status == "Failed":
        parts.append(_error(run.get("error") or {}))
    charts = [_metric(curve) for curve in sorted(view.curves, key=lambda curve: str(curve.get("name")))]
    if charts:
        more = len(charts) - MOST_CHARTS
        parts.append('<div style="display:flex;flex-wrap:wrap;gap:1em">{}</div>'.format("".join(charts[:MOST_CHARTS])))
        if more > 0:
            parts.append("<div>and {} more: run.get_metrics()</div>".format(more))
    if view.log is not None:
        parts.append("<div>{}</div>".format(html.escape(view.log.path)) + _PRE.format(html.escape("\n".join(view.log.lines()))))
    return '<div class="muster-run">{}</div>'.format("".join(parts))


def _metric(curve: Dict[str, Any]) -> str:
    last = (curve.get("last") or {}).get("value")
    words = "{:.6g}".format(last) if isinstance(last, float) else str(last)
    return "<div><div>{}: {}</div>{}</div>".format(html.escape(str(curve.get("name"))), html.escape(words[:80]), chart(curve))


def _error(error: Dict[str, Any]) -> str:
    quoted = error.get("traceback") or error.get("last_lines") or ""
    words = str(error.get("message") or "It failed, and no cause is known: see its log.")
    return _PRE.format(html.escape(printable_lines((words + "\n" + str(quoted)).rstrip()[-_LONGEST_TAIL:])))
