"""The packages of an environment, as conda's files list them."""
import os
import re
from typing import Any, Dict, Iterable, List, Mapping, Optional

from . import _conda_yaml
from ._requirements import localized, read_requirements, requirement_marker, requirement_name
from ._unsupported import unsupported_method
from .exceptions import UserErrorException

CONSTRAINTS_FILE = "pip_constraints.txt"
_CONDA_NAME = re.compile(r"\s*(?:[^\s=<>]+::)?([A-Za-z0-9_][\w.\-]*)")


def package_name(package: str) -> str:
    """The name in conda's "conda-forge::NumPy=1.19": "numpy"."""
    match = _CONDA_NAME.match(package)
    return match.group(1).lower().replace("_", "-") if match else package


class CondaDependencies:
    """Packages from conda and from pip, in the order they were added. Empty unless a conda file is given.

    What pip is to install is kept as it is written: git and wheel URLs, paths, markers, extras, hashes and options too.
    """

    def __init__(self, conda_dependencies_file_path: Optional[str] = None) -> None:
        self._channels: List[str] = []
        self._conda: List[str] = []
        self._pip: List[str] = []
        self._constraints: List[str] = []
        if conda_dependencies_file_path is not None:
            self._take(_conda_yaml.read_conda_file(conda_dependencies_file_path), conda_dependencies_file_path)

    def _take(self, content: _conda_yaml.CondaFile, path: str) -> None:
        pip = localized(content.pip_packages, os.path.dirname(os.path.abspath(path)), path)
        self._channels, self._conda = content.channels, content.conda_packages
        self._pip, self._constraints = pip.packages, pip.constraints

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            raise UserErrorException("CondaDependencies has no attribute {!r} to set. Its methods change it: add_pip_package, "
                                     "add_conda_package, add_channel, set_python_version, set_pip_requirements.".format(name))
        object.__setattr__(self, name, value)

    @staticmethod
    def create(pip_indexurl: Optional[str] = None, pip_packages: Optional[Iterable[str]] = None,
               conda_packages: Optional[Iterable[str]] = None, python_version: Optional[str] = None,
               pin_sdk_version: bool = True) -> "CondaDependencies":
        """Dependencies of these packages. `pin_sdk_version` means nothing: the SDK in a job is the runner's own."""
        dependencies = CondaDependencies()
        if python_version is not None:
            dependencies.set_python_version(python_version)
        for package in _given("conda_packages", conda_packages):
            dependencies.add_conda_package(package)
        if pip_indexurl is not None:
            dependencies.set_pip_index_url("--index-url " + pip_indexurl if "://" in pip_indexurl.split(" ")[0] else pip_indexurl)
        for package in _given("pip_packages", pip_packages):
            dependencies.add_pip_package(package)
        return dependencies

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> List[str]:
        """One line for each package: version specifiers of lines with the same name, extras and marker are put together."""
        merged: Dict[str, List[str]] = {}
        for line in requirements:
            head, _, _ = line.partition(";")
            match = re.match(r"\s*([\w.\-]+\s*(?:\[[^\]]*\])?)\s*([<>=!~][^@]*)?\Z", head)
            key = line.strip()
            if requirement_name(line) and match and "--hash" not in line:
                key = match.group(1).replace(" ", "") + "\0" + requirement_marker(line)
            merged.setdefault(key, [])
            if "\0" in key and match and match.group(2) and match.group(2).strip() not in merged[key]:
                merged[key].append(match.group(2).strip())
        lines = []
        for key, specifiers in merged.items():
            name, _, marker = key.partition("\0")
            lines.append(name + ",".join(specifiers) + (" ; " + marker if marker else ""))
        return lines

    @property
    def pip_packages(self) -> List[str]:
        """What pip installs: packages, URLs and paths, without options."""
        return [line for line in self._pip if not _is_option(line)]

    @property
    def pip_options(self) -> List[str]:
        """pip's options, such as --extra-index-url."""
        return [line for line in self._pip if _is_option(line)]

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

    def get_python_version(self) -> Optional[str]:
        """As python_version."""
        return self.python_version

    def set_python_version(self, version: str) -> None:
        """Wants this version of Python."""
        self.remove_conda_package("python")
        self._conda.insert(0, "python={}".format(version))

    def add_pip_package(self, pip_package: str) -> None:
        """Adds a pip package, in the place of one of that name, extras and marker left as they are. URLs, paths and options are added."""
        package = _line("pip_package", pip_package)
        name = requirement_name(package)
        for index, present in enumerate(self._pip):
            same = name is not None and requirement_name(present) == name and requirement_marker(present) == requirement_marker(package)
            if same or present == package:
                self._pip[index] = package
                return
        self._pip.append(package)

    def remove_pip_package(self, pip_package: str) -> None:
        """Removes the pip packages of that name; a URL, a path or an option by its whole text."""
        name = requirement_name(pip_package)
        self._pip = [present for present in self._pip
                     if present != pip_package.strip() and (name is None or requirement_name(present) != name)]

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """These lines, as in a requirements file, instead of all pip packages and options that there are."""
        lines = [_line("pip_requirements", line) for line in _given("pip_requirements", pip_requirements)]
        read = localized(lines, os.getcwd(), "pip_requirements")
        self._pip, self._constraints = read.packages, read.constraints

    def set_pip_option(self, pip_option: str) -> None:
        """Adds one of pip's options, such as "--extra-index-url https://…". There is one --index-url."""
        option = _line("pip_option", pip_option)
        if not _is_option(option):
            raise UserErrorException("pip_option: {!r} does not begin with a hyphen.".format(pip_option))
        if option.split(" ")[0] in ("-i", "--index-url"):
            self._pip = [line for line in self._pip if line.split(" ")[0] not in ("-i", "--index-url")]
        if option not in self._pip:
            self._pip.insert(len(self.pip_options), option)

    def remove_pip_option(self, pip_option: str) -> None:
        """Removes that option, with its value or, when none is given, with any."""
        name = _line("pip_option", pip_option)
        self._pip = [line for line in self._pip if line != name and not (_is_option(line) and re.split(r"[\s=]", line)[0] == name)]

    def set_pip_index_url(self, index_url: str) -> None:
        """Has pip use this index: "--index-url https://…", or "--extra-index-url https://…" beside the usual one."""
        self.set_pip_option(index_url)

    def add_conda_package(self, conda_package: str) -> None:
        """Adds a conda package, in the place of one of that name."""
        package = _line("conda_package", conda_package)
        for index, present in enumerate(self._conda):
            if package_name(present) == package_name(package):
                self._conda[index] = package
                return
        self._conda.append(package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Removes the conda package of that name."""
        self._conda = [package for package in self._conda if package_name(package) != package_name(conda_package)]

    add_tensorflow_pip_package = unsupported_method("CondaDependencies.add_tensorflow_pip_package", "add_pip_package('tensorflow').")
    add_tensorflow_conda_package = unsupported_method("CondaDependencies.add_tensorflow_conda_package", "add_pip_package('tensorflow').")
    add_cntk_package = unsupported_method("CondaDependencies.add_cntk_package", "CNTK has had no release since 2019.")

    def add_channel(self, channel: str) -> None:
        """Adds a conda channel."""
        if channel not in self._channels:
            self._channels.append(_line("channel", channel))

    def remove_channel(self, channel: str) -> None:
        """Removes a conda channel."""
        self._channels = [present for present in self._channels if present != channel]

    def as_dict(self) -> Dict[str, Any]:
        """What the conda file says, as a dictionary."""
        dependencies: List[Any] = list(self._conda)
        pip = self._pip_lines()
        if pip:
            dependencies.append({"pip": pip})
        return {"channels": list(self._channels), "dependencies": dependencies} if self._channels else {"dependencies": dependencies}

    def serialize_to_string(self) -> str:
        """The dependencies as a conda file."""
        lines = ["channels:"] + ["- " + channel for channel in self._channels] if self._channels else []
        lines += ["dependencies:"] + ["- " + _yaml_text(package) for package in self._conda]
        pip = self._pip_lines()
        if pip:
            lines += ["- pip:"] + ["  - " + _yaml_text(package) for package in pip]
        return "\n".join(lines) + "\n"

    def save_to_file(self, base_directory: str, conda_file_path: str = "conda_dependencies.yml") -> str:
        """Writes the conda file below `base_directory`, and the constraints of pip beside it; returns its path there."""
        return self.save(os.path.join(base_directory, conda_file_path)) and conda_file_path

    def save(self, path: str) -> str:
        """Writes the conda file there, and the constraints of pip beside it; returns the path."""
        for name, text in ((path, self.serialize_to_string()),
                           (os.path.join(os.path.dirname(path), CONSTRAINTS_FILE), "".join(line + "\n" for line in self._constraints))):
            if text:
                with open(name, "w", encoding="utf-8") as file:
                    file.write(text)
        return path

    def _pip_lines(self) -> List[str]:
        return (["-c " + CONSTRAINTS_FILE] if self._constraints else []) + self._pip


def of_requirements(path: str) -> CondaDependencies:
    """Those of a requirements file."""
    dependencies = CondaDependencies()
    read = read_requirements(path)
    dependencies._pip, dependencies._constraints = read.packages, read.constraints
    return dependencies


def of_conda_text(text: str, where: str) -> CondaDependencies:
    """Those of a conda file's text; `where` names it in errors."""
    dependencies = CondaDependencies()
    dependencies._take(_conda_yaml.parse_conda_file(text, where), where)
    return dependencies


def of_definition(python: Mapping[str, Any]) -> CondaDependencies:
    """Those of a definition's part "python", as the server has it."""
    dependencies = CondaDependencies()
    dependencies._channels, dependencies._conda = list(python.get("conda_channels") or []), list(python.get("conda_packages") or [])
    dependencies._pip, dependencies._constraints = list(python.get("pip_packages") or []), list(python.get("pip_constraints") or [])
    if python.get("python_version"):
        dependencies.set_python_version(python["python_version"])
    return dependencies


def _is_option(line: str) -> bool:
    return line.startswith("-") and not re.match(r"(-e|--editable)([\s=]|\Z)", line)


def _yaml_text(text: str) -> str:
    """As the conda file has it: in quotes where it would be something else in YAML without."""
    if text[0] in "&*!|>%@`{}[]\"'?,#" or ": " in text or " #" in text or text.endswith(":") or re.match(r"-(\s|\Z)", text):
        return "'{}'".format(text.replace("'", "''")) if '"' in text or "'" not in text else '"{}"'.format(text)
    return text


def _line(field: str, text: Any) -> str:
    if not isinstance(text, str) or not text.strip() or re.search("[\r\n\0]", text):
        raise UserErrorException("{}: {!r} is not one line of text with a package.".format(field, text))
    return text.strip()


def _given(field: str, packages: Optional[Iterable[str]]) -> Iterable[str]:
    if isinstance(packages, str):
        raise UserErrorException("{0}: give a list, as {0}=[{1!r}].".format(field, packages))
    return packages or []
