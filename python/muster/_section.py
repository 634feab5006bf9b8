"""Groups of settings, whose names are checked when they are set."""
from typing import Any, Tuple

from .exceptions import UserErrorException


class Section:
    """Has the attributes that it is made with, and takes no others: a misspelt setting would otherwise do nothing, unnoticed."""

    _where = ""
    _names: Tuple[str, ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in self._names:
            raise UserErrorException("{}.{}: there is no such setting. There are {}.".format(self._where, name, ", ".join(self._names)))
        object.__setattr__(self, name, value)
