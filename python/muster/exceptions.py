"""The errors that Muster raises, under the names Azure ML's SDK v1 gave them.

Every error says what went wrong, where, and what to do next. An error that came from the server also carries the
server's problem document in `problem` (RFC 9457: `status`, `code`, `detail`, `hint`, `errors`).
"""
import json
from typing import Any, Dict, Optional

from ._terminal.printable import printable_lines


class AzureMLException(Exception):
    """The base of all errors raised here."""

    _code = "SystemError"

    def __init__(self, exception_message: str, inner_exception: Optional[BaseException] = None,
                 problem: Optional[Dict[str, Any]] = None, **kwargs: Any) -> None:
        super().__init__(exception_message)
        self._message = exception_message
        self._inner_exception = inner_exception
        self.problem = problem
        self.repeated = False  # The request was sent more than once, so an earlier try may have done what was asked.

    @property
    def message(self) -> str:
        """What went wrong and what to do, in words."""
        return self._message

    @property
    def inner_exception(self) -> Optional[BaseException]:
        """The error below this one, if there was one."""
        return self._inner_exception

    @property
    def status(self) -> Optional[int]:
        """The HTTP status of the server's answer; None when the error did not come from the server."""
        return self.problem.get("status") if self.problem else None

    def _serialize_json(self) -> str:
        return json.dumps({"error": {"code": self._code, "message": self._message}}, indent=4)

    def __str__(self) -> str:
        # In the form that Azure's have, but what went wrong is said once.
        return "{}:\n\tMessage: {}\n\tInnerException {}\n\tErrorResponse \n{}".format(
            type(self).__name__, printable_lines(self._message), printable_lines(self._inner_in_words()),
            json.dumps({"error": {"code": self._code}}, indent=4))

    def _inner_in_words(self) -> str:
        inner = self._inner_exception
        if inner is None:
            return "None"
        name = type(inner).__name__
        if isinstance(inner, AzureMLException):
            same = inner.problem is not None and inner.problem is self.problem
            return name if same or inner.message in self._message else "{}: {}".format(name, inner.message)
        return name if str(inner) in self._message else "{}: {}".format(name, inner)


class UserErrorException(AzureMLException):
    """Something asked for cannot be: a wrong name, type or value, a file that is missing or in the way."""

    _code = "UserError"


class AuthenticationException(UserErrorException):
    """The server does not know the token, or the token does not allow this."""


class ProjectSystemException(AzureMLException):
    """The server refused or failed, or a resource it was asked for is not there."""


class ServerUnreachableException(ProjectSystemException):
    """No answer from the server: it is not running, or the network between is down."""


class WorkspaceException(AzureMLException):
    """An operation on a workspace failed."""


class ExperimentExecutionException(AzureMLException):
    """A run could not be submitted or followed."""

    _code = "UserError"


class SnapshotException(AzureMLException):
    """The source folder cannot be taken as a snapshot; the message names each file in the way."""

    _code = "UserError"


class RunConfigurationException(AzureMLException):
    """A run configuration contradicts itself."""

    _code = "UserError"


class RunEnvironmentException(AzureMLException):
    """This process is not in a run, or cannot record what the run logs."""


class ComputeTargetException(AzureMLException):
    """A compute target is not there, or cannot be made as asked."""

    _code = "UserError"


class TrainingException(AzureMLException):
    """A training job was described in a way that cannot work."""

    _code = "UserError"


class WebserviceException(AzureMLException):
    """A model or web service is not there, or an operation on it failed."""


class ModelNotFoundException(AzureMLException):
    """No model of that name or version."""

    _code = "UserError"


class ModelPathNotFoundException(AzureMLException):
    """The path to register as a model is not among the run's files; the message lists what is there."""

    _code = "UserError"


class ActivityFailedException(AzureMLException):
    """The run that was waited for failed; the message holds its error."""

    def __init__(self, error_details: str, **kwargs: Any) -> None:
        super().__init__("Activity Failed:\n" + error_details, **kwargs)


class ActivityCanceledException(AzureMLException):
    """The run that was waited for was canceled."""

    def __init__(self, error_details: str = "", **kwargs: Any) -> None:
        super().__init__("Activity Canceled:\n" + error_details, **kwargs)
