"""A failed run's error in the shape that Azure's `get_details()['error']` has, with what Muster knows besides."""
import re
from typing import Any, Dict, Tuple

_CODES = {"user_error": "UserError", "environment_error": "UserError", "node_lost": "ServiceError", "start_failed": "ServiceError",
          "internal": "SystemError"}
NO_DETAILS = "Detailed error not set on the Run. Please check the logs for details."
_LAST_LINE = re.compile(r"^([A-Za-z_][\w.]*)(?:: (.*))?$")


def error_details(run: Dict[str, Any]) -> Dict[str, Any]:
    """The details for a run whose `error` is not null."""
    error = run["error"]
    traceback = error.get("traceback") or ""
    kind, message = exception_of(traceback)
    words = error.get("message") or ""
    if error.get("last_lines"):
        words += "\nIts log ends with:\n" + str(error["last_lines"])
    return {
        "error": {
            "code": _CODES.get(error.get("code"), "ServiceError"),
            "message": words,
            "details": [],
            "debugInfo": {"type": kind, "message": message, "stackTrace": traceback},
            "messageParameters": {},
        },
        "code": error.get("code"),
        "rank": error.get("rank"),
        "nodeRank": error.get("node_rank"),
        "exitCode": error.get("exit_code"),
        "signal": error.get("signal"),
        "log": error.get("log"),
        "time": run.get("ended_at"),
    }


def exception_of(traceback: str) -> Tuple[str, str]:
    """The exception's type and message, of a Python traceback; two empty texts when it is none.

    They stand after the last indented line; the message may go on over further lines.
    """
    lines = traceback.rstrip().split("\n")
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].startswith(("  ", "Traceback ")):
            match = _LAST_LINE.match(lines[index + 1]) if index + 1 < len(lines) else None
            if match is None:
                return "", ""
            return match.group(1), "\n".join([match.group(2) or ""] + lines[index + 2:])
    return "", ""
