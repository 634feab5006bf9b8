"""Compute targets: where runs run."""
import time
from typing import Any, Dict, Iterator, List, Optional, TYPE_CHECKING

from ._client.addresses import segment
from ._terminal.printable import write
from ._terminal.progress import counted
from ._unsupported import unsupported_method, warn_ignored
from .exceptions import ComputeTargetException, UserErrorException

if TYPE_CHECKING:
    from .run import Run
    from .workspace import Workspace

RESERVED = ("amlcompute", "local", "containerinstance")
POLL_SECONDS = 1.0
_VM_SIZES = (("STANDARD_D1_V2", 1, 0, 3.5, 51200), ("STANDARD_D2_V2", 2, 0, 7, 102400), ("STANDARD_DS3_V2", 4, 0, 14, 28672),
             ("STANDARD_D4_V2", 8, 0, 28, 409600), ("STANDARD_NC6", 6, 1, 56, 389120), ("STANDARD_NC12", 12, 2, 112, 696320),
             ("STANDARD_NC24", 24, 4, 224, 1474560), ("STANDARD_NC6S_V3", 6, 1, 112, 344064), ("STANDARD_NC24S_V3", 24, 4, 448, 1376256),
             ("STANDARD_ND40RS_V2", 40, 8, 672, 2969600))
_STATES = ("preparing", "running", "idle", "unusable", "leaving", "preempted")


class ComputeTarget:
    """A compute target of the workspace, by name; ComputeTargetException when there is none."""

    def __new__(cls, workspace: "Workspace" = None, name: str = "") -> "ComputeTarget":  # type: ignore[assignment]
        return super().__new__(AmlCompute if cls is ComputeTarget else cls)

    def __init__(self, workspace: "Workspace", name: str) -> None:
        if not isinstance(name, str) or not name:
            raise UserErrorException("name: {!r} is not a compute target's name.".format(name))
        self._workspace = workspace
        self._name = name
        self._data = self._fetch()

    @classmethod
    def _from_data(cls, workspace: "Workspace", data: Dict[str, Any]) -> "AmlCompute":
        target = object.__new__(AmlCompute)
        target._workspace, target._name, target._data = workspace, data["name"], data
        return target

    @staticmethod
    def create(workspace: "Workspace", name: str, provisioning_configuration: "AmlComputeProvisioningConfiguration") -> "ComputeTarget":
        """Makes a compute target. Its nodes come when runs need them. ComputeTargetException when that cannot be."""
        if str(name).lower() in RESERVED:
            raise UserErrorException("name: {!r} is reserved. Choose another name.".format(name))
        body = dict(provisioning_configuration._body(), name=name)
        data = workspace._client.json("POST", workspace._path + "/compute_targets", body, error=ComputeTargetException, create=True)
        return ComputeTarget._from_data(workspace, data)

    @staticmethod
    def get_or_create(workspace: "Workspace", name: str,
                      provisioning_configuration: "AmlComputeProvisioningConfiguration") -> "ComputeTarget":
        """The target of that name, made as the configuration says when there is none: Muster's own."""
        try:
            return ComputeTarget(workspace, name)
        except ComputeTargetException as error:
            if error.status not in (None, 404):
                raise
        return ComputeTarget.create(workspace, name, provisioning_configuration)

    attach = unsupported_method("ComputeTarget.attach", "Make one: ComputeTarget.create(ws, \"cluster\", AmlCompute."
                                "provisioning_configuration(max_nodes=4)), or `muster compute create --engine slurm`.")
    detach = unsupported_method("ComputeTarget.detach", "Delete it: target.delete().")

    @staticmethod
    def list(workspace: "Workspace") -> "List[ComputeTarget]":
        """The workspace's compute targets."""
        return [ComputeTarget._from_data(workspace, data)
                for data in workspace._client.pages(workspace._path + "/compute_targets", "compute_targets")]

    @property
    def name(self) -> str:
        """The target's name."""
        return self._name

    @property
    def workspace(self) -> "Workspace":
        """The workspace it is in."""
        return self._workspace

    @property
    def type(self) -> str:
        """AmlCompute, or local."""
        return str(self._data.get("type"))

    @property
    def description(self) -> Optional[str]:
        """What its maker said of it."""
        return self._data.get("description")

    @property
    def tags(self) -> Dict[str, str]:
        """The target's tags."""
        return dict(self._data.get("tags") or {})

    @property
    def engine(self) -> str:
        """What runs its nodes: local, …"""
        return str(self._data.get("engine"))

    @property
    def engine_options(self) -> Dict[str, Any]:
        """What the engine is told."""
        return dict(self._data.get("engine_options") or {})

    @property
    def provisioning_state(self) -> str:
        """The state of the last look."""
        return str(self._data.get("provisioning_state"))

    def refresh_state(self) -> None:
        """Looks again."""
        self._data = self._fetch()

    def delete(self) -> None:
        """Removes the target. ComputeTargetException while runs use it."""
        self._workspace._client.json("DELETE", self._path, error=ComputeTargetException)

    def serialize(self) -> Dict[str, Any]:
        """All about the target as plain values."""
        return dict(self._data)

    @property
    def _path(self) -> str:
        return "{}/compute_targets/{}".format(self._workspace._path, segment(self._name))

    def _fetch(self) -> Dict[str, Any]:
        try:
            data: Dict[str, Any] = self._workspace._client.json("GET", self._path, error=ComputeTargetException)
            return data
        except ComputeTargetException as error:
            if error.status != 404:
                raise
            raise ComputeTargetException("ComputeTargetNotFound: Compute Target with name {} not found in provided workspace".format(
                self._name), error, problem=error.problem)

    def __repr__(self) -> str:
        return "{}(workspace={!r}, name={}, type={})".format(type(self).__name__, self._workspace.name, self._name, self.type)


class AmlCompute(ComputeTarget):
    """A target that grows to `max_nodes` on demand and shrinks to `min_nodes` when idle."""

    @staticmethod
    def provisioning_configuration(vm_size: str = "", vm_priority: str = "dedicated", min_nodes: int = 0, max_nodes: Optional[int] = None,
                                   idle_seconds_before_scaledown: Optional[int] = None, admin_username: Any = None,
                                   admin_user_password: Any = None, admin_user_ssh_key: Any = None, vnet_resourcegroup_name: Any = None,
                                   vnet_name: Any = None, subnet_name: Any = None, tags: Optional[Dict[str, str]] = None,
                                   description: Optional[str] = None, remote_login_port_public_access: Any = None,
                                   identity_type: Any = None, identity_id: Any = None, location: Any = None,
                                   enable_node_public_ip: Any = None, engine: Optional[str] = None,
                                   engine_options: Optional[Dict[str, Any]] = None) -> "AmlComputeProvisioningConfiguration":
        """A description for `ComputeTarget.create`.

        `max_nodes` is required: ComputeTargetException without it, or when it is less than `min_nodes`. Nodes go away
        after `idle_seconds_before_scaledown` (1800). `engine` runs the nodes (the server's own machine when None), and is told
        `engine_options`. What concerns virtual networks, regions, identities and logins is ignored, with a warning.
        """
        warn_ignored("AmlCompute.provisioning_configuration", admin_username=admin_username, admin_user_password=admin_user_password,
                     admin_user_ssh_key=admin_user_ssh_key, vnet_resourcegroup_name=vnet_resourcegroup_name, vnet_name=vnet_name,
                     subnet_name=subnet_name, remote_login_port_public_access=remote_login_port_public_access,
                     identity_type=identity_type, identity_id=identity_id, location=location,
                     enable_node_public_ip=enable_node_public_ip)
        return AmlComputeProvisioningConfiguration(vm_size, vm_priority, min_nodes, max_nodes, idle_seconds_before_scaledown, tags,
                                                   description, engine, engine_options)

    @staticmethod
    def supported_vmsizes(workspace: "Workspace", location: Optional[str] = None) -> "List[Dict[str, Any]]":
        """Names that Azure has for sizes of machines. Any name is taken, and kept as a label: a node is as large as its machine."""
        return [{"name": name, "vCPUs": cpus, "gpus": gpus, "memoryGB": memory, "maxResourceVolumeMB": disk}
                for name, cpus, gpus, memory, disk in _VM_SIZES]

    def get_active_runs(self) -> "Iterator[Run]":
        """The runs that its nodes run now."""
        self.refresh_state()
        for run_id in sorted({str(node["run_id"]) for node in self._data.get("nodes") or [] if node.get("run_id")}):
            yield self._workspace.get_run(run_id)

    def get_status(self) -> "Optional[AmlComputeStatus]":
        """The target's nodes and scaling now."""
        self.refresh_state()
        return AmlComputeStatus(self._data)

    def wait_for_completion(self, show_output: bool = False, min_node_count: Optional[int] = None, timeout_in_minutes: float = 25,
                            is_delete_operation: bool = False) -> None:
        """Waits until the target is made and has `min_node_count` nodes (its `min_nodes` when None).

        ComputeTargetException when making it failed. A timeout is printed and not raised.
        """
        deadline = time.monotonic() + timeout_in_minutes * 60
        shown = ""
        message = "Wait timeout has been reached"
        while True:
            self.refresh_state()
            state = self.provisioning_state
            nodes = int(self._data.get("current_node_count") or 0)
            wanted = int((self._data.get("min_nodes") if min_node_count is None else min_node_count) or 0)
            line = "{}, {}".format(state, counted(nodes, "node")) + (", at least {} wanted".format(wanted) if wanted else "")
            if show_output and line != shown:
                write(line + "\n")
                shown = line
            if state in ("Failed", "Canceled"):
                raise ComputeTargetException("Compute target {} could not be made: it is {}. `muster compute show {}` tells more.".format(
                    self._name, state, self._name))
            if state == "Succeeded" and nodes >= wanted:
                message = "Minimum number of nodes requested have been provisioned"
                break
            if time.monotonic() >= deadline:
                break
            time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))
        if show_output:
            write("AmlCompute wait for completion finished\n\n{}\n".format(message))

    def update(self, min_nodes: Optional[int] = None, max_nodes: Optional[int] = None,
               idle_seconds_before_scaledown: Optional[int] = None) -> None:
        """Changes what is given."""
        body = {"min_nodes": min_nodes, "max_nodes": max_nodes, "idle_seconds_before_scaledown": idle_seconds_before_scaledown}
        self._data = self._workspace._client.json("PATCH", self._path, {key: value for key, value in body.items() if value is not None},
                                                  error=ComputeTargetException)

    add_identity = unsupported_method("AmlCompute.add_identity", "Runs have the server's account.")
    remove_identity = unsupported_method("AmlCompute.remove_identity", "Runs have the server's account.")
    list_usages = unsupported_method("AmlCompute.list_usages", "There are no quotas; `muster compute show NAME` has the nodes.")
    list_quotas = unsupported_method("AmlCompute.list_quotas", "There are no quotas; max_nodes is the limit.")

    def list_nodes(self) -> "List[Dict[str, Any]]":
        """The nodes now: [{"nodeId", "state", "runId"}]."""
        self.refresh_state()
        return [{"nodeId": node.get("node_id"), "state": node.get("state"), "runId": node.get("run_id")}
                for node in self._data.get("nodes") or []]


class AmlComputeProvisioningConfiguration:
    """What an AmlCompute is to be like; made by AmlCompute.provisioning_configuration."""

    def __init__(self, vm_size: str, vm_priority: str, min_nodes: int, max_nodes: Optional[int],
                 idle_seconds_before_scaledown: Optional[int], tags: Optional[Dict[str, str]], description: Optional[str],
                 engine: Optional[str] = None, engine_options: Optional[Dict[str, Any]] = None) -> None:
        if max_nodes is None:
            raise ComputeTargetException("max_nodes: must be given: the most nodes the target may grow to.")
        for field, value in (("min_nodes", min_nodes), ("max_nodes", max_nodes)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ComputeTargetException("{}: {!r} is not a whole number of nodes.".format(field, value))
        if max_nodes < min_nodes:
            raise ComputeTargetException("max_nodes: {} is less than min_nodes, {}.".format(max_nodes, min_nodes))
        if vm_priority not in ("dedicated", "lowpriority"):
            raise ComputeTargetException("vm_priority: {!r} is not a priority. Give dedicated or lowpriority.".format(vm_priority))
        self.vm_size = vm_size
        self.vm_priority = vm_priority
        self.min_nodes = min_nodes
        self.max_nodes = max_nodes
        self.idle_seconds_before_scaledown = 1800 if idle_seconds_before_scaledown is None else idle_seconds_before_scaledown
        self.tags = dict(tags or {})
        self.description = description
        self.engine = engine
        self.engine_options = dict(engine_options or {})

    def _body(self) -> Dict[str, Any]:
        body: Dict[str, Any] = {"min_nodes": self.min_nodes, "max_nodes": self.max_nodes, "vm_priority": self.vm_priority,
                                "idle_seconds_before_scaledown": self.idle_seconds_before_scaledown}
        for key, value in (("vm_size", self.vm_size), ("tags", self.tags), ("description", self.description),
                           ("engine", self.engine), ("engine_options", self.engine_options)):
            if value:
                body[key] = value
        return body


class AmlComputeStatus:
    """A look at an AmlCompute; `serialize` gives it in Azure's keys."""

    def __init__(self, data: Dict[str, Any]) -> None:
        self._data = data

    @property
    def current_node_count(self) -> int:
        """Nodes there are."""
        return int(self._data.get("current_node_count") or 0)

    @property
    def target_node_count(self) -> int:
        """Nodes there are to be."""
        return int(self._data.get("target_node_count") or 0)

    @property
    def allocation_state(self) -> str:
        """Steady or Resizing."""
        return str(self._data.get("allocation_state"))

    @property
    def provisioning_state(self) -> str:
        """Succeeded, once it is made."""
        return str(self._data.get("provisioning_state"))

    def serialize(self) -> Dict[str, Any]:
        """The status in Azure's keys."""
        counts = self._data.get("node_state_counts") or {}
        priority = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": {state + "NodeCount": counts.get(state, 0) for state in _STATES},
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": self._data.get("allocation_state_transition_time"),
            "errors": None,
            "creationTime": self._data.get("created_at"),
            "modifiedTime": self._data.get("allocation_state_transition_time"),
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": None,
            "scaleSettings": {"minNodeCount": self._data.get("min_nodes"), "maxNodeCount": self._data.get("max_nodes"),
                              "nodeIdleTimeBeforeScaleDown": "PT{}S".format(self._data.get("idle_seconds_before_scaledown"))},
            "vmPriority": priority.get(str(self._data.get("vm_priority")), self._data.get("vm_priority")),
            "vmSize": self._data.get("vm_size"),
        }
