"""The file of a run configuration, `.azureml/<name>.runconfig`: YAML in Azure's keys."""
import os
from typing import Any, Dict, List, Optional, TYPE_CHECKING

from ._conda_yaml import CondaFile
from ._inputs import RunInput
from ._yaml import read_yaml, write_yaml
from .conda_dependencies import CondaDependencies, CONSTRAINTS_FILE
from .environment import Environment
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from .runconfig import RunConfiguration

_FOLDER, _OLD_FOLDER, _ENDING = ".azureml", "aml_config", ".runconfig"
_LONGEST = 1 << 20
# Of Azure's: what concerns other kinds of jobs and machines, or what the server decides.
_PASSED_OVER = ("tensorflow", "paralleltask", "parallelTask", "hdi", "spark", "datacaches", "amlcompute", "amlCompute", "kubernetescompute",
                "cmk8sCompute", "credentialPassthrough", "applicationEndpoints", "fileShares", "identity", "jobName",
                "commandReturnCodeConfig", "aiSuperComputer", "containerInstance", "useAbsolutePath", "autoPrepareEnvironment")


def file_of(path: Optional[str], name: Optional[str]) -> str:
    """The file that `path`, a project's folder or the file itself, and `name` mean."""
    path = os.fspath(path or ".")
    if name is None:
        if not path.endswith(_ENDING):
            raise UserErrorException("name: give the configuration's name, or the path of its file, which ends in {}.".format(_ENDING))
        return path
    if not isinstance(name, str) or not name or "/" in name or os.sep in name or name.startswith("."):
        raise UserErrorException("name: {!r} is not a configuration's name; it becomes a file's.".format(name))
    if os.path.basename(os.path.normpath(path)) in (_FOLDER, _OLD_FOLDER):
        return os.path.join(path, name + _ENDING)
    old = os.path.join(path, _OLD_FOLDER, name + _ENDING)
    return old if os.path.exists(old) else os.path.join(path, _FOLDER, name + _ENDING)


def write(config: "RunConfiguration", file: str) -> None:
    """Writes it, and pip's constraints beside it."""
    constraints = config.environment.python.conda_dependencies._constraints
    texts = {file: write_yaml(_described(config))}
    if constraints:
        texts[os.path.join(os.path.dirname(file), CONSTRAINTS_FILE)] = "".join(line + "\n" for line in constraints)
    try:
        os.makedirs(os.path.dirname(file) or ".", exist_ok=True)
        for name, text in texts.items():
            with open(name, "w", encoding="utf-8") as opened:
                opened.write(text)
    except OSError as error:
        raise UserErrorException("path: {} cannot be written: {}.".format(file, error.strerror or error), error)


def read(config: "RunConfiguration", file: str) -> None:
    """Sets what the file says. UserErrorException for what it has and Muster does not."""
    try:
        with open(file, encoding="utf-8-sig") as opened:
            text = opened.read(_LONGEST)
    except (OSError, UnicodeDecodeError) as error:
        raise UserErrorException("path: {} cannot be read: {}.".format(file, getattr(error, "strerror", None) or error), error)
    data = read_yaml(text, file)
    if not isinstance(data, dict):
        raise UserErrorException("path: {} is not a run configuration: it has no keys.".format(file))
    _Reading(file, data).into(config)


def _described(config: "RunConfiguration") -> Dict[str, Any]:
    distribution = config._distribution()
    communicator, framework = config.communicator, config.framework
    mpi: Any = config.mpi
    pytorch: Any = config.pytorch
    if distribution is not None and hasattr(distribution, "process_count_per_node"):
        mpi, communicator = distribution, communicator if communicator.endswith("Mpi") else "OpenMpi"
    elif distribution is not None:
        pytorch, communicator, framework = distribution, str(distribution.communication_backend).capitalize(), "PyTorch"
    arguments = [config.arguments] if isinstance(config.arguments, str) else list(config.arguments or [])
    references = {one._name: one for one in (value._input() for value in arguments + list(config.data_references.values())
                                             if hasattr(value, "_input"))}
    command = config.command if isinstance(config.command, (str, type(None))) else " ".join(map(str, config.command))
    described: Dict[str, Any] = {
        "script": config.script, "arguments": [str(one) for one in arguments], "command": command, "target": config.target,
        "framework": framework, "communicator": communicator, "maxRunDurationSeconds": config.max_run_duration_seconds,
        "nodeCount": config.node_count if distribution is None else distribution.node_count, "priority": config.priority,
        "environment": _environment(config.environment), "environmentVariables": _texts(config.environment_variables),
        "history": {"outputCollection": config.history.output_collection, "snapshotProject": config.history.snapshot_project,
                    "directoriesToWatch": list(config.history.directories_to_watch or [])},
        "docker": {"useDocker": config.docker.use_docker, "sharedVolumes": config.docker.shared_volumes,
                   "arguments": list(config.docker.arguments), "shmSize": config.docker.shm_size},
        "mpi": {"processCountPerNode": mpi.process_count_per_node, "nodeCount": mpi.node_count},
        "pytorch": {"communicationBackend": str(pytorch.communication_backend).lower(), "processCount": pytorch.process_count,
                    "nodeCount": pytorch.node_count},
        "sourceDirectoryDataStore": config.source_directory_data_store,
    }
    if references:
        described["dataReferences"] = {name: {"dataStoreName": one._datastore_name, "pathOnDataStore": one._path, "mode": one._mode}
                                       for name, one in references.items()}
    return described


def _texts(variables: Dict[str, Any]) -> Dict[str, str]:
    return {str(key): str(value) for key, value in variables.items()}


def _environment(environment: Environment) -> Dict[str, Any]:
    python, docker = environment.python, environment.docker
    described: Dict[str, Any] = {
        "name": environment.name, "version": environment.version,
        "python": {"userManagedDependencies": python.user_managed_dependencies, "interpreterPath": python.interpreter_path,
                   "condaDependencies": python.conda_dependencies.as_dict()},
        "environmentVariables": _texts(environment.environment_variables),
    }
    if docker._definition() is not None:
        described["docker"] = {"enabled": docker._enabled, "baseImage": docker.base_image, "baseDockerfile": docker.base_dockerfile,
                               "shmSize": docker.shm_size, "sharedVolumes": docker.shared_volumes, "arguments": list(docker.arguments),
                               "baseImageRegistry": {"address": docker.base_image_registry.address,
                                                     "username": docker.base_image_registry.username}}
    return described


class _Reading:
    """Takes keys out of what was read, so that what is left was not understood."""

    def __init__(self, file: str, data: Dict[str, Any]) -> None:
        self._file, self._data = file, data

    def into(self, config: "RunConfiguration") -> None:
        for key, attribute in (("script", "script"), ("command", "command"), ("target", "target"), ("framework", "framework"),
                               ("communicator", "communicator"), ("maxRunDurationSeconds", "max_run_duration_seconds"),
                               ("nodeCount", "node_count"), ("priority", "priority"),
                               ("sourceDirectoryDataStore", "source_directory_data_store")):
            value = self._data.pop(key, None)
            if value is not None and value != "":
                setattr(config, attribute, value)
        config.arguments = self._list("arguments") or None
        config.environment_variables = _texts(self._part("environmentVariables"))
        for key, section, names in (
                ("history", config.history, ("outputCollection", "snapshotProject", "directoriesToWatch")),
                ("docker", config.docker, ("useDocker", "sharedVolumes", "arguments", "shmSize")),
                ("mpi", config.mpi, ("processCountPerNode", "nodeCount")),
                ("pytorch", config.pytorch, ("communicationBackend", "processCount", "nodeCount"))):
            part = self._part(key)
            for name in names:
                if part.get(name) is not None:
                    setattr(section, _snake(name), part[name])
        self._read_environment(config.environment)
        for name, one in self._part("dataReferences").items():
            config.data_references[name] = RunInput(name, one.get("dataStoreName") or "workspaceblobstore", one.get("pathOnDataStore"),
                                                    str(one.get("mode") or "mount").lower())
        left = sorted(key for key, value in self._data.items() if key not in _PASSED_OVER and value not in (None, "", {}, []))
        if left:
            raise UserErrorException("{}: Muster does not know {} of a run configuration. Take it out of the file.".format(
                self._file, ", ".join(left)))

    def _part(self, key: str, data: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        part = (self._data if data is None else data).pop(key, None) or {}
        if not isinstance(part, dict):
            raise UserErrorException("{}: {} must have keys, not be {!r}.".format(self._file, key, part))
        return part

    def _list(self, key: str) -> List[str]:
        value = self._data.pop(key, None) or []
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            raise UserErrorException("{}: {} must be a list, not {!r}.".format(self._file, key, value))
        return [str(one) for one in value]

    def _read_environment(self, environment: Environment) -> None:
        part = self._part("environment")
        environment.name = str(part.get("name") or environment.name)
        environment.version = None if part.get("version") is None else str(part["version"])
        environment.environment_variables = _texts(self._part("environmentVariables", part))
        python, docker = self._part("python", part), self._part("docker", part)
        environment.python.user_managed_dependencies = bool(python.get("userManagedDependencies"))
        environment.python.interpreter_path = python.get("interpreterPath") or "python"
        conda, conda_file = python.get("condaDependencies"), python.get("condaDependenciesFile")
        if isinstance(conda, dict):
            environment.python.conda_dependencies = _conda(conda, self._file)
        elif conda_file:
            environment.python.conda_dependencies = CondaDependencies(os.path.join(_project_of(self._file), str(conda_file)))
        registry = self._part("baseImageRegistry", docker)
        environment.docker.base_image_registry.address = registry.get("address")
        environment.docker.base_image_registry.username = registry.get("username")
        for name in ("enabled", "baseImage", "baseDockerfile", "shmSize", "sharedVolumes", "arguments"):
            if docker.get(name) is not None:
                setattr(environment.docker, _snake(name), docker[name])


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def _project_of(file: str) -> str:
    folder = os.path.dirname(os.path.abspath(file))
    return os.path.dirname(folder) if os.path.basename(folder) in (_FOLDER, _OLD_FOLDER) else folder


def _conda(described: Dict[str, Any], file: str) -> CondaDependencies:
    conda: List[str] = []
    pip: List[str] = []
    for one in described.get("dependencies") or []:
        if isinstance(one, dict):
            pip += [str(line) for line in one.get("pip") or []]
        else:
            conda.append(str(one))
    dependencies = CondaDependencies()
    dependencies._take(CondaFile("", [str(one) for one in described.get("channels") or []], conda, pip), file)
    return dependencies
