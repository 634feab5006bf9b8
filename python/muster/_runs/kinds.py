"""The kinds of runs: which class stands for which, and its name in Azure's words."""
from typing import Any, Callable, Dict, Optional, Type, TypeVar

Class = TypeVar("Class", bound=type)

# What Azure's `run.type` says of the server's kind.
TYPES: Dict[str, str] = {"job": "azureml.scriptrun", "interactive": "azureml.interactive"}
_classes: Dict[str, Type[Any]] = {}


def stands_for(kind: str) -> Callable[[Class], Class]:
    """Of a class: runs of this kind are its instances."""
    def register(of_kind: Class) -> Class:
        _classes[kind] = of_kind
        return of_kind
    return register


def class_of(data: Dict[str, Any]) -> Optional[Type[Any]]:
    """For the run that the server describes so; None when it is a Run like any other, or of a kind that this version does not know."""
    return _classes.get(_kind(data))


def type_of(data: Dict[str, Any]) -> str:
    """Its `type`."""
    return TYPES.get(_kind(data), _kind(data))


def _kind(data: Dict[str, Any]) -> str:
    return str(data.get("kind") or "job")
