"""Datasets: names with versions for what is in a datastore."""
import json
import os
import re
import tempfile
from typing import Any, Dict, List, Mapping, Optional, Tuple, TYPE_CHECKING, Union

from ._client.addresses import path_segments
from ._inputs import clean_path, name_for, RunInput
from ._unsupported import unsupported, warn_ignored
from .datastore import DataPath, Datastore
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from .workspace import Workspace

_NAME = re.compile(r"[a-zA-Z0-9][\w\-. ]{0,254}\Z", re.ASCII)
# Where registered ones are kept: in the datastore, a file a version, never written twice.
_REGISTERED = ".muster/datasets"
_EVERYTHING_BELOW = re.compile(r"(?:\A|/)(?:\*\*/\*|\*\*|\*\*/)\Z")
Place = Union[Tuple[Datastore, str], DataPath]


class DatasetConsumptionConfig(RunInput):
    """A dataset as a run's input, by a name of its own: `dataset.as_named_input('images').as_mount()` in the arguments."""

    def __init__(self, name: str, dataset: "FileDataset", mode: str = "mount", path_on_compute: Optional[str] = None) -> None:
        warn_ignored("DatasetConsumptionConfig", path_on_compute=path_on_compute)
        super().__init__(name, dataset._datastore.name, dataset._path, mode if mode in ("mount", "download") else "mount")
        self.dataset = dataset

    @property
    def name(self) -> str:
        """The input's name; in the job `run.input_datasets[name]` is its path."""
        return self._name

    def as_mount(self, path_on_compute: Optional[str] = None) -> "DatasetConsumptionConfig":
        """The same, its files read-only on the node."""
        return DatasetConsumptionConfig(self._name, self.dataset, "mount", path_on_compute)

    def as_download(self, path_on_compute: Optional[str] = None) -> "DatasetConsumptionConfig":
        """The same, its files the run's own to change."""
        return DatasetConsumptionConfig(self._name, self.dataset, "download", path_on_compute)


class FileDataset:
    """A file or folder of a datastore; made by Dataset.File. Nothing is copied until a run gets it, as it is at that moment."""

    def __init__(self, datastore: Datastore, path: str, registered: Optional[Mapping[str, Any]] = None) -> None:
        self._datastore, self._path = datastore, path
        self._registered: Mapping[str, Any] = registered or {}

    name: Any = property(lambda self: self._registered.get("name"), doc="The registered name; None without one.")
    version: Any = property(lambda self: self._registered.get("version"), doc="The registered version, from 1; None without one.")
    description: Any = property(lambda self: self._registered.get("description"), doc="What its maker said of it.")
    tags: Any = property(lambda self: dict(self._registered.get("tags") or {}), doc="The tags.")

    @property
    def id(self) -> Optional[str]:
        """name:version of a registered one."""
        return "{}:{}".format(self.name, self.version) if self.name else None

    def register(self, workspace: "Workspace", name: str, description: Optional[str] = None, tags: Optional[Mapping[str, Any]] = None,
                 create_new_version: bool = False) -> "FileDataset":
        """Keeps it under a name. UserErrorException when that is another dataset's, unless `create_new_version`."""
        if not isinstance(name, str) or not _NAME.match(name):
            raise UserErrorException("name: {!r} is not a dataset's name: up to 255 letters, digits, spaces and -_., a letter or digit "
                                     "first.".format(name))
        while True:
            versions = _versions(self._datastore, name)
            latest = _read(self._datastore, name, versions[-1]) if versions else None
            if latest is not None and (latest._path, latest._datastore.name) == (self._path, self._datastore.name):
                return latest
            if latest is not None and not create_new_version:
                raise UserErrorException("name: there is a dataset {!r} of something else. Choose another name, or say "
                                         "create_new_version=True.".format(name))
            number = (versions[-1] if versions else 0) + 1
            made = {"name": name, "version": number, "datastore": self._datastore.name, "path": self._path,
                    "description": description, "tags": {str(key): str(value) for key, value in (tags or {}).items()}}
            with tempfile.TemporaryDirectory(prefix="muster-dataset-") as folder:
                path = os.path.join(folder, "definition.json")
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(made, file, sort_keys=True)
                # Written once: somebody who registers at the same moment gets the next version.
                if not self._datastore._send({_place(name, number): path}, False):
                    return FileDataset(self._datastore, self._path, made)

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """As a run's input of that name."""
        return DatasetConsumptionConfig(name, self)

    def as_mount(self, path_on_compute: Optional[str] = None) -> DatasetConsumptionConfig:
        """As a run's input, its files read-only on the node."""
        return DatasetConsumptionConfig(name_for(self._datastore.name, self._path), self, "mount", path_on_compute)

    def as_download(self, path_on_compute: Optional[str] = None) -> DatasetConsumptionConfig:
        """As a run's input, its files the run's own to change."""
        return DatasetConsumptionConfig(name_for(self._datastore.name, self._path), self, "download", path_on_compute)

    def to_path(self) -> List[str]:
        """The paths of its files, as they are now, each after a slash."""
        return ["/" + _within(self._path, file["path"]) for file in self._datastore._below(self._path)]

    def download(self, target_path: Optional[str] = None, overwrite: bool = False) -> List[str]:
        """Fetches its files into a folder (.); their paths. UserErrorException, before anything is fetched, when one is there already,
        unless `overwrite`."""
        wanted = [(file, os.path.join(target_path or ".", *_within(self._path, file["path"]).split("/")))
                  for file in self._datastore._below(self._path)]
        for _, target in wanted:
            if not overwrite and os.path.lexists(target):
                raise UserErrorException("{} exists. Remove it, choose another target_path, or say overwrite=True.".format(target))
        self._datastore._fetch(wanted)
        return [target for _, target in wanted]

    def _input(self) -> RunInput:
        raise UserErrorException("arguments: a dataset is passed as an input: give dataset.as_named_input('data').as_mount() or "
                                 ".as_download().")

    def __repr__(self) -> str:
        return "FileDataset(path={!r}, name={!r}, version={!r})".format(self._path, self.name, self.version)


class FileDatasetFactory:
    """Makes datasets of files."""

    @staticmethod
    def from_files(path: Union[Place, List[Place]], validate: bool = True, partition_format: Optional[str] = None,
                   is_file: bool = False) -> FileDataset:
        """Of a file or folder of a datastore, given as (datastore, path), where the path may end in /**. Nothing is copied.

        UserErrorException for other patterns, several paths and addresses on the web; and, with `validate`, when nothing is there.
        """
        if isinstance(path, list) and len(path) == 1:
            path = path[0]
        if isinstance(path, DataPath):
            path = (path.datastore, path.path_on_datastore)
        if not isinstance(path, tuple) or len(path) != 2 or not isinstance(path[0], Datastore):
            raise UserErrorException("path: give one (datastore, path); what is on the web, or in several places, is uploaded into one "
                                     "folder first, by datastore.upload(…). It was given {!r}.".format(path))
        if partition_format is not None:
            raise UserErrorException("partition_format: paths are not taken apart. Leave it out, and read what they say in the script.")
        datastore, where = path[0], clean_path(_EVERYTHING_BELOW.sub("", str(path[1])))
        if "*" in where:
            raise UserErrorException("path: {!r} is a pattern; a file, a folder or all below a folder (folder/**) can be a "
                                     "dataset.".format(path[1]))
        if validate and not datastore._below(where):
            raise UserErrorException("path: the datastore {} has no file or folder {!r}. Upload it first.".format(datastore.name, where))
        return FileDataset(datastore, where)

    @staticmethod
    def upload_directory(src_dir: str, target: Place, pattern: Optional[str] = None, overwrite: bool = False,
                         show_progress: bool = True) -> FileDataset:
        """Uploads a folder to (datastore, path), and makes a dataset of it."""
        if pattern is not None:
            raise UserErrorException("pattern: leave it out, and upload what you choose by datastore.upload_files(…).")
        datastore, path = (target.datastore, target.path_on_datastore) if isinstance(target, DataPath) else target
        datastore.upload(src_dir, path, overwrite, show_progress)
        return FileDataset(datastore, clean_path(path))


class Dataset:
    """Registered datasets, and `Dataset.File`, which makes them."""

    File = FileDatasetFactory
    Tabular: Any = unsupported("azureml.core.Dataset.Tabular",
                               "Put the file into a datastore, as Dataset.File, and read it with pandas in the script.")

    @staticmethod
    def get_by_name(workspace: "Workspace", name: str, version: Union[int, str] = "latest") -> FileDataset:
        """A registered dataset. UserErrorException when there is none."""
        datastore = Datastore(workspace)
        versions = _versions(datastore, name) if isinstance(name, str) and _NAME.match(name) else []
        wanted = versions[-1] if version == "latest" and versions else version
        if wanted not in versions:
            raise UserErrorException("There is no dataset {!r} of version {}. There are: {}.".format(
                name, version, ", ".join(sorted(Dataset.get_all(workspace))) or "none"))
        return _read(datastore, name, int(wanted))

    @staticmethod
    def get_by_id(workspace: "Workspace", id: str) -> FileDataset:
        """A registered dataset by its id, name:version."""
        name, _, version = str(id).rpartition(":")
        return Dataset.get_by_name(workspace, name, int(version) if version.isdigit() else version)

    @staticmethod
    def get_all(workspace: "Workspace") -> Dict[str, FileDataset]:
        """The registered datasets by name, each in its newest version."""
        datastore = Datastore(workspace)
        names = {path.split("/")[2] for path in _registered_paths(datastore, _REGISTERED + "/")}
        return {name: _read(datastore, name, _versions(datastore, name)[-1]) for name in sorted(names)}


def _place(name: str, version: int) -> str:
    return "{}/{}/{}.json".format(_REGISTERED, name, version)


def _registered_paths(datastore: Datastore, prefix: str) -> List[str]:
    return [file["path"] for file in datastore.workspace._client.pages(datastore._path + "/files", "files", {"prefix": prefix})]


def _versions(datastore: Datastore, name: str) -> List[int]:
    paths = _registered_paths(datastore, "{}/{}/".format(_REGISTERED, name))
    return sorted(int(path.rpartition("/")[2][:-len(".json")]) for path in paths)


def _read(datastore: Datastore, name: str, version: int) -> FileDataset:
    answer = datastore.workspace._client.send("GET", "{}/files/{}".format(datastore._path, path_segments(_place(name, version))))
    data = json.loads(answer.body.decode("utf-8"))
    return FileDataset(datastore, data["path"], data)


def _within(folder: str, path: str) -> str:
    """A file's path below the folder; its name when it is the dataset itself."""
    return path.rpartition("/")[2] if path == folder else path[len(folder) + 1:] if folder else path
