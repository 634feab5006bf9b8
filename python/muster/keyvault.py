"""Secrets of a workspace: texts that jobs use and that stand in no script, definition or log."""
from typing import Any, Dict, Iterable, List, Optional, TYPE_CHECKING

from ._client.addresses import segment
from .exceptions import ProjectSystemException, UserErrorException

if TYPE_CHECKING:
    from .workspace import Workspace


class Keyvault:
    """The secrets of a workspace, as `Workspace.get_default_keyvault()` gives them.

    Values are kept encrypted at rest. Names have letters, digits, - and _; values are at most 25,600 bytes of UTF-8.
    """

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace

    def set_secret(self, name: str, value: str) -> None:
        """Stores a secret, in the place of an earlier one of that name."""
        if not isinstance(value, str):
            raise UserErrorException("value: the value of the secret {!r} must be a string, not {}.".format(name, type(value).__name__))
        self._workspace._client.json("PUT", self._path(name), {"value": value}, error=UserErrorException)

    def set_secrets(self, secrets_batch: Dict[str, str]) -> None:
        """Stores each of {name: value}."""
        for name, value in secrets_batch.items():
            self.set_secret(name, value)

    def get_secret(self, name: str) -> Optional[str]:
        """The value; None when there is no secret of that name."""
        return self.get_secrets([name])[name]

    def get_secrets(self, secrets: Iterable[str]) -> Dict[str, Optional[str]]:
        """{name: value}, with None for those that are not there."""
        return {name: self._value(name) for name in secrets}

    def list_secrets(self) -> List[Dict[str, Any]]:
        """All of them, by name, without their values: each a dictionary with its `name`, and when and by whom it was set."""
        return list(self._workspace._client.pages(self._workspace._path + "/secrets", "secrets"))

    def delete_secret(self, name: str) -> None:
        """Removes a secret. None of that name will do."""
        try:
            self._workspace._client.json("DELETE", self._path(name))
        except ProjectSystemException as error:
            if error.status != 404:
                raise

    def delete_secrets(self, secrets: Iterable[str]) -> None:
        """Removes several."""
        for name in secrets:
            self.delete_secret(name)

    def _value(self, name: str) -> Optional[str]:
        try:
            return str(self._workspace._client.json("GET", self._path(name))["value"])
        except ProjectSystemException as error:
            if error.status == 404:
                return None
            raise

    def _path(self, name: str) -> str:
        if not isinstance(name, str) or not name:
            raise UserErrorException("name: {!r} is not a secret's name.".format(name))
        return "{}/secrets/{}".format(self._workspace._path, segment(name))

    def __repr__(self) -> str:
        return "Keyvault(workspace={!r})".format(self._workspace.name)
