"""Environments: the Python, the packages and the variables that a run gets."""
import copy
import json
import os
import subprocess
import sys
from typing import Any, Dict, Optional, TYPE_CHECKING

from ._client.addresses import segment
from ._environment_sections import ContainerRegistry, DockerSection, PythonSection
from ._section import Section
from ._unsupported import unsupported_method, warn_ignored
from .conda_dependencies import CondaDependencies, of_conda_text, of_definition, of_requirements
from .environment_build import begin_build, ImageBuildDetails, look_at_build
from .exceptions import ProjectSystemException, UserErrorException

if TYPE_CHECKING:
    from .workspace import Workspace

__all__ = ["ContainerRegistry", "DockerSection", "Environment", "PythonSection"]

_DEFINITION_FILE = "azureml_environment.json"
_CONDA_FILE = "conda_dependencies.yml"
_DOCKERFILE = "BaseDockerfile"
_CONDA_PATIENCE_SECONDS = 120


class Environment(Section):
    """A named environment. Its version is None until it is registered."""

    _where = "environment"
    _names = ("name", "version", "python", "docker", "environment_variables", "inferencing_stack_version")

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not isinstance(name, str) or not name:
            raise UserErrorException("name: an environment needs a name.")
        self.name = name
        self.version: Optional[str] = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.environment_variables: Dict[str, str] = {}
        self.inferencing_stack_version: Optional[str] = None
        for key, value in kwargs.items():
            setattr(self, key, value)

    @staticmethod
    def from_pip_requirements(name: str, file_path: str, pip_version: Optional[str] = None) -> "Environment":
        """An environment of a requirements file, whose lines reach the installer as they are written. Files it names by `-r` and `-c` are
        read too."""
        environment = Environment(name)
        environment.python.conda_dependencies = of_requirements(file_path)
        if pip_version is not None:
            environment.python.conda_dependencies.add_conda_package("pip={}".format(pip_version))
        return environment

    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> "Environment":
        """An environment of a conda file's packages. UserErrorException for what cannot be read, with its line."""
        environment = Environment(name)
        environment.python.conda_dependencies = CondaDependencies(file_path)
        return environment

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> "Optional[Environment]":
        """An environment of what a conda environment of this machine has; None when there is none of that name.

        UserErrorException when conda is not installed here, or does not answer.
        """
        command = [os.environ.get("CONDA_EXE") or "conda", "env", "export", "--no-builds", "--name", conda_environment_name]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=_CONDA_PATIENCE_SECONDS)
        except FileNotFoundError as error:
            raise UserErrorException("conda_environment_name: there is no {!r} on PATH to ask for it.".format(command[0]), error)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UserErrorException("conda_environment_name: {!r} failed: {}.".format(" ".join(command), error), error)
        words = done.stderr.decode("utf-8", "replace").strip()
        if done.returncode != 0 and "EnvironmentLocationNotFound" in words + done.stdout.decode("utf-8", "replace"):
            return None
        if done.returncode != 0:
            raise UserErrorException("conda_environment_name: {!r} ended with {}: {}".format(" ".join(command), done.returncode, words))
        environment = Environment(name)
        environment.python.conda_dependencies = of_conda_text(done.stdout.decode("utf-8"), "`{}`".format(" ".join(command)))
        return environment

    @staticmethod
    def from_docker_image(name: str, image: str, container_registry: Optional[ContainerRegistry] = None,
                          conda_specification: Optional[str] = None, pip_requirements: Optional[str] = None) -> "Environment":
        """An environment in a container of this image. Without a file of packages those of the image are used."""
        environment = Environment(name)
        environment.docker.base_image = image
        if container_registry is not None:
            environment.docker.base_image_registry = container_registry
        environment._take_packages(conda_specification, pip_requirements)
        return environment

    @staticmethod
    def from_dockerfile(name: str, dockerfile: Any, conda_specification: Optional[str] = None,
                        pip_requirements: Optional[str] = None) -> "Environment":
        """An environment in a container that is built by this Dockerfile (a path, a text or a stream)."""
        environment = Environment(name)
        environment.docker.base_dockerfile = dockerfile
        environment._take_packages(conda_specification, pip_requirements)
        return environment

    def _take_packages(self, conda_specification: Optional[str], pip_requirements: Optional[str]) -> None:
        if conda_specification is not None and pip_requirements is not None:
            raise UserErrorException("conda_specification, pip_requirements: give one of them, not both.")
        self.docker.enabled = True
        self.python.user_managed_dependencies = conda_specification is None and pip_requirements is None
        if conda_specification is not None:
            self.python.conda_dependencies = CondaDependencies(conda_specification)
        if pip_requirements is not None:
            self.python.conda_dependencies = of_requirements(pip_requirements)

    def register(self, workspace: "Workspace") -> "Environment":
        """Keeps this environment in the workspace; returns it with its version, a new one only when its content is."""
        return Environment._from_data(workspace._client.json("POST", workspace._path + "/environments", self._definition(True),
                                                             create=True))

    @staticmethod
    def get(workspace: "Workspace", name: str, version: Optional[str] = None, label: Optional[str] = None) -> "Environment":
        """A registered or curated environment; its newest version when none is given. ProjectSystemException when there is none."""
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
        """The registered and the curated environments by name, each in its newest version."""
        found: Dict[str, Environment] = {}
        for curated in ("true", None):
            for data in workspace._client.pages(workspace._path + "/environments", "environments", query={"curated": curated}):
                if data["name"] not in found or int(data["version"]) > int(found[data["name"]].version or 0):
                    found[data["name"]] = Environment._from_data(data)
        return found

    def build(self, workspace: "Workspace", image_build_compute: Any = None) -> ImageBuildDetails:
        """Registers this environment and begins to build it on the server's machine, before a run needs it. What is built already is not
        built again."""
        warn_ignored("Environment.build", image_build_compute=image_build_compute)
        return begin_build(workspace, self.register(workspace))

    def build_local(self, workspace: "Workspace", platform: Any = None, useDocker: Any = None,
                    pushImageToWorkspaceAcr: Any = None) -> ImageBuildDetails:
        """The same, waiting for its end and printing the log. It is the server's machine that builds, from wherever this is asked."""
        warn_ignored("Environment.build_local", platform=platform, useDocker=useDocker, pushImageToWorkspaceAcr=pushImageToWorkspaceAcr)
        return self.build(workspace).wait_for_completion(show_output=True)

    def get_image_details(self, workspace: "Workspace") -> Dict[str, Any]:
        """What the server has of this environment: its `status` (absent, building, ready or failed), `builder`, `hash`, `interpreter`, and
        the `error` of a build that failed. ProjectSystemException when it is not registered."""
        data = look_at_build(workspace, self.name, self.version)
        return {key: value for key, value in data.items() if not key.startswith("log")}

    @staticmethod
    def from_interpreter(name: str, interpreter_path: Optional[str] = None) -> "Environment":
        """The packages that a Python has, used as they are: Muster's own. Without a path it is the Python that runs this; the nodes must
        have it at that path too."""
        environment = Environment(name)
        environment.python.user_managed_dependencies = True
        environment.python.interpreter_path = interpreter_path or sys.executable
        return environment

    from_docker_build_context = unsupported_method("Environment.from_docker_build_context", "Give a Dockerfile that stands alone: "
                                                   "Environment.from_dockerfile(name, path).")
    add_private_pip_wheel = unsupported_method("Environment.add_private_pip_wheel", "Name the wheel's path, as the server's machine sees "
                                               "it, or its URL, among the pip packages.")

    def clone(self, new_name: str) -> "Environment":
        """A copy under another name, without a version."""
        if not isinstance(new_name, str) or not new_name:
            raise UserErrorException("new_name: a clone needs a name.")
        clone = copy.deepcopy(self)
        clone.name, clone.version = new_name, None
        return clone

    def save_to_directory(self, path: str, overwrite: bool = False) -> None:
        """Writes the definition into a folder as readable files: azureml_environment.json, conda_dependencies.yml, and BaseDockerfile when
        there is one."""
        definition_file, dockerfile = os.path.join(path, _DEFINITION_FILE), os.path.join(path, _DOCKERFILE)
        if os.path.exists(definition_file) and not overwrite:
            raise UserErrorException("path: {} has an environment already. Give overwrite=True to write over it.".format(path))
        definition = self._definition(True) or {}
        text = definition.get("docker", {}).pop("base_dockerfile", None)
        for key in ("pip_packages", "pip_constraints", "conda_packages", "conda_channels", "python_version"):
            definition["python"].pop(key, None)
        os.makedirs(path, exist_ok=True)
        self.python.conda_dependencies.save(os.path.join(path, _CONDA_FILE))
        if text is not None:
            with open(dockerfile, "w", encoding="utf-8") as file:
                file.write(text)
        elif os.path.exists(dockerfile):
            os.remove(dockerfile)
        with open(definition_file, "w", encoding="utf-8") as file:
            json.dump(definition, file, indent=2, sort_keys=True)
            file.write("\n")

    @staticmethod
    def load_from_directory(path: str) -> "Environment":
        """The environment that save_to_directory wrote."""
        definition_file = os.path.join(path, _DEFINITION_FILE)
        try:
            with open(definition_file, encoding="utf-8") as file:
                data = json.load(file)
        except (OSError, ValueError) as error:
            raise UserErrorException("path: {} holds no environment that can be read: {}.".format(path, error), error)
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            raise UserErrorException("path: {} is not an environment's definition.".format(definition_file))
        environment = Environment._from_data(data)
        conda_file, dockerfile = os.path.join(path, _CONDA_FILE), os.path.join(path, _DOCKERFILE)
        if os.path.exists(conda_file):
            environment.python.conda_dependencies = CondaDependencies(conda_file)
        if os.path.exists(dockerfile):
            environment.docker.base_dockerfile = dockerfile
        return environment

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
        python._layered = bool(section.get("system_site_packages"))
        python.conda_dependencies = of_definition(section)
        environment.docker._read(definition.get("docker") or {})
        return environment

    def _definition(self, always: bool = False) -> Optional[Dict[str, Any]]:
        """The definition as the server takes it; None, unless `always`, for one that asks for nothing: the system's Python."""
        python, docker = self.python._definition(), self.docker._definition()
        variables = {str(key): str(value) for key, value in self.environment_variables.items()}
        plain = python == PythonSection()._definition() and docker is None and not variables
        if self.name == "default-environment" and plain and not always:
            return None
        definition: Dict[str, Any] = {"name": self.name, "python": python, "environment_variables": variables}
        if docker is not None:
            definition["docker"] = docker
        if self.version is not None:
            definition["version"] = self.version
        return definition

    def __repr__(self) -> str:
        return "Environment(Name: {}, Version: {})".format(self.name, self.version)
