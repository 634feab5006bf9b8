"""Which class stands for which kind of run, and its name in Azure's words. The one place that says so."""
from typing import Any, Dict, Tuple, Type

from .run import Run
from .script_run import ScriptRun

# The server's kind: the class, and what Azure's `run.type` says. A kind that this version does not know is a Run.
KINDS: Dict[str, Tuple[Type[Run], str]] = {
    "job": (ScriptRun, "azureml.scriptrun"),
    "interactive": (Run, "azureml.interactive"),
}


def class_of(data: Dict[str, Any]) -> Type[Run]:
    """For the run that the server describes so."""
    return KINDS.get(data.get("kind") or "job", (Run, ""))[0]


def type_of(data: Dict[str, Any]) -> str:
    """Its `type`."""
    kind = data.get("kind") or "job"
    return KINDS[kind][1] if kind in KINDS else kind
