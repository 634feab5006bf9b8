"""Jobs: runs whose script the nodes of a compute target run."""
from typing import Any, Optional

from ._runs.kinds import stands_for
from .exceptions import UserErrorException
from .run import Run


@stands_for("job")
class ScriptRun(Run):
    """A submitted job. The exit codes of its ranks decide how it ends; from outside it can be canceled."""

    def complete(self, _set_status: bool = True) -> None:
        """In the run's own job it does nothing. From outside: UserErrorException, unless the run is Completed already."""
        if _set_status and self._refresh()["status"] != "Completed":
            raise self._ends_by_its_job("complete")

    def fail(self, error_details: Any = None, error_code: Optional[str] = None, _set_status: bool = True, _traceback: str = "") -> None:
        """In the run's own job it writes the details to the run's log. From outside: UserErrorException."""
        raise self._ends_by_its_job("fail")

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        """Leaves the job going."""

    def _ends_by_its_job(self, method: str) -> UserErrorException:
        return UserErrorException("run.{}() cannot end the run {} from here: the exit code of its job decides how it ends. End it with "
                                  "run.cancel().".format(method, self._id))
