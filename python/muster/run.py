"""Runs: what was submitted or begun, how it goes, what it left."""
import json
import traceback
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Type, TYPE_CHECKING, Union, cast

from ._runs.follow import follow
from ._client.addresses import segment
from ._runs.code import RunCode
from ._runs.details import details_of
from ._runs.files import RunFiles
from ._runs.kinds import class_of, type_of
from ._runs.labels import RunLabels, texts
from ._runs.metrics import RunMetrics
from ._runs.show import OutputPrinter
from ._terminal.html import html_table, Link
from ._unsupported import unsupported_method, warn_ignored
from .exceptions import (ActivityFailedException, ExperimentExecutionException, ModelPathNotFoundException, ProjectSystemException,
                         UserErrorException)

if TYPE_CHECKING:
    from .environment import Environment
    from .estimator import Estimator
    from .experiment import Experiment, TagFilter
    from .model import Model
    from .script_run_config import ScriptRunConfig
    from .workspace import Workspace


class Run(RunCode, RunFiles, RunLabels, RunMetrics):
    """A run of an experiment: an interactive one (Experiment.start_logging, child_run), or a ScriptRun, a job as its submitter sees it.

    `status`, `tags` and the like are those of the last look; methods that begin with `get_` look again.
    ProjectSystemException when the experiment has no run of this id.
    """

    def __init__(self, experiment: "Experiment", run_id: str, outputs: Optional[str] = None, _run_dto: Any = None) -> None:
        if not isinstance(run_id, str) or not run_id:
            raise UserErrorException("run_id: {!r} is not a run's id.".format(run_id))
        self._set_up(experiment, run_id, None)
        if self._data["experiment"] != experiment.name:
            raise ProjectSystemException("Run not found: {} is a run of the experiment {!r}, not of {!r}.".format(
                run_id, self._data["experiment"], experiment.name))

    # Of an interactive run that this process began.
    _outputs: Optional[str] = None
    _has_been_ended = False

    def _set_up(self, experiment: "Experiment", run_id: str, data: Optional[Dict[str, Any]]) -> None:
        self._experiment = experiment
        self._workspace = experiment.workspace
        self._client = experiment.workspace._client
        self._id = run_id
        self._last = data

    @classmethod
    def _from_data(cls, experiment: "Experiment", data: Dict[str, Any]) -> "Run":
        kind: Type[Run] = class_of(data) or Run
        run = kind.__new__(kind)
        run._set_up(experiment, data["run_id"], data)
        return run

    @classmethod
    def _begin(cls, experiment: "Experiment", name: Optional[str], outputs: Union[None, bool, str],
               snapshot_directory: Optional[str] = None, parent_run_id: Optional[str] = None,
               tags: Optional[Dict[str, str]] = None, run_id: Optional[str] = None) -> "Run":
        from ._runs.interactive import begin, outputs_folder  # With the HTTP client, which jobs that only log do without.
        run = Run._from_data(experiment, begin(experiment, name, snapshot_directory, parent_run_id, tags, run_id))
        run._outputs = outputs_folder(outputs)
        return run

    @classmethod
    def get_context(cls, allow_offline: bool = True, used_for_context_manager: bool = False) -> "Run":
        """The run this process belongs to.

        In a job that is the submitted run: its `log` methods write to this process's metric journal and never wait for
        the network. Elsewhere it is an offline run that prints what it is given, or, with `allow_offline` False,
        RunEnvironmentException. An offline run is said to be a Run, so that a script's types fit; it has those of its methods that a
        training script uses.
        """
        from ._submitted_run import get_context
        return cast("Run", get_context(allow_offline))

    @staticmethod
    def get(workspace: "Workspace", run_id: str) -> "Run":
        """The run of that id, or of its 32-hex uuid. ProjectSystemException when there is none."""
        from .experiment import Experiment
        if not isinstance(run_id, str) or not run_id:
            raise UserErrorException("run_id: {!r} is not a run's id.".format(run_id))
        data = workspace._client.json("GET", "{}/runs/{}".format(workspace._path, segment(run_id)))
        return Run._from_data(Experiment._unchecked(workspace, data["experiment"]), data)

    @staticmethod
    def list(experiment: "Experiment", type: Optional[str] = None, tags: "TagFilter" = None, properties: "TagFilter" = None,
             include_children: bool = False) -> "Iterator[Run]":
        """The experiment's runs, newest first; see Experiment.get_runs."""
        return experiment.get_runs(type, tags, properties, include_children)

    # --- What it is ---

    @property
    def id(self) -> str:
        """The run's id, `<experiment>_<unix seconds>_<8 hex>`."""
        return self._id

    @property
    def experiment(self) -> "Experiment":
        """The experiment it belongs to."""
        return self._experiment

    @property
    def name(self) -> str:
        """The display name, else the id."""
        return str(self._data.get("display_name") or self._id)

    @property
    def number(self) -> int:
        """Which run of its experiment it is, from 1."""
        return int(self._data.get("number") or 0)

    @property
    def type(self) -> str:
        """The kind of run, in Azure's word: azureml.scriptrun for a job."""
        return type_of(self._data)

    @property
    def status(self) -> str:
        """The status of the last look; see get_status."""
        return str(self._data["status"])

    @property
    def parent(self) -> "Optional[Run]":
        """The parent run, if it has one."""
        parent = self._data.get("parent_run_id")
        return Run.get(self._workspace, parent) if parent else None

    def get_status(self) -> str:
        """The run's status now: NotStarted, Preparing, Queued, Provisioning, Starting, Running, NotResponding, Finalizing,
        CancelRequested, Completed, Failed or Canceled."""
        return str(self._refresh()["status"])

    def get_detailed_status(self) -> Dict[str, Any]:
        """{"status", "details"}: the details say why a run waits, and are None when it does not."""
        data = self._refresh()
        return {"status": data["status"], "details": data.get("status_detail") or None}

    def get_details(self) -> Dict[str, Any]:
        """All about the run in Azure's keys; `error` only when it failed, `stages` and `nodes` are Muster's own."""
        return self._details(self._refresh())

    def get_details_with_logs(self) -> Dict[str, Any]:
        """As get_details, with the contents of the log files in the place of their addresses."""
        details = self.get_details()
        details["logFiles"] = {path: self._read_log(path).decode("utf-8", "replace") for path in details["logFiles"]}
        return details

    def get_portal_url(self) -> str:
        """The address of the run's page."""
        return "{}/workspaces/{}/runs/{}".format(self._client.url, segment(self._workspace.name), segment(self._id))

    def get_environment(self) -> "Environment":
        """The environment it ran in."""
        from .environment import Environment
        environment = self._data.get("environment") or {}
        if not environment.get("name"):
            raise UserErrorException("The run {} used the system's own Python and no environment.".format(self._id))
        return Environment.get(self._workspace, environment["name"], environment.get("version"))

    def get_snapshot_id(self) -> Optional[str]:
        """The id of the snapshot it ran."""
        return self._data.get("snapshot_id")

    take_snapshot = unsupported_method("Run.take_snapshot", "A job's folder is its snapshot; of an interactive run give start_logging("
                                       "snapshot_directory=…).")
    get_submitted_run = unsupported_method("Run.get_submitted_run", "Use Run.get_context().")
    add_type_provider = unsupported_method("Run.add_type_provider", "Each run is a Run, and tells its kind by run.type.")

    get_docs_url = unsupported_method("Run.get_docs_url", "Its documentation is docs/python-sdk.md.")

    def clean(self) -> List[str]:
        """Nothing, and does nothing: a run's folder on its node is removed when the run has ended."""
        return []

    # --- Waiting and ending ---

    def wait_for_completion(self, show_output: bool = False, wait_post_processing: bool = False,
                            raise_on_error: bool = True) -> Dict[str, Any]:
        """Waits until the run has ended and its outputs are there; returns get_details().

        `show_output` prints its log as it comes. The server may go away and return meanwhile: nothing is lost or shown
        twice. ActivityFailedException when it failed, unless `raise_on_error` is False; a canceled run raises nothing.
        ExperimentExecutionException on Ctrl-C, which leaves the run going, and when the server stays away.
        """
        printer = OutputPrinter(self._id, self.get_portal_url()) if show_output else None

        def on_status(data: Dict[str, Any]) -> None:
            self._last = data
            if printer:
                printer.status(data)

        def on_log(path: str, rank: Optional[int], text: str) -> None:
            if printer:
                printer.log(path, rank, text)

        try:
            if printer:
                printer.start()
            data = follow(self._client, self._path, show_output, on_status, on_log, printer.away if printer else None)
        except KeyboardInterrupt:
            raise ExperimentExecutionException(
                "The output streaming for the run interrupted.\nBut the run is still executing on the compute target. Cancel it "
                "with `muster run cancel {}` or run.cancel().".format(self._id))
        details = self._details(data)
        error = details.get("error") if data["status"] == "Failed" else None
        if printer:
            printer.summary(data, with_error=not raise_on_error)
        if error is not None and raise_on_error:
            raise ActivityFailedException(json.dumps(error, indent=4))
        return details

    def cancel(self) -> None:
        """Asks for the run to end. UserErrorException when it has ended."""
        self._last = self._client.json("POST", self._path + "/cancel", {"reason": "canceled by its submitter"}, create=True)
        self._has_been_ended = True

    def start(self) -> None:
        """Accepted for scripts that call it: a run is Running from its beginning."""

    def complete(self, _set_status: bool = True) -> None:
        """Ends the run as Completed, once what it logged and what is in its outputs folder is on the server.

        UserErrorException when it has ended otherwise; called again it changes nothing.
        """
        self._bring_home()
        if _set_status:
            self._last = self._client.json("POST", self._path + "/complete")
            self._has_been_ended = True

    def fail(self, error_details: Any = None, error_code: Optional[str] = None, _set_status: bool = True, _traceback: str = "") -> None:
        """Ends the run as Failed with these details (a text or an exception), once what it logged is on the server.

        UserErrorException when it has ended otherwise; called again it changes nothing.
        """
        if isinstance(error_details, BaseException):
            _traceback = _traceback or "".join(traceback.format_exception(type(error_details), error_details, error_details.__traceback__))
            error_details = traceback.format_exception_only(type(error_details), error_details)[-1].strip()
        body: Dict[str, Any] = {}
        if error_details is not None or error_code is not None:
            words = "" if error_details is None else str(error_details)
            body["message"] = _cut(": ".join(part for part in (error_code, words) if part), 10000)
        if _traceback:
            body["traceback"] = _cut(_traceback, 100000)
        try:
            self._bring_home()
        finally:
            if _set_status:
                self._last = self._client.json("POST", self._path + "/fail", body)
                self._has_been_ended = True

    def _bring_home(self) -> None:
        self.flush()
        if self._outputs is not None:
            self._upload_new("outputs", self._outputs)

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        """Ends the run: Completed, or Failed with the exception that left the block. One that was ended inside stays as it is."""
        if self._has_been_ended:
            return
        if kind is None:
            try:
                self.complete()
            except Exception as fault:
                self.fail(fault)
                raise
            return
        self.fail("".join(traceback.format_exception_only(kind, error)).strip(),
                  _traceback="".join(traceback.format_exception(kind, error, where)))

    # --- Children ---

    def get_children(self, recursive: bool = False, tags: "TagFilter" = None, properties: "TagFilter" = None,
                     type: Optional[str] = None, status: Optional[str] = None) -> "Iterator[Run]":
        """The child runs, newest first; with `recursive` their children too."""
        from .experiment import Experiment, _has_tags
        for data in self._client.pages(self._workspace._path + "/runs", "runs", {"parent_run_id": self._id}):
            child = Run._from_data(Experiment._unchecked(self._workspace, data["experiment"]), data)
            if _has_tags(child.tags, tags) and _has_tags(child.properties, properties) and status in (None, child.status) \
                    and type in (None, child.type):
                yield child
            if recursive:
                for grandchild in child.get_children(True, tags, properties, type, status):
                    yield grandchild

    def child_run(self, name: Optional[str] = None, run_id: Optional[str] = None, outputs: Union[None, bool, str] = False) -> "Run":
        """Begins an interactive run that is this one's child. End it with complete() or fail(), or use it in a `with`.

        `run_id`: an id of your choice, of letters, digits, `_` and `-`; UserErrorException when a run has it. `outputs`: a folder whose
        files are uploaded when it ends.
        """
        return Run._begin(self._experiment, name, outputs, None, self._id, run_id=run_id)

    def create_children(self, count: Optional[int] = None, tag_key: Optional[str] = None,
                        tag_values: Optional[Iterable[Any]] = None) -> "List[Run]":
        """Begins several interactive children: `count` of them, or one for each of `tag_values`, tagged `tag_key`."""
        if (count is None) == (tag_values is None) or (tag_key is None) != (tag_values is None):
            raise UserErrorException("count, tag_key, tag_values: give a count, or a tag_key with tag_values.")
        each: List[Dict[str, str]] = [{} for _ in range(count or 0)]
        if tag_values is not None:
            each = [texts({str(tag_key): value}) for value in tag_values]
        return [Run._begin(self._experiment, None, False, None, self._id, tags) for tags in each]

    def submit_child(self, config: "Union[ScriptRunConfig, Estimator]", tags: Optional[Dict[str, Any]] = None, **kwargs: Any) -> "Run":
        """Starts a run that is this one's child."""
        from ._runs.submit import submit  # With the HTTP client, which jobs that only log do without.
        return Run._from_data(self._experiment, submit(self._experiment, config, tags, parent_run_id=self._id, **kwargs))

    # --- The registry ---

    def register_model(self, model_name: str, model_path: Optional[str] = None, tags: Optional[Mapping[str, Any]] = None,
                       properties: Optional[Mapping[str, Any]] = None, model_framework: Optional[str] = None,
                       model_framework_version: Optional[str] = None, description: Optional[str] = None, datasets: Any = None,
                       sample_input_dataset: Any = None, sample_output_dataset: Any = None,
                       resource_configuration: Any = None) -> "Model":
        """Registers files of this run as a new version of a model.

        `model_path` is one of get_file_names() or a folder of them; the model's name when None.
        ModelPathNotFoundException when the run has no such file; it lists what there is.
        """
        from .model import Model, describe_model
        warn_ignored("Run.register_model", datasets=datasets, sample_input_dataset=sample_input_dataset,
                     sample_output_dataset=sample_output_dataset, resource_configuration=resource_configuration)
        body = describe_model(model_name, tags, properties, description, model_framework, model_framework_version)
        body.update({"run_id": self._id, "path": model_path if model_path is not None else model_name})
        try:
            data = self._client.json("POST", self._workspace._path + "/models", body, create=True)
        except UserErrorException as error:
            problem = error.problem or {}
            faults = [fault for fault in problem.get("errors") or [] if fault.get("field") == "path"]
            if error.status == 422 and faults:
                words = "Could not locate the provided model_path {} in the set of files uploaded to the run: {}.".format(
                    body["path"], faults[0].get("detail"))
                hint = problem.get("hint")
                raise ModelPathNotFoundException(words + ("\n" + str(hint) if hint else ""), error, problem=error.problem) from None
            raise
        return Model._from_data(self._workspace, data)

    # --- Inside ---

    def get_secret(self, name: str) -> Optional[str]:
        """The value of one of the workspace's secrets; None when there is none of that name. See Workspace.get_default_keyvault()."""
        return self.experiment.workspace.get_default_keyvault().get_secret(name)

    def get_secrets(self, secrets: Iterable[str]) -> Dict[str, Optional[str]]:
        """Several of them: {name: value}, with None for those that are not there."""
        return self.experiment.workspace.get_default_keyvault().get_secrets(secrets)

    @property
    def _path(self) -> str:
        return "{}/runs/{}".format(self._workspace._path, segment(self._id))

    def __getstate__(self) -> Dict[str, Any]:
        """A copy is a source of its own for what is logged from here, and reads its points anew."""
        return {key: value for key, value in self.__dict__.items() if key != "_source"}

    @property
    def _data(self) -> Dict[str, Any]:
        return self._last if self._last is not None else self._refresh()

    def _refresh(self) -> Dict[str, Any]:
        data: Dict[str, Any] = self._client.json("GET", self._path)
        self._last = data
        return data

    def _patch(self, body: Dict[str, Any]) -> None:
        self._last = self._client.json("PATCH", self._path, body)

    def _details(self, data: Dict[str, Any]) -> Dict[str, Any]:
        return details_of(data, {log["path"]: self._log_url(log) for log in self._logs(True)})

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        data = self._data
        return html_table([("Experiment", self._experiment.name), ("Id", self._id), ("Type", self.type), ("Status", data["status"]),
                           ("Details Page", Link(self.get_portal_url()))])

    def __repr__(self) -> str:
        return "Run(Experiment: {},\nId: {},\nType: {},\nStatus: {})".format(
            self._experiment.name, self._id, self.type, self._last["status"] if self._last else "unknown")


def _cut(text: str, most_bytes: int) -> str:
    """The end of a long text: where a traceback says what went wrong."""
    encoded = text.encode("utf-8", "replace")
    return text if len(encoded) <= most_bytes else encoded[-most_bytes:].decode("utf-8", "ignore")
