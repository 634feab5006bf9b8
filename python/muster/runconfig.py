"""Run configurations, and how a run's processes are launched."""
import os
from typing import Any, Dict, List, Optional, TYPE_CHECKING, Union

from . import _runconfig_file
from ._section import Section
from ._unsupported import unsupported
from .environment import Environment
from .exceptions import RunConfigurationException, UserErrorException

if TYPE_CHECKING:
    from .compute import ComputeTarget
    from .conda_dependencies import CondaDependencies

DEFAULT_MAX_RUN_DURATION_SECONDS = 2592000
# The images that Azure ML's SDK starts from when an environment names none.
DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.3-cudnn8-ubuntu20.04"
_MPI = ("Mpi", "OpenMpi", "IntelMpi")
_FRAMEWORKS = ("Python", "PyTorch")
_COMMUNICATORS = ("None",) + _MPI + ("Nccl", "Gloo")
_TENSORFLOW = ("TensorFlow's own distribution is not launched. Start a process on each node by command= with "
               "PyTorchConfiguration(node_count=2), and make TF_CONFIG in the script of NODE_RANK and MASTER_ADDR; or use Horovod by "
               "MpiConfiguration.")


class PyTorchConfiguration(Section):
    """Processes for torch.distributed: `process_count` in all over `node_count` nodes; one a node when it is None.

    Each gets MASTER_ADDR, MASTER_PORT, NODE_RANK, WORLD_SIZE, RANK and LOCAL_RANK.
    """

    _where = "PyTorchConfiguration"
    _names = ("communication_backend", "process_count", "node_count")

    def __init__(self, communication_backend: str = "Nccl", process_count: Optional[int] = None, node_count: int = 1) -> None:
        if str(communication_backend).lower() not in ("nccl", "gloo"):
            raise RunConfigurationException("communication_backend: {!r} is no backend. Give Nccl or Gloo.".format(communication_backend))
        self.communication_backend = communication_backend
        self.process_count = process_count
        self.node_count = node_count

    def _distribution(self) -> Dict[str, Any]:
        return {"type": "pytorch", "process_count": self.process_count, "backend": str(self.communication_backend).lower()}

    def __repr__(self) -> str:
        return "PyTorchConfiguration({!r}, process_count={}, node_count={})".format(self.communication_backend, self.process_count,
                                                                                    self.node_count)


class MpiConfiguration(Section):
    """Processes started by Open MPI's mpirun: `process_count_per_node` on each of `node_count` nodes."""

    _where = "MpiConfiguration"
    _names = ("process_count_per_node", "node_count")

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1) -> None:
        self.process_count_per_node = process_count_per_node
        self.node_count = node_count

    def _distribution(self) -> Dict[str, Any]:
        return {"type": "mpi", "process_count_per_node": self.process_count_per_node}

    def __repr__(self) -> str:
        return "MpiConfiguration(process_count_per_node={}, node_count={})".format(self.process_count_per_node, self.node_count)


TensorflowConfiguration: Any = unsupported("azureml.core.runconfig.TensorflowConfiguration", _TENSORFLOW)
DISTRIBUTED_JOB_CONFIGS = (PyTorchConfiguration, MpiConfiguration)


class DockerConfiguration(Section):
    """With `use_docker` the run starts in the container of its environment, with these `arguments` for podman or docker and this
    `shm_size` besides; without it the environment alone decides."""

    _where = "DockerConfiguration"
    _names = ("use_docker", "shared_volumes", "arguments", "shm_size")

    def __init__(self, use_docker: bool = False, shared_volumes: bool = True, arguments: Optional[List[str]] = None,
                 shm_size: Optional[str] = None) -> None:
        self.use_docker = use_docker
        self.shared_volumes = shared_volumes
        self.arguments = list(arguments or [])
        self.shm_size = shm_size


class HistoryConfiguration(Section):
    """What is kept of a run. Here that is always everything: snapshot, outputs, and logs as they grow."""

    _where = "run_config.history"
    _names = ("output_collection", "snapshot_project", "directories_to_watch")

    def __init__(self) -> None:
        self.output_collection = True
        self.snapshot_project = True
        self.directories_to_watch = ["logs"]


class RunConfiguration(Section):
    """The part of a job that several scripts may share: target, environment, variables, distribution.

    `distributed_job_config` says how processes are launched; without it `communicator` does, with `mpi` or `pytorch` and `node_count`, as
    in Azure's older scripts. RunConfigurationException for a communicator that is none of None, OpenMpi, IntelMpi, Nccl and Gloo.
    """

    _where = "run_config"
    _names = ("script", "arguments", "command", "framework", "communicator", "environment", "environment_variables",
              "max_run_duration_seconds", "node_count", "priority", "docker", "distributed_job_config", "target", "mpi", "pytorch",
              "history", "data_references", "source_directory_data_store", "auto_prepare_environment")

    def __init__(self, script: Optional[str] = None, arguments: Union[None, str, List[Any]] = None, framework: Optional[str] = None,
                 communicator: Optional[str] = None, conda_dependencies: "Optional[CondaDependencies]" = None,
                 _history_enabled: Any = None, _path: Any = None, _name: Any = None,
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
        self.mpi = MpiConfiguration()
        self.pytorch = PyTorchConfiguration()
        self.history = HistoryConfiguration()
        self.data_references: Dict[str, Any] = {}
        self.source_directory_data_store: Optional[str] = None
        self.auto_prepare_environment = True
        self._target = "local"
        self._name: Optional[str] = _name

    @property
    def name(self) -> Optional[str]:
        """The name that it was loaded or saved by; None when it was not."""
        return self._name

    def save(self, path: Optional[str] = None, name: Optional[str] = None, separate_environment_yaml: bool = False) -> None:
        """Writes it to `.azureml/<name>.runconfig` below the project's folder `path` (.), or to `path` when that ends in .runconfig.

        `muster run submit -f` takes the file too. Arguments become texts: an input among them is the variable of its path. With
        `separate_environment_yaml` the packages are also written as a conda file, conda_dependencies.yml, beside it.
        """
        file = _runconfig_file.file_of(path, name or (None if str(path or "").endswith(".runconfig") else self._name))
        _runconfig_file.write(self, file)
        if separate_environment_yaml:
            self.environment.python.conda_dependencies.save(os.path.join(os.path.dirname(file), "conda_dependencies.yml"))
        self._name = os.path.basename(file)[:-len(".runconfig")]

    @staticmethod
    def load(path: str, name: Optional[str] = None) -> "RunConfiguration":
        """The one that save, or Azure's SDK, wrote there. UserErrorException when there is none, and for what it has and Muster does not,
        with the line or the key."""
        file = _runconfig_file.file_of(path, name)
        config = RunConfiguration(_name=os.path.basename(file)[:-len(".runconfig")])
        _runconfig_file.read(config, file)
        return config

    @staticmethod
    def delete(path: str, name: Optional[str] = None) -> None:
        """Removes the file that save wrote. UserErrorException when there is none."""
        file = _runconfig_file.file_of(path, name)
        try:
            os.remove(file)
        except OSError as error:
            raise UserErrorException("path: {} cannot be removed: {}.".format(file, error.strerror or error), error)

    @property
    def target(self) -> str:
        """The compute target's name; can be set to a name or an object."""
        return self._target

    @target.setter
    def target(self, value: "Union[None, str, ComputeTarget]") -> None:
        self._target = target_name(value)

    @property
    def framework(self) -> str:
        """Python or PyTorch: of what the script is."""
        return self._framework

    @framework.setter
    def framework(self, value: str) -> None:
        self._framework = _one_of("framework", value, _FRAMEWORKS)

    @property
    def communicator(self) -> str:
        """How processes find each other, without a distributed_job_config."""
        return self._communicator

    @communicator.setter
    def communicator(self, value: str) -> None:
        self._communicator = _one_of("communicator", value, _COMMUNICATORS)

    def _distribution(self) -> Union[None, PyTorchConfiguration, MpiConfiguration]:
        """How the processes are launched, whichever way it is said."""
        if self.distributed_job_config is not None or self.communicator == "None":
            return self.distributed_job_config
        if self.communicator in _MPI:
            return MpiConfiguration(self.mpi.process_count_per_node, max(self.node_count, self.mpi.node_count))
        return PyTorchConfiguration(self.communicator, self.pytorch.process_count, max(self.node_count, self.pytorch.node_count))


def _one_of(setting: str, value: Any, known: Any) -> str:
    for name in known:
        if str(value).lower() == name.lower():
            return str(name)
    if str(value).lower() in ("tensorflow", "parameterserver"):
        raise RunConfigurationException("{}: {}".format(setting, _TENSORFLOW))
    raise RunConfigurationException("{}: {!r} is none of {}.".format(setting, value, ", ".join(known)))


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
