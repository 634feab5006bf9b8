"""The packages of an environment, as conda's files list them."""
import os
import re
from typing import Iterable, List, Optional

from . import _conda_yaml
from .exceptions import UserErrorException

_PACKAGE_NAME = re.compile(r"\s*([A-Za-z0-9][\w.\-]*)")


def package_name(requirement: str) -> str:
    """The name in "Torch==1.6.0": "torch"."""
    match = _PACKAGE_NAME.match(requirement)
    return match.group(1).lower().replace("_", "-") if match else requirement


class CondaDependencies:
    """Packages from conda and from pip, in the order they were added. Empty unless a conda file is given."""

    def __init__(self, conda_dependencies_file_path: Optional[str] = None) -> None:
        self._channels: List[str] = []
        self._conda: List[str] = []
        self._pip: List[str] = []
        if conda_dependencies_file_path is not None:
            content = _conda_yaml.read_conda_file(conda_dependencies_file_path)
            self._channels, self._conda, self._pip = content.channels, content.conda_packages, content.pip_packages

    @staticmethod
    def create(pip_indexurl: Optional[str] = None, pip_packages: Optional[Iterable[str]] = None,
               conda_packages: Optional[Iterable[str]] = None, python_version: Optional[str] = None,
               pin_sdk_version: bool = True) -> "CondaDependencies":
        """Dependencies of these packages. `pin_sdk_version` means nothing: the SDK in a job is the runner's own."""
        if pip_indexurl is not None:
            raise UserErrorException("pip_indexurl: packages come from the index that pip on the node is set up for. Set it there, "
                                     "in pip.conf.")
        dependencies = CondaDependencies()
        if python_version is not None:
            dependencies.set_python_version(python_version)
        for package in _given("conda_packages", conda_packages):
            dependencies.add_conda_package(package)
        for package in _given("pip_packages", pip_packages):
            dependencies.add_pip_package(package)
        return dependencies

    @property
    def pip_packages(self) -> List[str]:
        """The pip packages."""
        return list(self._pip)

    @property
    def conda_packages(self) -> List[str]:
        """The conda packages, Python among them when a version of it is wanted."""
        return list(self._conda)

    @property
    def conda_channels(self) -> List[str]:
        """The conda channels."""
        return list(self._channels)

    @property
    def python_version(self) -> Optional[str]:
        """The wanted version of Python; None when any will do."""
        for package in self._conda:
            if package_name(package) == "python":
                return re.sub(r"^\s*python\s*[=\s]*", "", package, flags=re.IGNORECASE).strip() or None
        return None

    def set_python_version(self, version: str) -> None:
        """Wants this version of Python."""
        self.remove_conda_package("python")
        self._conda.insert(0, "python={}".format(version))

    def add_pip_package(self, pip_package: str) -> None:
        """Adds a pip package, in the place of one of that name."""
        _add(self._pip, pip_package)

    def remove_pip_package(self, pip_package: str) -> None:
        """Removes the pip package of that name."""
        self._pip = [package for package in self._pip if package_name(package) != package_name(pip_package)]

    def add_conda_package(self, conda_package: str) -> None:
        """Adds a conda package, in the place of one of that name."""
        _add(self._conda, conda_package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Removes the conda package of that name."""
        self._conda = [package for package in self._conda if package_name(package) != package_name(conda_package)]

    def add_channel(self, channel: str) -> None:
        """Adds a conda channel."""
        if channel not in self._channels:
            self._channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        """Removes a conda channel."""
        self._channels = [present for present in self._channels if present != channel]

    def serialize_to_string(self) -> str:
        """The dependencies as a conda file."""
        lines = ["channels:"] + ["- " + channel for channel in self._channels] if self._channels else []
        lines += ["dependencies:"] + ["- " + package for package in self._conda]
        if self._pip:
            lines += ["- pip:"] + ["  - " + package for package in self._pip]
        return "\n".join(lines) + "\n"

    def save_to_file(self, base_directory: str, conda_file_path: str = "conda_dependencies.yml") -> str:
        """Writes the conda file below `base_directory`; returns its path there."""
        with open(os.path.join(base_directory, conda_file_path), "w", encoding="utf-8") as file:
            file.write(self.serialize_to_string())
        return conda_file_path


def _add(packages: List[str], package: str) -> None:
    if not isinstance(package, str) or not package.strip() or "\n" in package:
        raise UserErrorException("package: {!r} is not a package's name with or without a version.".format(package))
    package = package.strip()
    for index, present in enumerate(packages):
        if package_name(present) == package_name(package):
            packages[index] = package
            return
    packages.append(package)


def _given(field: str, packages: Optional[Iterable[str]]) -> Iterable[str]:
    if isinstance(packages, str):
        raise UserErrorException("{0}: give a list, as {0}=[{1!r}].".format(field, packages))
    return packages or []
