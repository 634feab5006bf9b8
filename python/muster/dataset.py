"""Datasets: names with versions for what is in a datastore."""
import json
import os
import re
import tempfile
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, TYPE_CHECKING, Union

from ._client.addresses import path_segments
from ._inputs import clean_path, name_for, RunInput
from ._path_patterns import is_pattern, path_matches
from ._unsupported import unsupported, unsupported_method, warn_ignored
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
        self._patterns = dataset._patterns
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
    """Files of a datastore; made by Dataset.File. Nothing is copied until a run gets them, as they are at that moment."""

    def __init__(self, datastore: Datastore, path: str, registered: Optional[Mapping[str, Any]] = None,
                 patterns: Iterable[str] = ()) -> None:
        self._datastore, self._path, self._patterns = datastore, path, list(patterns)
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
        check_name(name)
        while True:
            versions = _versions(self._datastore, name)
            latest = _read(self._datastore, name, versions[-1]) if versions else None
            if latest is not None and latest._what() == self._what():
                return latest
            if latest is not None and not create_new_version:
                raise UserErrorException("name: there is a dataset {!r} of something else. Choose another name, or say "
                                         "create_new_version=True.".format(name))
            number = (versions[-1] if versions else 0) + 1
            made: Dict[str, Any] = {"name": name, "version": number, "datastore": self._datastore.name, "path": self._path,
                    "description": description, "tags": {str(key): str(value) for key, value in (tags or {}).items()}}
            if self._patterns:
                made["patterns"] = self._patterns
            with tempfile.TemporaryDirectory(prefix="muster-dataset-") as folder:
                path = os.path.join(folder, "definition.json")
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(made, file, sort_keys=True)
                # Written once: somebody who registers at the same moment gets the next version.
                if not self._datastore._send({_place(name, number): path}, False):
                    return FileDataset(self._datastore, self._path, made, self._patterns)

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """As a run's input of that name."""
        return DatasetConsumptionConfig(name, self)

    def as_mount(self, path_on_compute: Optional[str] = None) -> DatasetConsumptionConfig:
        """As a run's input, its files read-only on the node."""
        return DatasetConsumptionConfig(self._own_name(), self, "mount", path_on_compute)

    def as_download(self, path_on_compute: Optional[str] = None) -> DatasetConsumptionConfig:
        """As a run's input, its files the run's own to change."""
        return DatasetConsumptionConfig(self._own_name(), self, "download", path_on_compute)

    mount = unsupported_method("FileDataset.mount", "Fetch it: dataset.download(target_path). A run gets it as an input, by as_mount().")
    take = unsupported_method("FileDataset.take", "Name the files: Dataset.File.from_files([(datastore, path), …]).")
    skip = unsupported_method("FileDataset.skip", "Name the files: Dataset.File.from_files([(datastore, path), …]).")
    random_split = unsupported_method("FileDataset.random_split", "Split dataset.to_path() in the script.")
    update = unsupported_method("FileDataset.update", "Register it again, with create_new_version=True.")
    add_tags = unsupported_method("FileDataset.add_tags", "Register it again with these tags, with create_new_version=True.")
    remove_tags = unsupported_method("FileDataset.remove_tags", "Register it again without them, with create_new_version=True.")
    unregister_all_versions = unsupported_method("FileDataset.unregister_all_versions", "A dataset's versions stay; datastore.remove(path) "
                                                 "removes files.")
    as_hdfs = unsupported_method("FileDataset.as_hdfs", "Give dataset.as_named_input('data').as_mount() or .as_download().")

    def to_path(self) -> List[str]:
        """The paths of its files, as they are now, each after a slash."""
        return ["/" + _within(self._path, file["path"]) for file in self._files()]

    def download(self, target_path: Optional[str] = None, overwrite: bool = False) -> List[str]:
        """Fetches its files into a folder (.); their paths. UserErrorException, before anything is fetched, when one is there already,
        unless `overwrite`."""
        wanted = [(file, os.path.join(target_path or ".", *_within(self._path, file["path"]).split("/")))
                  for file in self._files()]
        for _, target in wanted:
            if not overwrite and os.path.lexists(target):
                raise UserErrorException("{} exists. Remove it, choose another target_path, or say overwrite=True.".format(target))
        self._datastore._fetch(wanted)
        return [target for _, target in wanted]

    def _what(self) -> Tuple[str, str, List[str]]:
        return self._datastore.name, self._path, self._patterns

    def _own_name(self) -> str:
        return name_for(self._datastore.name, "\n".join([self._path] + self._patterns))

    def _files(self) -> List[Dict[str, Any]]:
        """As the datastore has them now."""
        found = self._datastore._below(self._path)
        if not self._patterns:
            return found
        return [file for file in found if any(path_matches(pattern, _within(self._path, file["path"])) for pattern in self._patterns)]

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
        """Of files of a datastore, given as (datastore, path), or a list of these. A path is a file, a folder, or a pattern: `*` and `?`
        within a part of it, `**` for any number of folders. Nothing is copied. In a run they keep their paths below the folder that all are
        in. UserErrorException for addresses on the web, for several datastores; and, with `validate`, for a path that means no file.
        """
        if partition_format is not None:
            raise UserErrorException("partition_format: paths are not taken apart. Leave it out, and read what they say in the script.")
        places = [_place_of(one) for one in (path if isinstance(path, list) else [path])]
        datastore = places[0][0] if places else None
        if datastore is None or any(one.name != datastore.name for one, _ in places):
            raise UserErrorException("path: give (datastore, path), or several of one datastore.")
        folder, patterns = folder_of([where for _, where in places])
        dataset = FileDataset(datastore, folder, patterns=patterns)
        if validate:
            there = [_within(folder, file["path"]) for file in datastore._below(folder)]
            for pattern, (_, where) in zip(patterns or [""], places):
                if not any(path_matches(pattern, one) for one in there) and (pattern or not there):
                    raise UserErrorException("path: the datastore {} has no file or folder {!r}. Upload it first.".format(
                        datastore.name, where))
        return dataset

    @staticmethod
    def upload_directory(src_dir: str, target: Place, pattern: Optional[str] = None, overwrite: bool = False,
                         show_progress: bool = True) -> FileDataset:
        """Uploads a folder, or the files below it that `pattern` means ("**/*.jpg"), to (datastore, path), and makes a dataset of it."""
        datastore, path = _place_of(target)
        if pattern is None:
            datastore.upload(src_dir, path, overwrite, show_progress)
            return FileDataset(datastore, clean_path(path))
        files = [os.path.join(folder, name) for folder, _, names in os.walk(src_dir) for name in sorted(names)]
        chosen = [file for file in files if path_matches(pattern, os.path.relpath(file, src_dir).replace(os.sep, "/"))]
        if not chosen:
            raise UserErrorException("pattern: no file below {} is as {!r}.".format(src_dir, pattern))
        datastore.upload_files(chosen, src_dir, path, overwrite, show_progress)
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


def check_name(name: Any) -> str:
    """A dataset's name. UserErrorException for what cannot be one."""
    if not isinstance(name, str) or not _NAME.match(name):
        raise UserErrorException("name: {!r} is not a dataset's name: up to 255 letters, digits, spaces and -_., a letter or digit "
                                 "first.".format(name))
    return name


def folder_of(paths: List[str]) -> Tuple[str, List[str]]:
    """The folder (or the one file) that all of the paths and patterns are in, and what each is there; no patterns for all of it."""
    if len(paths) == 1 and not is_pattern(paths[0]):
        return paths[0], []
    split = [path.split("/") for path in paths]
    # As far as each goes without standing for something else, and never the whole of it.
    fixed = [next((index for index, part in enumerate(parts) if is_pattern(part)), len(parts) - 1) for parts in split]
    common = os.path.commonprefix([parts[:count] for parts, count in zip(split, fixed)])
    return "/".join(common), ["/".join(parts[len(common):]) for parts in split]


def _place_of(place: Any) -> Tuple[Datastore, str]:
    """The datastore and the path, a folder's end of /** left out."""
    if isinstance(place, DataPath):
        place = (place.datastore, place.path_on_datastore)
    if not isinstance(place, tuple) or len(place) != 2 or not isinstance(place[0], Datastore):
        raise UserErrorException("path: give (datastore, path), or a list of these; what is on the web is uploaded first, by "
                                 "datastore.upload(…). It was given {!r}.".format(place))
    return place[0], clean_path(_EVERYTHING_BELOW.sub("", str(place[1])))


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
    return FileDataset(datastore, data["path"], data, data.get("patterns") or [])


def _within(folder: str, path: str) -> str:
    """A file's path below the folder; its name when it is the dataset itself."""
    return path.rpartition("/")[2] if path == folder else path[len(folder) + 1:] if folder else path
