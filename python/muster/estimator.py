"""Estimators, the older way to describe a training job: each becomes a ScriptRunConfig when it is submitted."""
import os
import sys
from typing import Any, Dict, List, Mapping, Optional, Set, TYPE_CHECKING, Union

from .conda_dependencies import CondaDependencies
from .environment import Environment
from .exceptions import ProjectSystemException, TrainingException
from .runconfig import DEFAULT_MAX_RUN_DURATION_SECONDS, MpiConfiguration, PyTorchConfiguration, RunConfiguration, target_name
from .script_run_config import ScriptRunConfig

if TYPE_CHECKING:
    from .compute import ComputeTarget
    from .workspace import Workspace

_noticed: Set[str] = set()
_DEFAULT_PYTORCH = "1.4"
_PACKAGES = ("conda_packages", "pip_packages", "conda_dependencies_file_path", "pip_requirements_file_path", "conda_dependencies_file",
             "pip_requirements_file")
_DOCKER = ("custom_docker_base_image", "custom_docker_image", "image_registry_details", "shm_size")


class Mpi(MpiConfiguration):
    """As MpiConfiguration, in the estimators' words: the estimator says how many nodes."""

    def __init__(self, process_count_per_node: int = 1) -> None:
        MpiConfiguration.__init__(self, process_count_per_node)


class Gloo:
    """torch.distributed over gloo, one process a node."""


class Nccl:
    """torch.distributed over NCCL, one process a node."""


Distributed = Union[None, Mpi, MpiConfiguration, Gloo, Nccl, PyTorchConfiguration]


class Estimator:
    """A training job: `entry_script` of `source_directory` with `script_params`, on `compute_target`.

    `script_params` maps an option to its value; the value "" makes a bare flag. `conda_packages` and `pip_packages`, or files of them, are
    installed for it. `distributed_training` (MpiConfiguration(), Gloo(), Nccl()), or the older `distributed_backend` ("mpi", "gloo",
    "nccl"), starts `process_count_per_node` processes on each of `node_count` nodes. `inputs` are data that the script finds by name, in
    `Run.get_context().input_datasets`. TrainingException for what cannot go together.
    """

    _framework: Optional[str] = None

    def __init__(self, source_directory: str, *, compute_target: "Union[None, str, ComputeTarget]" = None, vm_size: Optional[str] = None,
                 vm_priority: Optional[str] = None, entry_script: Optional[str] = None, script_params: Optional[Mapping[str, Any]] = None,
                 node_count: int = 1, process_count_per_node: int = 1, distributed_backend: Optional[str] = None,
                 distributed_training: Distributed = None, use_gpu: bool = False, use_docker: bool = True,
                 custom_docker_base_image: Optional[str] = None, custom_docker_image: Optional[str] = None,
                 image_registry_details: Any = None, user_managed: bool = False, conda_packages: Optional[List[str]] = None,
                 pip_packages: Optional[List[str]] = None, conda_dependencies_file_path: Optional[str] = None,
                 pip_requirements_file_path: Optional[str] = None, conda_dependencies_file: Optional[str] = None,
                 pip_requirements_file: Optional[str] = None, environment_variables: Optional[Mapping[str, Any]] = None,
                 environment_definition: Optional[Environment] = None, inputs: Optional[List[Any]] = None,
                 source_directory_data_store: Any = None, shm_size: Optional[str] = None, resume_from: Any = None,
                 max_run_duration_seconds: Optional[int] = None, framework_version: Optional[str] = None) -> None:
        given = {name: value for name, value in locals().items() if name not in ("self", "source_directory")}
        self.source_directory = os.fspath(source_directory)
        self.framework_version = framework_version
        self._given = given
        self._check()
        self._distribution = _distribution(distributed_training, distributed_backend, node_count, process_count_per_node)
        self._notice()

    def _check(self) -> None:
        given = self._given
        if given["compute_target"] is None:
            if given["vm_size"] is None:
                raise TrainingException("compute_target: give a compute target, or \"local\".")
            raise TrainingException("vm_size: a target is not made for one run. Make one that grows and shrinks, by ComputeTarget."
                                    "create(ws, \"cluster\", AmlCompute.provisioning_configuration(max_nodes=4)), and give it as "
                                    "compute_target.")
        if not given["entry_script"]:
            raise TrainingException("entry_script: give the script's path within source_directory.")
        target = target_name(given["compute_target"])
        count = given["node_count"]
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise TrainingException("node_count: {!r} is not a number of nodes.".format(count))
        if count > 1 and target == "local":
            raise TrainingException("node_count: the target \"local\" has one node. Give an AmlCompute that has {}.".format(count))
        if given["environment_definition"] is not None:
            both = [name for name in _PACKAGES + _DOCKER if given[name] is not None]
            if both:
                raise TrainingException("environment_definition: cannot go with {}. Say it in the environment.".format(", ".join(both)))
        if given["framework_version"] is not None and self._framework is None:
            raise TrainingException("framework_version: Estimator is for any framework. Name its packages in pip_packages.")
        self._inputs()

    def _arguments(self) -> List[Any]:
        arguments: List[Any] = []
        for name, value in (self._given["script_params"] or {}).items():
            arguments += [name] if value == "" else [name, value]
        return arguments

    def _inputs(self) -> Dict[str, Any]:
        """Those that are no arguments: the script finds each in run.input_datasets."""
        inputs: Dict[str, Any] = {}
        for one in self._given["inputs"] or []:
            if not hasattr(one, "_input"):
                raise TrainingException("inputs: {!r} is nothing of a datastore. Give dataset.as_named_input('data').as_mount(), or "
                                        "datastore.path('data').as_download().".format(one))
            name = one._input()._name
            if name in inputs:
                raise TrainingException("inputs: two are named {}. Name one of them otherwise.".format(name))
            inputs[name] = one
        return inputs

    def _environment_name(self) -> Optional[str]:
        """Of the curated environment that it is for, where it is for one."""
        if self._framework is None or self._given["environment_definition"] is not None or self._given["user_managed"] \
                or self._image() is not None:
            return None
        return "AzureML-{}-{}-{}".format(self._framework, self.framework_version or _DEFAULT_PYTORCH,
                                         "GPU" if self._given["use_gpu"] else "CPU")

    def _image(self) -> Optional[str]:
        image: Optional[str] = self._given["custom_docker_image"] or self._given["custom_docker_base_image"]
        return image

    def _environment(self, workspace: "Workspace") -> Environment:
        given = self._given
        if given["environment_definition"] is not None:
            environment: Environment = given["environment_definition"]
            return environment
        curated = self._environment_name()
        if curated is None:
            environment = Environment("estimator")
            environment.python.user_managed_dependencies = bool(given["user_managed"])
        else:
            environment = _curated(workspace, curated)
        wanted = self._wanted_packages()
        if wanted is not None:
            if curated is not None:
                environment = environment.clone("{}-with-packages".format(curated.replace("AzureML-", "", 1)))
            _add(environment, wanted)
        if self._image() is not None:
            environment.docker.base_image = self._image()
            if given["image_registry_details"] is not None:
                environment.docker.base_image_registry = given["image_registry_details"]
        if given["shm_size"] is not None and curated is None:
            environment.docker.shm_size = given["shm_size"]
        return environment

    def _wanted_packages(self) -> Optional[CondaDependencies]:
        """The packages that it asks for besides its framework's; None when it asks for none."""
        given = self._given
        conda_file = given["conda_dependencies_file"] or given["conda_dependencies_file_path"]
        pip_file = given["pip_requirements_file"] or given["pip_requirements_file_path"]
        if not (given["conda_packages"] or given["pip_packages"] or conda_file or pip_file):
            return None
        wanted = CondaDependencies(_below(self.source_directory, conda_file)) if conda_file else CondaDependencies()
        if pip_file:
            wanted_by_pip = Environment.from_pip_requirements("estimator", _below(self.source_directory, pip_file))
            for package in wanted_by_pip.python.conda_dependencies.pip_packages:
                wanted.add_pip_package(package)
        for package in given["conda_packages"] or []:
            wanted.add_conda_package(package)
        for package in given["pip_packages"] or []:
            wanted.add_pip_package(package)
        return wanted

    def _script_run_config(self, workspace: "Workspace") -> ScriptRunConfig:
        given = self._given
        run_config = RunConfiguration()
        run_config.target = given["compute_target"]
        run_config.environment = self._environment(workspace)
        run_config.distributed_job_config = self._distribution
        run_config.data_references = self._inputs()
        run_config.environment_variables = {str(name): str(value) for name, value in (given["environment_variables"] or {}).items()}
        run_config.max_run_duration_seconds = given["max_run_duration_seconds"] or DEFAULT_MAX_RUN_DURATION_SECONDS
        return ScriptRunConfig(self.source_directory, given["entry_script"], self._arguments(), run_config,
                               resume_from=given["resume_from"])

    def _notice(self) -> None:
        """Says once, for each kind of estimator, what to write instead."""
        kind = type(self).__name__
        if kind in _noticed:
            return
        _noticed.add(kind)
        name = self._environment_name()
        parts = ["source_directory={!r}".format(self.source_directory), "script={!r}".format(self._given["entry_script"])]
        if self._given["script_params"]:
            parts.append("arguments=[{}]".format(", ".join(map(_shown, self._arguments()))))
        parts.append("compute_target={!r}".format(target_name(self._given["compute_target"])))
        parts.append("environment={}".format("Environment.get(ws, {!r})".format(name) if name else "Environment(…)"))
        if self._distribution is not None:
            parts.append("distributed_job_config={!r}".format(self._distribution))
        sys.stderr.write("{} is deprecated, here as in azureml-sdk since 1.19. The same as a ScriptRunConfig:\n"
                         "    ScriptRunConfig({})\n".format(kind, ",\n                    ".join(parts)))

    def __repr__(self) -> str:
        return "{}(source_directory={!r}, entry_script={!r})".format(type(self).__name__, self.source_directory,
                                                                     self._given["entry_script"])


class PyTorch(Estimator):
    """An Estimator in the curated environment AzureML-PyTorch-<framework_version>-GPU, or -CPU without `use_gpu`."""

    _framework = "PyTorch"


def _distribution(training: Distributed, backend: Optional[str], nodes: int,
                  processes: int) -> Union[None, MpiConfiguration, PyTorchConfiguration]:
    if training is not None and backend is not None:
        raise TrainingException("distributed_backend: cannot go with distributed_training; leave it out.")
    if training is None and backend is None:
        if nodes > 1 or processes > 1:
            raise TrainingException("distributed_training: with node_count={} and process_count_per_node={} say how processes find each "
                                    "other: MpiConfiguration(), Gloo() or Nccl().".format(nodes, processes))
        return None
    kinds: Dict[str, Distributed] = {"mpi": Mpi(processes), "gloo": Gloo(), "nccl": Nccl()}
    if training is None:
        if str(backend).lower() not in kinds:
            raise TrainingException("distributed_backend: {!r} is none of \"mpi\", \"gloo\" and \"nccl\".".format(backend))
        training = kinds[str(backend).lower()]
    if isinstance(training, MpiConfiguration):
        return MpiConfiguration(max(training.process_count_per_node, processes), max(training.node_count, nodes))
    if isinstance(training, PyTorchConfiguration):
        return training
    if isinstance(training, (Gloo, Nccl)):
        return PyTorchConfiguration(type(training).__name__, processes * nodes, nodes)
    raise TrainingException("distributed_training: {!r} is not a distribution. Give MpiConfiguration(), Gloo() or Nccl().".format(training))


def _curated(workspace: "Workspace", name: str) -> Environment:
    try:
        return Environment.get(workspace, name)
    except ProjectSystemException as error:
        if error.status != 404 and "not found" not in error.message:
            raise
        raise TrainingException("framework_version: the workspace has no environment {}. Give the framework_version of one that it has, or "
                                "point the name at an environment of yours: `muster environment override {} --with NAME`.\n{}".format(
                                    name, name, error.message), error, problem=error.problem)


def _add(environment: Environment, wanted: CondaDependencies) -> None:
    """Adds these packages to the environment; over an interpreter that is used as it is they are layered."""
    python = environment.python
    if python.user_managed_dependencies:
        python.user_managed_dependencies = False
        python._layered = True
    for package in wanted.conda_packages:
        python.conda_dependencies.add_conda_package(package)
    for package in wanted.pip_packages:
        python.conda_dependencies.add_pip_package(package)


def _below(source_directory: str, path: str) -> str:
    """A file that is named as seen from here or from the source folder."""
    inside = os.path.join(source_directory, path)
    return inside if os.path.exists(inside) and not os.path.exists(path) else path


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, (str, int, float)) else "<{}>".format(type(value).__name__)
