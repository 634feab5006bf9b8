"""`Run.get_context()`: the run that this process belongs to, known from the variables that a job gets.

Nothing here asks the server anything: a job trains on while the server is away.
"""
import os
import sys
import warnings
from typing import Any, Dict, Optional, TYPE_CHECKING, Union

from ._recording.journal import Journal
from ._recording.logging import JournalLogger, MetricLogger
from .exceptions import RunEnvironmentException
from .experiment import Experiment
from .offline_run import OfflineRun
from .run import Run
from .script_run import ScriptRun
from .workspace import Workspace, connect

if TYPE_CHECKING:
    from ._client.http import Client

# What the innermost launcher says comes first: under torchrun MUSTER_RANK is the launcher's own, and RANK the process's.
_RANK_VARIABLES = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "MUSTER_RANK")

_journals: Dict[str, Journal] = {}


def get_context(allow_offline: bool = True) -> Union[Run, OfflineRun]:
    """See Run.get_context."""
    run_id = os.environ.get("MUSTER_RUN_ID")
    folder = os.environ.get("MUSTER_METRICS_DIR")
    if run_id and folder:
        return SubmittedRun(run_id, folder)
    if allow_offline:
        return OfflineRun()
    missing = [name for name in ("MUSTER_RUN_ID", "MUSTER_METRICS_DIR") if not os.environ.get(name)]
    raise RunEnvironmentException("This process is not in a run: {} not set. Submit the script as a job, or allow an offline run "
                                  "with Run.get_context().".format(" and ".join(missing) + (" is" if len(missing) == 1 else " are")))


class SubmittedRun(JournalLogger, ScriptRun):
    """The run as its own job sees it. Its `log` methods write to the journal; the others ask the server, as outside."""

    def __init__(self, run_id: str, folder: str) -> None:
        JournalLogger.__init__(self, journal_in(folder))
        self._run_id = run_id
        self._folder = folder
        self._made: Optional[Experiment] = None
        self._last = None

    def __reduce__(self) -> Any:
        """A copy, and one in another process, logs as this one does: each process into its own journal, under its own rank."""
        return type(self), (self._run_id, self._folder)

    # The server's address and the token are only looked for when something is asked of the server.

    @property
    def _experiment(self) -> Experiment:  # type: ignore[override]
        if self._made is None:
            client = connect(token=os.environ.get("MUSTER_RUN_TOKEN"))
            workspace = Workspace._unchecked(client, os.environ.get("MUSTER_WORKSPACE") or "default")
            name = os.environ.get("MUSTER_EXPERIMENT") or self._run_id.rsplit("_", 2)[0]
            self._made = Experiment._unchecked(workspace, name)
        return self._made

    @property
    def _workspace(self) -> Workspace:  # type: ignore[override]
        return self._experiment.workspace

    @property
    def _client(self) -> "Client":  # type: ignore[override]
        return self._experiment.workspace._client

    @property
    def _id(self) -> str:  # type: ignore[override]
        return self._run_id

    @property
    def input_datasets(self) -> Dict[str, Any]:
        """The paths of the run's inputs, by name."""
        return _paths(False)

    @property
    def output_datasets(self) -> Dict[str, Any]:
        """The paths of the folders that are brought into a datastore at the end, by name."""
        return _paths(True)

    log_image = MetricLogger.log_image  # Left in outputs/, and collected from there.

    def complete(self, _set_status: bool = True) -> None:
        """Does nothing: the process's exit code decides how the run ends."""

    def fail(self, error_details: Any = None, error_code: Optional[str] = None, _set_status: bool = True, _traceback: str = "") -> None:
        """Writes the details to standard error, and so to the run's log; the process's exit code decides how the run ends."""
        print("run.fail: {}".format(error_details), file=sys.stderr, flush=True)

    def cancel(self) -> None:
        """Warns and does nothing: the process's exit code decides how the run ends."""
        warnings.warn("run.cancel() does nothing inside the job; end the process, or cancel the run from outside.",
                      stacklevel=2)


def journal_in(folder: str) -> Journal:
    """This process's journal in the folder; the same however often it is asked for."""
    key = os.path.abspath(folder)
    # Without a lock, which a fork might find taken: of threads that ask at once all get the same one.
    journal = _journals.get(key)
    return journal if journal is not None else _journals.setdefault(key, Journal(key, _rank))


def _rank() -> int:
    """The rank that the launch gave this process, -1 without one."""
    for name in _RANK_VARIABLES:
        text = os.environ.get(name, "")
        if text.isdigit() and int(text) < 2 ** 31:
            return int(text)
    return -1


def _paths(of_outputs: bool) -> Dict[str, Any]:
    """By MUSTER_INPUTS: `name=` with a file's name, nothing for a folder, or a slash for an output."""
    lines = [line.partition("=") for line in os.environ.get("MUSTER_INPUTS", "").splitlines()]
    names = [name for name, _, file in lines if (file == "/") == of_outputs]
    return {name: os.environ["AZUREML_DATAREFERENCE_" + name] for name in names if "AZUREML_DATAREFERENCE_" + name in os.environ}
