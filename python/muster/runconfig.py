"""Run configurations, and how a run's processes are launched."""
from typing import Any, Dict, List, Optional, TYPE_CHECKING, Union

from .environment import Environment
from .exceptions import RunConfigurationException, UserErrorException

if TYPE_CHECKING:
    from .compute import ComputeTarget
    from .conda_dependencies import CondaDependencies

DEFAULT_MAX_RUN_DURATION_SECONDS = 2592000


class PyTorchConfiguration:
    """Processes for torch.distributed: `process_count` in all over `node_count` nodes; one a node when it is None.

    Each gets MASTER_ADDR, MASTER_PORT, NODE_RANK, WORLD_SIZE, RANK and LOCAL_RANK.
    """

    def __init__(self, communication_backend: str = "Nccl", process_count: Optional[int] = None, node_count: int = 1) -> None:
        if str(communication_backend).lower() not in ("nccl", "gloo"):
            raise RunConfigurationException("communication_backend: {!r} is no backend. Give Nccl or Gloo.".format(communication_backend))
        self.communication_backend = communication_backend
        self.process_count = process_count
        self.node_count = node_count

    def _distribution(self) -> Dict[str, Any]:
        return {"type": "pytorch", "process_count": self.process_count, "backend": str(self.communication_backend).lower()}


class MpiConfiguration:
    """Processes started by Open MPI's mpirun: `process_count_per_node` on each of `node_count` nodes."""

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node = process_count_per_node
        self.node_count = node_count

    def _distribution(self) -> Dict[str, Any]:
        return {"type": "mpi", "process_count_per_node": self.process_count_per_node}


DISTRIBUTED_JOB_CONFIGS = (PyTorchConfiguration, MpiConfiguration)


class DockerConfiguration:
    """Accepted so that scripts run unchanged. This version runs no containers: `use_docker=True` is refused at submit."""

    def __init__(self, use_docker: bool = False, shared_volumes: bool = True, arguments: Optional[List[str]] = None,
                 shm_size: Optional[str] = None) -> None:
        self.use_docker = use_docker
        self.shared_volumes = shared_volumes
        self.arguments = list(arguments or [])
        self.shm_size = shm_size


class RunConfiguration:
    """The part of a job that several scripts may share: target, environment, variables, distribution."""

    def __init__(self, script: Optional[str] = None, arguments: Union[None, str, List[Any]] = None, framework: Optional[str] = None,
                 communicator: Optional[str] = None, conda_dependencies: "Optional[CondaDependencies]" = None,
                 command: Union[None, str, List[str]] = None) -> None:
        self.script = script
        self.arguments = arguments
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.environment: Environment = Environment("default-environment")
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self.environment_variables: Dict[str, str] = {}
        self.max_run_duration_seconds: Optional[int] = DEFAULT_MAX_RUN_DURATION_SECONDS
        self.node_count = 1
        self.priority: Optional[int] = None
        self.docker = DockerConfiguration()
        self.distributed_job_config: Union[None, PyTorchConfiguration, MpiConfiguration] = None
        self._target = "local"

    @property
    def target(self) -> str:
        """The compute target's name; can be set to a name or an object."""
        return self._target

    @target.setter
    def target(self, value: "Union[None, str, ComputeTarget]") -> None:
        self._target = target_name(value)


def check_environment(environment: Any) -> Environment:
    """The environment, when it is one."""
    if not isinstance(environment, Environment):
        raise UserErrorException("environment: {!r} is not an Environment. Give one that you describe, as Environment('mine'), or a "
                                 "registered one, as Environment.get(workspace, 'mine').".format(environment))
    return environment


def target_name(target: "Union[None, str, ComputeTarget]") -> str:
    """The name of a target given as an object, a name, or not at all."""
    if target is None:
        return "local"
    name = target if isinstance(target, str) else getattr(target, "name", None)
    if not isinstance(name, str) or not name:
        raise UserErrorException("compute_target: {!r} is neither a compute target nor its name.".format(target))
    return name
