"""What all parts of `Run` know of it."""
from typing import Any, Dict, TYPE_CHECKING

if TYPE_CHECKING:
    from .._client.http import Client
    from ..workspace import Workspace


class RunPart:
    """Set by the run."""

    _client: "Client" = None  # type: ignore[assignment]
    _workspace: "Workspace" = None  # type: ignore[assignment]
    _id = ""

    @property
    def _path(self) -> str:
        raise NotImplementedError

    @property
    def _data(self) -> Dict[str, Any]:
        raise NotImplementedError
