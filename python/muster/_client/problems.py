"""The server's problem documents (RFC 9457) as exceptions."""
import json
from typing import Any, Dict, Optional, Type

from .config import in_run
from ..exceptions import AuthenticationException, AzureMLException, ProjectSystemException, UserErrorException

ErrorClass = Type[AzureMLException]


def read_problem(status: int, body: bytes) -> Dict[str, Any]:
    """The problem document of an answer that is an error; made up from the status when the body is something else."""
    try:
        problem = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        problem = None
    if not isinstance(problem, dict):
        problem = {"detail": body[:500].decode("utf-8", "replace").strip()}
    problem.setdefault("status", status)
    problem.setdefault("code", "")
    return problem


def describe(problem: Dict[str, Any]) -> str:
    """The problem in words: what and where, each field at fault, and what to do."""
    parts = []
    faults = [fault for fault in problem.get("errors") or [] if isinstance(fault, dict)]
    detail = str(problem.get("detail") or problem.get("title") or "")
    if detail:
        parts.append(detail if detail.endswith((".", "!", "?")) else detail + ".")
    for fault in faults:
        line = "{}: {}".format(fault.get("field"), fault.get("detail"))
        # A single fault often stands in the answer twice: in the detail, and as its only field's.
        if str(fault.get("detail")) in detail and str(fault.get("field")) in detail:
            line = ""
        hint = fault.get("hint")
        if hint and hint != problem.get("hint"):
            line = "{} ({})".format(line, hint).strip()
        if line:
            parts.append(line)
    if problem.get("hint"):
        parts.append(str(problem["hint"]))
    return " ".join(parts) if not faults else "\n".join(parts)


def to_exception(status: int, body: bytes, asked: str, error: Optional[ErrorClass] = None) -> AzureMLException:
    """The exception for an answer that is an error.

    `asked` is the request in short, for answers that say nothing themselves. `error` is the class the caller wants
    for what the server refuses; being unknown to the server and the server's own faults keep their own classes.
    """
    problem = read_problem(status, body)
    unsaid = "The proxy wants a user name and a password: put USER:PASSWORD@ into http_proxy." if status == 407 else \
        "The server answered {} to {}.".format(status, asked)
    text = describe(problem) or unsaid
    chosen: ErrorClass = ProjectSystemException
    if status in (401, 403):
        chosen = AuthenticationException
        text += " The token comes from MUSTER_TOKEN, else from the credentials file in Muster's home"
        text += ", else from MUSTER_RUN_TOKEN, which each process of a run has." if in_run() else "; `muster login URL` stores one there."
    elif status < 500 and error is not None:
        chosen = error
    elif status in (400, 405, 408, 409, 413, 422):
        chosen = UserErrorException
    return chosen(text, problem=problem)
