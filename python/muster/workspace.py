"""Workspaces: where everything else is found."""
import re
from typing import Any, Dict, List, Optional, TYPE_CHECKING

from ._client.config import find_config, find_fingerprint, find_server, find_token, write_config
from ._client.addresses import read_server_url, segment
from ._terminal.html import html_table
from ._unsupported import unsupported_method, warn_ignored
from .exceptions import ProjectSystemException, UserErrorException, WorkspaceException

if TYPE_CHECKING:
    from ._client.http import Client
    from .compute import ComputeTarget
    from .dataset import FileDataset
    from .datastore import Datastore
    from .environment import Environment
    from .experiment import Experiment
    from .keyvault import Keyvault
    from .model import Model
    from .run import Run

_NAME = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}\Z", re.ASCII)


class Workspace:
    """A workspace on a server.

    `subscription_id` and `resource_group` are kept for scripts that pass them on and mean nothing to Muster, nor do
    `auth` and what else Azure's constructor takes. `server` is the server's address; when it is None, MUSTER_URL, then
    what `muster up` started.

    ProjectSystemException when there is no such workspace.
    """

    def __init__(self, subscription_id: str = "muster", resource_group: str = "muster", workspace_name: str = "default",
                 auth: Any = None, _location: Any = None, _disable_service_check: Any = None, _workspace_id: Any = None, sku: Any = None,
                 tags: Any = None, cloud: Any = None, server: Optional[str] = None, _config_url: Optional[str] = None) -> None:
        if not isinstance(workspace_name, str) or not _NAME.match(workspace_name):
            raise UserErrorException("workspace_name: {!r} is not a workspace's name: up to 255 letters, digits, - and _, "
                                     "a letter or digit first.".format(workspace_name))
        self._set_up(connect(server, _config_url), workspace_name, subscription_id, resource_group)
        self._data  # noqa: B018  One call, so that a wrong address, token or name shows here.

    def _set_up(self, client: "Client", name: str, subscription_id: str, resource_group: str) -> None:
        self._client = client
        self._name = name
        self._subscription_id = subscription_id
        self._resource_group = resource_group
        self._fetched: Optional[Dict[str, Any]] = None
        self._path = "/workspaces/" + segment(name)

    @classmethod
    def _unchecked(cls, client: "Client", name: str) -> "Workspace":
        """A workspace without asking the server: for a run in its job, which must start without one."""
        workspace = cls.__new__(cls)
        workspace._set_up(client, name, "muster", "muster")
        return workspace

    @classmethod
    def from_config(cls, path: Optional[str] = None, auth: Any = None, _logger: Any = None, _file_name: Optional[str] = None,
                    server: Optional[str] = None) -> "Workspace":
        """The workspace that the nearest `config.json` names.

        `path` is that file, or the folder from which to search upwards (the current one when None); in each folder its
        `.azureml` is looked into first. The nearest file wins. Both of Azure's shapes are read.
        UserErrorException when there is none, or it is not a good one.
        """
        config = find_config(path, _file_name)
        return cls(config.subscription_id, config.resource_group, config.workspace_name, auth, server=server, _config_url=config.muster_url)

    @classmethod
    def get(cls, name: str, auth: Any = None, subscription_id: Optional[str] = None, resource_group: Optional[str] = None,
            location: Optional[str] = None, cloud: Optional[str] = None, id: Optional[str] = None,
            server: Optional[str] = None) -> "Workspace":
        """The workspace of that name. ProjectSystemException when there is none."""
        return cls(subscription_id or "muster", resource_group or "muster", name, auth, server=server)

    @classmethod
    def create(cls, name: str, auth: Any = None, subscription_id: Optional[str] = None, resource_group: Optional[str] = None,
               location: Any = None, create_resource_group: bool = True, sku: Any = None, tags: Optional[Dict[str, str]] = None,
               friendly_name: Any = None, storage_account: Any = None, key_vault: Any = None, app_insights: Any = None,
               container_registry: Any = None, adb_workspace: Any = None, primary_user_assigned_identity: Any = None,
               cmk_keyvault: Any = None, resource_cmk_uri: Any = None, hbi_workspace: Any = None, default_cpu_compute_target: Any = None,
               default_gpu_compute_target: Any = None, private_endpoint_config: Any = None, private_endpoint_auto_approval: Any = None,
               exist_ok: bool = False, show_output: bool = True, server: Optional[str] = None) -> "Workspace":
        """Makes a workspace; with `exist_ok` one that is there will do. What concerns Azure's subscriptions and resources is ignored, with
        a warning."""
        warn_ignored("Workspace.create", friendly_name=friendly_name, storage_account=storage_account, key_vault=key_vault,
                     app_insights=app_insights, container_registry=container_registry, adb_workspace=adb_workspace,
                     primary_user_assigned_identity=primary_user_assigned_identity, cmk_keyvault=cmk_keyvault,
                     resource_cmk_uri=resource_cmk_uri, hbi_workspace=hbi_workspace,
                     default_cpu_compute_target=default_cpu_compute_target, default_gpu_compute_target=default_gpu_compute_target,
                     private_endpoint_config=private_endpoint_config, private_endpoint_auto_approval=private_endpoint_auto_approval)
        client = connect(server)
        try:
            client.json("POST", "/workspaces", {"name": name, "tags": tags or {}}, error=WorkspaceException, create=True)
        except WorkspaceException as error:
            if error.status != 409 or not exist_ok:
                raise
        return cls.get(name, auth, subscription_id, resource_group, server=client.pinned_url)

    @staticmethod
    def list(subscription_id: Optional[str] = None, auth: Any = None, resource_group: Optional[str] = None,
             server: Optional[str] = None) -> "Dict[str, List[Workspace]]":
        """All workspaces of the server: {name: [workspace]}."""
        client = connect(server)
        found: Dict[str, List[Workspace]] = {}
        for data in client.pages("/workspaces", "workspaces"):
            workspace = Workspace._unchecked(client, data["name"])
            workspace._fetched = data
            found[data["name"]] = [workspace]
        return found

    @property
    def _data(self) -> Dict[str, Any]:
        if self._fetched is None:
            try:
                self._fetched = self._client.json("GET", self._path)
            except ProjectSystemException as error:
                if error.status == 404:
                    raise ProjectSystemException("Workspace not found: the server at {} has no workspace {!r}. "
                                                 "Workspace.list() gives those there are.".format(self._client.url, self._name), error)
                raise
        return self._fetched

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self._name

    @property
    def id(self) -> str:
        """The workspace's id."""
        return str(self._data.get("id"))

    @property
    def subscription_id(self) -> str:
        """As it was given; means nothing to Muster."""
        return self._subscription_id

    @property
    def resource_group(self) -> str:
        """As it was given; means nothing to Muster."""
        return self._resource_group

    @property
    def location(self) -> str:
        """The server's address: a self-hosted workspace lies in no region."""
        return self._client.url

    @property
    def tags(self) -> Dict[str, str]:
        """The workspace's tags."""
        return dict(self._data.get("tags") or {})

    @property
    def experiments(self) -> "Dict[str, Experiment]":
        """The experiments by name."""
        from .experiment import Experiment
        return {experiment.name: experiment for experiment in Experiment.list(self)}

    @property
    def compute_targets(self) -> "Dict[str, ComputeTarget]":
        """The compute targets by name."""
        from .compute import ComputeTarget
        return {target.name: target for target in ComputeTarget.list(self)}

    @property
    def environments(self) -> "Dict[str, Environment]":
        """The registered environments by name, each in its newest version."""
        from .environment import Environment
        return Environment.list(self)

    @property
    def models(self) -> "Dict[str, Model]":
        """The models by name, each in its newest version."""
        from .model import Model
        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def datastores(self) -> "Dict[str, Datastore]":
        """The datastores by name."""
        from .datastore import Datastore
        return {data["name"]: Datastore(self, data["name"]) for data in self._client.json("GET", self._path + "/datastores")["datastores"]}

    @property
    def datasets(self) -> "Dict[str, FileDataset]":
        """The registered datasets by name, each in its newest version."""
        from .dataset import Dataset
        return Dataset.get_all(self)

    def get_default_datastore(self) -> "Datastore":
        """The datastore that every workspace has."""
        from .datastore import Datastore
        return Datastore(self)

    def get_default_keyvault(self) -> "Keyvault":
        """The workspace's secrets."""
        from .keyvault import Keyvault
        return Keyvault(self)

    def set_default_datastore(self, name: str) -> None:
        """Takes the name of the datastore that there is. UserErrorException for any other."""
        from .datastore import Datastore
        Datastore(self, name)

    def get_default_compute_target(self, type: str = "CPU") -> "Optional[ComputeTarget]":
        """None, as of a workspace that was made without one: name the target of a run."""
        return None

    @property
    def sku(self) -> str:
        """basic: there is one kind."""
        return "basic"

    @property
    def discovery_url(self) -> str:
        """The server's address."""
        return self._client.url

    @property
    def webservices(self) -> Dict[str, Any]:
        """None: Muster serves no models."""
        return {}

    @property
    def images(self) -> Dict[str, Any]:
        """None: Muster builds no images."""
        return {}

    get_mlflow_tracking_uri = unsupported_method(
        "Workspace.get_mlflow_tracking_uri", "The server does not speak MLflow's protocol. Log by Run.get_context().log, or give MLflow a "
        "place of its own, as mlflow.set_tracking_uri('file:./mlruns').")
    update = unsupported_method("Workspace.update", "Give tags when it is made: Workspace.create(name, tags={…}).")
    delete = unsupported_method("Workspace.delete", "A workspace stays; delete what is in it: `muster run delete`, `muster clean "
                                "--deleted`.")

    def sync_keys(self) -> None:
        """Does nothing: there are no keys of other services."""

    def get_run(self, run_id: str) -> "Run":
        """The run of that id, of whichever experiment."""
        from .run import Run
        return Run.get(self, run_id)

    def get_details(self) -> Dict[str, Any]:
        """What there is to know about the workspace."""
        return {"id": self.id, "name": self.name, "location": self.location, "type": "Muster", "tags": self.tags,
                "creationTime": self._data.get("created_at"), "createdBy": self._data.get("created_by"),
                "subscriptionId": self.subscription_id, "resourceGroup": self.resource_group}

    def write_config(self, path: Optional[str] = None, file_name: Optional[str] = None) -> None:
        """Writes `<path or .>/.azureml/config.json`, which `from_config` then finds. It holds no token."""
        write_config({"subscription_id": self.subscription_id, "resource_group": self.resource_group,
                              "workspace_name": self.name, "muster_url": self._client.pinned_url}, path, file_name)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return html_table([("Name", self.name), ("Server", self.location), ("Id", self.id)])

    def __repr__(self) -> str:
        return "Workspace.create(name={!r}, subscription_id={!r}, resource_group={!r})".format(
            self.name, self.subscription_id, self.resource_group)


def connect(server: Optional[str] = None, config_url: Optional[str] = None, token: Optional[str] = None) -> "Client":
    """A client for the server that is given, or found by the rules of docs/formats.md. Sends nothing yet."""
    from ._client.http import Client  # Takes a while to load, and jobs that only log do without.
    url = find_server(server, config_url)
    fingerprint = find_fingerprint(url) if read_server_url(url).https else ""
    return Client(url, token or find_token(url), fingerprint)
