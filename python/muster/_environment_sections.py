"""The parts of an environment. A setting that is not known is refused by its name: misspelt, it would otherwise do nothing, unnoticed."""
import re
import warnings
from typing import Any, Dict, List, Optional

from ._section import Section
from .conda_dependencies import CondaDependencies
from .exceptions import UserErrorException

DEFAULT_SHM_SIZE = "2g"
_LONGEST_DOCKERFILE = 1 << 20


class PythonSection(Section):
    """The interpreter and its packages.

    With `user_managed_dependencies` the interpreter at `interpreter_path` is used as it is. Otherwise the packages of
    `conda_dependencies` are installed into a virtual environment, built once and kept.
    """

    _where = "environment.python"
    _names = ("interpreter_path", "user_managed_dependencies", "conda_dependencies", "conda_dependencies_file", "base_conda_environment")

    def __init__(self) -> None:
        self.interpreter_path = "python"
        self.user_managed_dependencies = False
        self.conda_dependencies = CondaDependencies()
        self.base_conda_environment: Optional[str] = None
        self._layered = False  # Packages are added to those that the interpreter has of its own.

    @property
    def conda_dependencies_file(self) -> None:
        """Only to be set: a conda file whose content becomes conda_dependencies."""
        return None

    @conda_dependencies_file.setter
    def conda_dependencies_file(self, path: str) -> None:
        self.conda_dependencies = CondaDependencies(path)

    def _definition(self) -> Dict[str, Any]:
        if not isinstance(self.conda_dependencies, CondaDependencies):
            raise UserErrorException("environment.python.conda_dependencies: {!r} is no CondaDependencies.".format(self.conda_dependencies))
        if self.base_conda_environment is not None:
            raise UserErrorException("environment.python.base_conda_environment: nothing is installed over another environment. Name its "
                                     "Python in interpreter_path, with user_managed_dependencies=True.")
        packages = self.conda_dependencies
        definition: Dict[str, Any] = {
            "interpreter_path": self.interpreter_path,
            "user_managed_dependencies": self.user_managed_dependencies,
            "pip_packages": list(packages._pip),
            "conda_packages": [package for package in packages.conda_packages if package != "python={}".format(packages.python_version)],
            "python_version": packages.python_version,
        }
        if self._layered:
            definition["system_site_packages"] = True
        if packages.conda_channels:
            definition["conda_channels"] = packages.conda_channels
        if packages._constraints:
            definition["pip_constraints"] = list(packages._constraints)
        return definition


class ContainerRegistry(Section):
    """Where an image is pulled from."""

    _where = "environment.docker.base_image_registry"
    _names = ("address", "username", "password")

    def __init__(self) -> None:
        self.address: Optional[str] = None
        self.username: Optional[str] = None
        self.password: Optional[str] = None

    def _definition(self) -> Optional[Dict[str, Any]]:
        if self.password is not None:
            raise UserErrorException("environment.docker.base_image_registry.password: a definition is kept and shown, so it takes no "
                                     "passwords.")
        if self.address is None and self.username is None:
            return None
        return {"address": self.address, "username": self.username}


class DockerImagePlatform(Section):
    """For which machines an image is."""

    _where = "environment.docker.platform"
    _names = ("os", "architecture")

    def __init__(self, os: str = "Linux", architecture: str = "amd64") -> None:
        self.os = os
        self.architecture = architecture


class DockerSection(Section):
    """The container that a run is to start in: an image or a Dockerfile, never both.

    podman or docker starts it on the run's nodes. Azure's own images (mcr.microsoft.com/azureml/…), which bring a system, CUDA and MPI, are
    replaced by what the machine has, and the run says so.
    """

    _where = "environment.docker"
    _names = ("enabled", "base_image", "base_dockerfile", "build_context", "base_image_registry", "shm_size", "shared_volumes", "arguments",
              "platform", "gpu_support")

    def __init__(self) -> None:
        self._enabled: Optional[bool] = None
        self._base_image: Optional[str] = None
        self._base_dockerfile: Optional[str] = None
        self.base_image_registry = ContainerRegistry()
        self.shm_size = DEFAULT_SHM_SIZE
        self.shared_volumes = True
        self.gpu_support = True
        self.arguments: List[str] = []
        self.platform = DockerImagePlatform()

    @property
    def enabled(self) -> bool:
        """Whether a container is asked for."""
        return bool(self._enabled)

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._enabled = None if value is None else bool(value)

    @property
    def base_image(self) -> Optional[str]:
        """The image's name; setting it clears base_dockerfile."""
        return self._base_image

    @base_image.setter
    def base_image(self, image: Optional[str]) -> None:
        if image is not None and (not isinstance(image, str) or not image.strip()):
            raise UserErrorException("environment.docker.base_image: {!r} is not the name of an image.".format(image))
        if image is not None and self._base_dockerfile is not None:
            warnings.warn("environment.docker: base_image is set, so base_dockerfile is cleared.", stacklevel=2)
            self._base_dockerfile = None
        self._base_image = image

    @property
    def base_dockerfile(self) -> Optional[str]:
        """The text of a Dockerfile; may be set to a path, a text or a stream. Setting it clears base_image."""
        return self._base_dockerfile

    @base_dockerfile.setter
    def base_dockerfile(self, dockerfile: Any) -> None:
        text = None if dockerfile is None else dockerfile_text(dockerfile)
        if text is not None and self._base_image is not None:
            warnings.warn("environment.docker: base_dockerfile is set, so base_image is cleared.", stacklevel=2)
            self._base_image = None
        self._base_dockerfile = text

    @property
    def build_context(self) -> None:
        """Not taken: a Dockerfile stands alone."""
        return None

    @build_context.setter
    def build_context(self, context: Any) -> None:
        if context is not None:
            raise UserErrorException("environment.docker.build_context: build contexts are not taken. Give base_dockerfile.")

    def _definition(self) -> Optional[Dict[str, Any]]:
        """None for one of which nothing is set."""
        definition: Dict[str, Any] = {
            "enabled": self._enabled,
            "base_image": self._base_image,
            "base_dockerfile": self._base_dockerfile,
            "base_image_registry": self.base_image_registry._definition(),
            "arguments": [str(argument) for argument in self.arguments] or None,
            "shm_size_bytes": None if self.shm_size in (None, DEFAULT_SHM_SIZE) else bytes_of(self.shm_size),
        }
        return {key: value for key, value in definition.items() if value is not None} or None

    def _read(self, definition: Dict[str, Any]) -> None:
        self._enabled = definition.get("enabled")
        self._base_image = definition.get("base_image")
        self._base_dockerfile = definition.get("base_dockerfile")
        registry = definition.get("base_image_registry") or {}
        self.base_image_registry.address, self.base_image_registry.username = registry.get("address"), registry.get("username")
        self.arguments = list(definition.get("arguments") or [])
        if definition.get("shm_size_bytes"):
            self.shm_size = "{}b".format(definition["shm_size_bytes"])


def dockerfile_text(given: Any) -> str:
    """The text of a Dockerfile given as a path, a text or a stream."""
    if hasattr(given, "read"):
        text = given.read(_LONGEST_DOCKERFILE + 1)
        text = text.decode("utf-8") if isinstance(text, bytes) else text
    elif isinstance(given, str) and ("\n" in given or re.match(r"\s*(?:#|(?:FROM|ARG)\s)", given, re.IGNORECASE)):
        text = given
    else:
        try:
            with open(given, encoding="utf-8-sig") as file:
                text = file.read(_LONGEST_DOCKERFILE + 1)
        except (OSError, TypeError, UnicodeDecodeError) as error:
            raise UserErrorException("environment.docker.base_dockerfile: {!r} is neither a Dockerfile's text nor a file that can be read: "
                                     "{}.".format(given, getattr(error, "strerror", None) or error), error)
    if len(text) > _LONGEST_DOCKERFILE or not text.strip():
        raise UserErrorException("environment.docker.base_dockerfile: it is empty, or larger than a MiB.")
    return str(text)


def bytes_of(size: Any) -> int:
    """Of a size as docker takes it: "512m", "2g", or bytes."""
    match = re.match(r"\s*(\d+(?:\.\d+)?)\s*([bkmgt]?)b?\s*\Z", str(size), re.IGNORECASE)
    count = int(float(match.group(1)) * 1024 ** "bkmgt".index(match.group(2).lower() or "b")) if match else 0
    if count < 1:
        raise UserErrorException("environment.docker.shm_size: {!r} is not a size such as 2g or 512m.".format(size))
    return count
