"""What a run gets of a datastore, or leaves there: named, typed, and passed in its arguments as the objects they are."""
import hashlib
import re
from typing import Any, Dict, List, Optional

from .exceptions import UserErrorException

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


class RunInput:
    """A file or folder of a datastore, as an argument of a run; on the node it is the path of a copy there, or of an upload the path of an
    empty folder that is brought into the datastore at the end.

    In a command line it is its text, `$AZUREML_DATAREFERENCE_<name>`, which the node's shell replaces by that path.
    """

    def __init__(self, name: str, datastore: str, path: str, mode: str) -> None:
        if not isinstance(name, str) or not _NAME.match(name):
            raise UserErrorException("name: {!r} is not an input's name: 1 to 64 letters, digits and _, no digit first.".format(name))
        self._name = name
        self._datastore_name = datastore
        self._path = clean_path(path)
        self._mode = mode
        self._patterns: List[str] = []  # Of the files below these alone; none: all.
        self._overwrite = False  # Of an upload, as is the next.
        self._registration: Optional[Dict[str, Any]] = None

    def _input(self) -> "RunInput":
        return self

    def _wire(self) -> Dict[str, Any]:
        wire: Dict[str, Any] = {"datastore": self._datastore_name, "path": self._path, "mode": self._mode}
        if self._patterns:
            wire["patterns"] = list(self._patterns)
        if self._overwrite:
            wire["overwrite"] = True
        if self._registration is not None:
            wire["register"] = dict(self._registration)
        return wire

    def __str__(self) -> str:
        return "$AZUREML_DATAREFERENCE_" + self._name

    def __repr__(self) -> str:
        return "{}(name={!r}, path={!r}, mode={!r})".format(type(self).__name__, self._name, self._path, self._mode)


def clean_path(path: Any) -> str:
    """A path in a datastore, without the slashes at its ends. UserErrorException when it would leave the datastore."""
    text = "" if path is None else str(path).replace("\\", "/").strip("/")
    parts = text.split("/") if text else []
    if any(part in ("", ".", "..") for part in parts):
        raise UserErrorException("path: {!r} is not a path in a datastore: it must have no empty part, '.' or '..'.".format(path))
    return text


def name_for(datastore: str, path: str) -> str:
    """A name for an input that was given none: the same for the same data."""
    return "input_" + hashlib.sha256("{}/{}".format(datastore, path).encode("utf-8")).hexdigest()[:8]
