"""Environments: the Python, the packages and the variables that a run gets."""
import copy
import os
import re
from typing import Any, Dict, List, Optional, TYPE_CHECKING

from ._client.addresses import segment
from .conda_dependencies import CondaDependencies, package_name
from .exceptions import ProjectSystemException, UserErrorException

if TYPE_CHECKING:
    from .workspace import Workspace

# What Azure's own files ask for and the runner brings with it: the SDK in a job is Muster's.
PROVIDED_BY_THE_RUNNER = ("azureml-core", "azureml-defaults", "azureml-sdk")


class PythonSection:
    """The interpreter and its packages.

    With `user_managed_dependencies` the interpreter at `interpreter_path` is used as it is. Otherwise the packages of
    `conda_dependencies` are installed into a virtual environment, built once and kept.
    """

    def __init__(self) -> None:
        self.interpreter_path = "python"
        self.user_managed_dependencies = False
        self.conda_dependencies = CondaDependencies()
        self.base_conda_environment: Optional[str] = None


class DockerSection:
    """Accepted so that scripts run unchanged. This version runs no containers, and refuses at submit what needs one."""

    def __init__(self) -> None:
        self.enabled = False
        self.base_image: Optional[str] = None
        self.base_dockerfile: Optional[str] = None
        self.shm_size = "2g"
        self.shared_volumes = True
        self.gpu_support = True
        self.arguments: List[str] = []


class Environment:
    """A named environment. Its version is None until it is registered."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not isinstance(name, str) or not name:
            raise UserErrorException("name: an environment needs a name.")
        self.name = name
        self.version: Optional[str] = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.environment_variables: Dict[str, str] = {}

    @staticmethod
    def from_pip_requirements(name: str, file_path: str, pip_version: Optional[str] = None) -> "Environment":
        """An environment of a requirements file's packages. Files it includes by `-r` are read too.

        UserErrorException for other pip options, with their line.
        """
        environment = Environment(name)
        for package in _read_requirements(file_path, 0):
            environment.python.conda_dependencies.add_pip_package(package)
        return environment

    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> "Environment":
        """An environment of a conda file's packages. UserErrorException for what cannot be read, with its line."""
        environment = Environment(name)
        environment.python.conda_dependencies = CondaDependencies(file_path)
        return environment

    def register(self, workspace: "Workspace") -> "Environment":
        """Keeps this environment in the workspace; returns it with its version, a new one only when its content is."""
        return Environment._from_data(workspace._client.json("POST", workspace._path + "/environments", self._definition(True),
                                                             create=True))

    @staticmethod
    def get(workspace: "Workspace", name: str, version: Optional[str] = None, label: Optional[str] = None) -> "Environment":
        """A registered environment; its newest version when none is given. ProjectSystemException when there is none."""
        if version is not None and label is not None:
            raise UserErrorException("version, label: give one of them, not both.")
        if label is not None and str(label).lower() != "latest":
            raise UserErrorException("label: {!r} is not known; \"Latest\" is the only one.".format(label))
        try:
            data = workspace._client.json("GET", "{}/environments/{}".format(workspace._path, segment(name)), query={"version": version})
        except ProjectSystemException as error:
            if error.status != 404:
                raise
            raise ProjectSystemException("Environment not found: the workspace {} has no environment {!r}{}. It has: {}. Define one with "
                                         "Environment(...) and submit or register it.".format(
                                             workspace.name, name, " of version {}".format(version) if version else "",
                                             ", ".join(sorted(Environment.list(workspace))) or "none"), error, problem=error.problem)
        return Environment._from_data(data)

    @staticmethod
    def list(workspace: "Workspace") -> "Dict[str, Environment]":
        """The registered environments by name, each in its newest version."""
        found: Dict[str, Environment] = {}
        for data in workspace._client.pages(workspace._path + "/environments", "environments"):
            if data["name"] not in found or int(data["version"]) > int(found[data["name"]].version or 0):
                found[data["name"]] = Environment._from_data(data)
        return found

    def clone(self, new_name: str) -> "Environment":
        """A copy under another name, without a version."""
        clone = copy.deepcopy(self)
        clone.name, clone.version = new_name, None
        return clone

    @staticmethod
    def _from_data(data: Dict[str, Any]) -> "Environment":
        definition = data.get("definition") or data
        environment = Environment(data["name"])
        environment.version = str(data["version"]) if data.get("version") is not None else None
        environment.environment_variables = dict(definition.get("environment_variables") or {})
        section = definition.get("python") or {}
        python = environment.python
        python.interpreter_path = section.get("interpreter_path") or "python"
        python.user_managed_dependencies = bool(section.get("user_managed_dependencies"))
        if section.get("python_version"):
            python.conda_dependencies.set_python_version(section["python_version"])
        for package in section.get("conda_packages") or []:
            python.conda_dependencies.add_conda_package(package)
        for package in section.get("pip_packages") or []:
            python.conda_dependencies.add_pip_package(package)
        return environment

    def _definition(self, always: bool = False) -> Optional[Dict[str, Any]]:
        """The definition as the server takes it; None, unless `always`, for one that asks for nothing: the system's Python.

        UserErrorException for what needs a container.
        """
        self._refuse_containers()
        managed = not self.python.user_managed_dependencies
        dependencies = self.python.conda_dependencies
        pip = [package for package in dependencies.pip_packages if package_name(package) not in PROVIDED_BY_THE_RUNNER]
        conda = [package for package in dependencies.conda_packages if package_name(package) not in ("python", "pip")]
        python = {
            "interpreter_path": self.python.interpreter_path,
            "user_managed_dependencies": not managed,
            "pip_packages": pip if managed else [],
            "conda_packages": conda if managed else [],
            "python_version": dependencies.python_version if managed else None,
        }
        variables = {str(key): str(value) for key, value in self.environment_variables.items()}
        plain = python == {"interpreter_path": "python", "user_managed_dependencies": False, "pip_packages": [], "conda_packages": [],
                           "python_version": None}
        if self.name == "default-environment" and plain and not variables and not always:
            return None
        definition: Dict[str, Any] = {"name": self.name, "python": python, "environment_variables": variables}
        if self.version is not None:
            definition["version"] = self.version
        return definition

    def _refuse_containers(self) -> None:
        for field in ("enabled", "base_image", "base_dockerfile"):
            if getattr(self.docker, field):
                raise UserErrorException("environment.docker.{0}: this version runs no containers. Remove it, and name the packages in "
                                         "environment.python.conda_dependencies, or an interpreter that has them in "
                                         "environment.python.interpreter_path.".format(field))

    def __repr__(self) -> str:
        return "Environment(Name: {}, Version: {})".format(self.name, self.version)


def _read_requirements(path: str, depth: int) -> List[str]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(1 << 20)
    except OSError as error:
        raise UserErrorException("file_path: {} cannot be read: {}.".format(path, error.strerror), error)
    except UnicodeDecodeError as error:
        raise UserErrorException("file_path: {} is not UTF-8: {}.".format(path, error), error)
    packages: List[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*\Z", "", line).strip()
        if not line:
            continue
        include = re.match(r"(?:-r|--requirement)[\s=]*(\S+)\Z", line)
        if include and depth < 10:
            packages += _read_requirements(os.path.join(os.path.dirname(path), include.group(1)), depth + 1)
        elif line.startswith("-") or line.endswith("\\"):
            raise UserErrorException("{}, line {}: {!r}: pip's options are not read from here. Set an index in pip.conf on the node, "
                                     "and name packages one a line.".format(path, number, line))
        else:
            packages.append(line)
    return packages
