"""Following a run through its event stream: states and log bytes, over any number of broken connections.

The stream is resumed by offsets, so nothing is shown twice and nothing is left out, whether the connection broke or the
server was away for a while.
"""
import base64
import codecs
import json
import os
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, TYPE_CHECKING

from ..exceptions import ExperimentExecutionException, ProjectSystemException, ServerUnreachableException

if TYPE_CHECKING:
    from .._client.http import Client, Stream

SILENCE_SECONDS = 45.0  # The server says something every 15 s; after three times that the connection is taken as dead.
MENTION_SECONDS = 0.5  # A connection that is back sooner is not worth a word.
LINE_LIMIT_BYTES = 64 << 20
TERMINAL = ("Completed", "Failed", "Canceled")

StatusSink = Callable[[Dict[str, Any]], None]
LogSink = Callable[[str, Optional[int], str], None]


def reconnect_seconds() -> float:
    """How long a server may be away before following ends: MUSTER_RECONNECT_SECONDS, else ten minutes."""
    try:
        return max(0.0, float(os.environ.get("MUSTER_RECONNECT_SECONDS", "") or 600.0))
    except ValueError:
        return 600.0


def follow(client: "Client", run_path: str, with_logs: bool, on_status: StatusSink, on_log: LogSink,
           on_away: Optional[Callable[[str], None]] = None) -> Dict[str, Any]:
    """Follows the run at `run_path` until it has ended and returns it.

    `on_status` gets the run at once and at each change; `on_log` gets (path, rank, text) as it comes. `on_away` is called
    once each time the server is away for more than a moment. ExperimentExecutionException when it stays away.
    """
    logs = _Logs(on_log)
    away_since: Optional[float] = None
    mentioned = False
    while True:
        try:
            query = {"log": "true" if with_logs else "false", "positions": json.dumps(logs.positions) if logs.positions else None,
                     "attempt": logs.attempt or None}
            with client.stream(run_path + "/events", query, {"Accept": "text/event-stream"}, SILENCE_SECONDS) as stream:
                for event, data in _events(stream):
                    away_since = None
                    if event == "log":
                        logs.take(data)
                    elif event == "status":
                        on_status(data)
                    elif event == "end":
                        logs.finish()
                        on_status(data)
                        return data
        except ProjectSystemException as error:
            # Below 500 the server has said no; above, and with no answer at all, it is away or coming back.
            if error.status is not None and error.status < 500:
                raise
            reason = error
        else:
            reason = ServerUnreachableException("The server at {} closed the event stream.".format(client.url))
        now = time.monotonic()
        if away_since is None:
            away_since, mentioned = now, False
        if not mentioned and on_away is not None and now - away_since > MENTION_SECONDS:
            mentioned = True
            on_away(reason.message)
        if now - away_since > reconnect_seconds():
            raise ExperimentExecutionException(
                "The server has been away for {:.0f} s, so the run cannot be followed. It goes on without the server; ask "
                "again when that is back. {}".format(now - away_since, reason.message), reason)
        time.sleep(min(2.0, 0.1 + (now - away_since) / 10))


def _events(stream: "Stream") -> Iterator[Tuple[str, Dict[str, Any]]]:
    """The events of a text/event-stream, each with its JSON. Ends when the stream does."""
    event = ""
    data: List[bytes] = []
    while True:
        line = stream.readline(LINE_LIMIT_BYTES)
        if not line.endswith(b"\n"):
            return  # The end, or a line cut off by it: what it belonged to comes again.
        line = line.rstrip(b"\r\n")
        if not line:
            if data:
                try:
                    value = json.loads(b"\n".join(data).decode("utf-8"))
                except ValueError:
                    return
                yield event, value
            event, data = "", []
        elif line.startswith(b"event:"):
            event = line[6:].strip().decode("ascii", "replace")
        elif line.startswith(b"data:"):
            data.append(line[6:] if line.startswith(b"data: ") else line[5:])


class _Logs:
    """Where each log has been read to, and the character that may be cut in two there."""

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink
        self.positions: Dict[str, int] = {}
        self.attempt = 0  # Whose logs they are; 0: none have come yet.
        self._decoders: Dict[str, Any] = {}
        self._places: Dict[str, Tuple[str, Optional[int]]] = {}

    def take(self, data: Dict[str, Any]) -> None:
        path, offset = str(data["path"]), int(data["offset"])
        content = base64.b64decode(data["base64"]) if data.get("base64") is not None else str(data.get("text", "")).encode("utf-8")
        log = "{}:{}".format(data.get("node_rank", 0), path)  # Two nodes may each have a log of that path.
        attempt = int(data.get("attempt", 1))
        if attempt > self.attempt:
            # Another attempt's logs go by the same names and begin anew.
            self.finish()
            self.attempt = attempt
            self.positions.clear()
            self._decoders.clear()
        at = self.positions.get(log, 0)
        if offset < at:
            content = content[at - offset:]
            offset = at
        self.positions[log] = offset + len(content)
        self._places[log] = (path, data.get("rank"))
        decoder = self._decoders.get(log)
        if decoder is None:
            decoder = self._decoders[log] = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(content)
        if text:
            self._sink(path, data.get("rank"), text)

    def finish(self) -> None:
        for log, decoder in self._decoders.items():
            rest = decoder.decode(b"", True)
            if rest:
                self._sink(*self._places[log], rest)
