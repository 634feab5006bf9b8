"""Builds of environments on the server's machine, before a run needs them."""
import time
from typing import Any, Dict, Optional, TYPE_CHECKING

from ._client.addresses import segment
from ._terminal.printable import printable_lines, write
from .exceptions import ActivityFailedException

if TYPE_CHECKING:
    from .environment import Environment
    from .workspace import Workspace

_ASK_AGAIN_SECONDS = 0.3
_STATUS = {"ready": "Succeeded", "failed": "Failed", "building": "Running", "absent": "NotStarted"}


class ImageBuildDetails:
    """A build that Environment.build() has begun, or found done."""

    def __init__(self, environment: "Environment", workspace: "Workspace", data: Dict[str, Any]) -> None:
        self.environment = environment
        self._workspace = workspace
        self._data = data

    @property
    def status(self) -> str:
        """As it is now: NotStarted, Running, Succeeded or Failed."""
        self._data = look_at_build(self._workspace, self.environment.name, self.environment.version)
        return _STATUS.get(str(self._data["status"]), str(self._data["status"]))

    @property
    def log_url(self) -> str:
        """Where the server has the build's log."""
        return self._workspace._client.url + "/api/v1" + build_path(self._workspace, self.environment.name)

    def get_log(self) -> str:
        """The log so far."""
        return "".join(self._rest(0))

    def wait_for_completion(self, show_output: bool = True) -> "ImageBuildDetails":
        """Waits for the build's end, printing its log as it comes. ActivityFailedException, with the reason, when it failed."""
        shown = 0
        while True:
            is_last = self.status != "Running"
            for text in self._rest(shown):
                shown += len(text.encode("utf-8"))
                if show_output:
                    write(printable_lines(text))
            if is_last:
                break
            time.sleep(_ASK_AGAIN_SECONDS)
        if self._data["status"] == "ready":
            return self
        error: Dict[str, Any] = self._data.get("error") or {"detail": "its build was ended"}
        raise ActivityFailedException("The environment {} could not be built: {}. {}".format(
            self.environment.name, error["detail"], error.get("hint") or "").strip())

    def _rest(self, offset: int) -> Any:
        while True:
            data = look_at_build(self._workspace, self.environment.name, self.environment.version, offset)
            if not data["log"]:
                return
            offset = int(data["log_next"])
            yield str(data["log"])

    def __repr__(self) -> str:
        return "ImageBuildDetails(environment={!r}, status={!r})".format(self.environment.name, _STATUS.get(str(self._data["status"])))


def build_path(workspace: "Workspace", name: str) -> str:
    """Below /api/v1."""
    return "{}/environments/{}/build".format(workspace._path, segment(name))


def begin_build(workspace: "Workspace", environment: "Environment") -> ImageBuildDetails:
    """Begins it unless the environment is there, or being built, already."""
    body = {"version": environment.version} if environment.version is not None else {}
    return ImageBuildDetails(environment, workspace, workspace._client.json("POST", build_path(workspace, environment.name), body))


def look_at_build(workspace: "Workspace", name: str, version: Optional[str], log_from: int = 0) -> Dict[str, Any]:
    """The build as the server has it, with the part of its log from there on."""
    data: Dict[str, Any] = workspace._client.json("GET", build_path(workspace, name), query={"version": version, "log_from": log_from})
    return data
