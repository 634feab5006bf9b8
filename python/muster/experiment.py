"""Experiments: runs that belong together."""
import re
from typing import Any, Dict, Iterator, List, Optional, TYPE_CHECKING, Union

from ._client.addresses import segment
from ._runs.labels import texts
from ._terminal.html import html_table
from ._unsupported import unsupported_method
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from .estimator import Estimator
    from .run import Run
    from .script_run_config import ScriptRunConfig
    from .workspace import Workspace

NAME = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}\Z", re.ASCII)
TagFilter = Union[None, str, Dict[str, Any]]


class Experiment:
    """An experiment; it is made when the workspace has none of that name.

    UserErrorException when the name is not 1 to 255 letters, digits, `-` and `_`, a letter or digit first.
    """

    def __init__(self, workspace: "Workspace", name: str, _skip_name_validation: bool = False, _id: Any = None,
                 _archived_time: Any = None) -> None:
        if not isinstance(name, str) or not NAME.match(name):
            raise UserErrorException("name: {!r} is not an experiment's name: 1 to 255 letters, digits, - and _, a letter or "
                                     "digit first.".format(name))
        from .workspace import Workspace
        if not isinstance(workspace, Workspace):
            raise UserErrorException("workspace: {!r} is not a Workspace. Give the one that the experiment belongs to, as "
                                     "Workspace.from_config() or Workspace.get('default').".format(workspace))
        self._workspace = workspace
        self._name = name
        self._data: Dict[str, Any] = workspace._client.json("POST", workspace._path + "/experiments", {"name": name, "tags": {}},
                                                            create=True)

    @classmethod
    def _unchecked(cls, workspace: "Workspace", name: str, data: Optional[Dict[str, Any]] = None) -> "Experiment":
        experiment = cls.__new__(cls)
        experiment._workspace = workspace
        experiment._name = name
        experiment._data = data or {}
        return experiment

    @staticmethod
    def list(workspace: "Workspace", experiment_name: Optional[str] = None, view_type: str = "ActiveOnly",
             tags: TagFilter = None) -> "List[Experiment]":
        """The workspace's experiments; of one name, or with a tag (`"key"` or {key: value}), when asked."""
        found = []
        for data in workspace._client.pages(workspace._path + "/experiments", "experiments"):
            if experiment_name in (None, data["name"]) and _has_tags(data.get("tags") or {}, tags):
                found.append(Experiment._unchecked(workspace, data["name"], data))
        return found

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self._name

    @property
    def workspace(self) -> "Workspace":
        """The workspace it is in."""
        return self._workspace

    @property
    def id(self) -> str:
        """The experiment's id."""
        return str(self._fetch().get("id"))

    @property
    def tags(self) -> Dict[str, str]:
        """The experiment's tags."""
        return dict(self._fetch().get("tags") or {})

    def submit(self, config: "Union[ScriptRunConfig, Estimator]", tags: Optional[Dict[str, Any]] = None, **kwargs: Any) -> "Run":
        """Starts a run of this configuration, or estimator, and returns it at once, when its snapshot is uploaded.

        Also takes `display_name`, `properties` and `run_id` (an id of your choice). Raises SnapshotException for what is wrong with the
        source folder, UserErrorException for what the server refuses: each names the field and what to do.
        """
        from ._runs.submit import submit  # With the HTTP client, which jobs that only log do without.
        from .run import Run
        return Run._from_data(self, submit(self, config, tags, **kwargs))

    def start_logging(self, name: Optional[str] = None, run_id: Optional[str] = None, outputs: Union[None, bool, str] = None,
                      snapshot_directory: Optional[str] = ".", display_name: Optional[str] = None,
                      tags: Optional[Dict[str, Any]] = None, **kwargs: Any) -> "Run":
        """Begins an interactive run: this process logs it, no node runs it. It is Running until complete() or fail(); a `with` calls them.

        `run_id`: an id of your choice, of letters, digits, `_` and `-`; one that a run has is refused. `outputs` (./outputs; False for
        none) is a folder whose files are uploaded when the run ends; `snapshot_directory` is taken as its snapshot, unless it is None.
        UserErrorException for what is not known or cannot be, SnapshotException for what is wrong with the folder.
        """
        from .run import Run
        if kwargs:
            raise UserErrorException("start_logging does not know {}. It takes name, run_id, outputs, snapshot_directory, display_name and "
                                     "tags.".format(", ".join(sorted(kwargs))))
        return Run._begin(self, display_name if display_name is not None else name, outputs, snapshot_directory, None, texts(tags or {}),
                          run_id)

    def get_runs(self, type: Optional[str] = None, tags: TagFilter = None, properties: TagFilter = None,
                 include_children: bool = False, order_by: Optional[str] = None, metrics: "Union[None, str, List[str]]" = None,
                 parameters: "Union[None, str, List[str]]" = None, filter: Optional[str] = None) -> "Iterator[Run]":
        """The experiment's runs, newest first, fetched as they are asked for; of one `type` (as `run.type` says it) when asked.

        `tags` and `properties`: `"key"` for those that have it, {key: value} for those where it is that. Muster's own:
        `order_by`, like `"metrics.acc desc"`, `"parameters.lr"` or `"created_at"`; `metrics`, conditions on last values like
        `"acc>=0.9"`; `parameters`, conditions like `"lr<0.01"` or `"optimizer=adam"`; `filter`, the text that `muster run list --filter`
        and the page take, like `"status:failed acc>=0.9 tag.team=birds"`.
        """
        from .run import Run
        query: Dict[str, Any] = {"experiment": self._name}
        for key, value in (("order_by", order_by), ("metric", metrics), ("parameter", parameters), ("filter", filter)):
            if value is not None:
                query[key] = value
        for data in self._workspace._client.pages(self._workspace._path + "/runs", "runs", query):
            if data.get("parent_run_id") and not include_children:
                continue
            run = Run._from_data(self, data)
            if _has_tags(run.tags, tags) and _has_tags(run.properties, properties) and type in (None, run.type):
                yield run

    def tag(self, key: str, value: Any = None) -> None:
        """Sets one tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Dict[str, Any]) -> None:
        """Sets these tags and leaves the others."""
        self._patch({key: "" if value is None else str(value) for key, value in tags.items()})

    def remove_tags(self, tags: "Union[str, List[str]]") -> None:
        """Removes these tags."""
        self._patch(dict.fromkeys([tags] if isinstance(tags, str) else tags))

    archive = unsupported_method("Experiment.archive", "Tag it instead: experiment.tag('archived').")
    reactivate = unsupported_method("Experiment.reactivate", "No experiment is archived.")
    delete = unsupported_method("Experiment.delete", "Delete its runs: `muster run delete ID`. An experiment is a name for them.")

    get_docs_url = unsupported_method("Experiment.get_docs_url", "Its documentation is docs/python-sdk.md.")

    @property
    def archived_time(self) -> None:
        """None: no experiment is archived."""
        return None

    def refresh(self) -> None:
        """Forgets what is known of the experiment, so that it is asked for again."""
        self._data = {}

    def _patch(self, tags: Dict[str, Any]) -> None:
        self._data = self._workspace._client.json("PATCH", self._path, {"tags": tags})

    def _fetch(self) -> Dict[str, Any]:
        if not self._data:
            self._data = self._workspace._client.json("GET", self._path)
        return self._data

    @property
    def _path(self) -> str:
        return "{}/experiments/{}".format(self._workspace._path, segment(self._name))

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return html_table([("Name", self._name), ("Workspace", self._workspace.name)])

    def __repr__(self) -> str:
        return "Experiment(Name: {}, Workspace: {})".format(self._name, self._workspace.name)


def _has_tags(present: Dict[str, Any], wanted: TagFilter) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in present
    return all(present.get(key) == (value if value is None else str(value)) for key, value in wanted.items())
