"""Datastores: the workspace's own place for data. Every workspace has one, `workspaceblobstore`."""
import os
from typing import Any, Dict, Iterator, List, Optional, TYPE_CHECKING

from ._client.addresses import path_segments, segment
from ._inputs import clean_path, name_for, RunInput
from ._snapshots.hash_cache import hash_file
from ._terminal.printable import printable, write
from ._terminal.progress import counted
from ._unsupported import unsupported_method, warn_ignored
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from .workspace import Workspace

DEFAULT_DATASTORE = "workspaceblobstore"
_FILES_A_CALL = 1000


class DataReference(RunInput):
    """A file or folder of a datastore: `datastore.path('images').as_mount()` in a run's arguments is its path on the node.

    A mount's files are read-only, a download's are the run's own. Both are copies of the data as it is at submission. An upload is an empty
    folder instead, whose files are at that path in the datastore when the run has ended.
    """

    def __init__(self, datastore: "Datastore", data_reference_name: Optional[str] = None, path_on_datastore: Optional[str] = None,
                 mode: str = "mount", path_on_compute: Optional[str] = None, overwrite: bool = False) -> None:
        path = clean_path(path_on_datastore)
        if mode not in ("mount", "download", "upload"):
            raise UserErrorException("mode: {!r} is none of \"mount\", \"download\" and \"upload\".".format(mode))
        if mode == "upload" and not path:
            raise UserErrorException("path: an upload goes into a folder of the datastore: datastore.path('results').as_upload().")
        warn_ignored("DataReference", path_on_compute=path_on_compute)
        super().__init__(data_reference_name or (name_for(datastore.name, path) if path else datastore.name), datastore.name, path, mode)
        self.datastore = datastore
        self._overwrite = bool(overwrite) and mode == "upload"

    @property
    def data_reference_name(self) -> str:
        """Its name among the run's inputs."""
        return self._name

    @property
    def path_on_datastore(self) -> str:
        """What it is, in the datastore."""
        return self._path

    def path(self, path: Optional[str] = None, data_reference_name: Optional[str] = None) -> "DataReference":
        """A path below this one."""
        below = "/".join(part for part in (self._path, clean_path(path)) if part)
        return DataReference(self.datastore, data_reference_name, below, self._mode, overwrite=self._overwrite)

    def as_mount(self) -> "DataReference":
        """The same, its files read-only on the node."""
        return DataReference(self.datastore, self._name, self._path, "mount")

    def as_download(self, path_on_compute: Optional[str] = None, overwrite: bool = False) -> "DataReference":
        """The same, its files the run's own to change."""
        return DataReference(self.datastore, self._name, self._path, "download", path_on_compute)

    def as_upload(self, path_on_compute: Optional[str] = None, overwrite: bool = False) -> "DataReference":
        """An empty folder on each node, whose files are here when the run has ended. Those that are here stay, unless `overwrite`."""
        return DataReference(self.datastore, self._name, self._path, "upload", path_on_compute, overwrite)

    def to_config(self) -> "DataReference":
        """For run_config.data_references."""
        return self


class Datastore:
    """A datastore of the workspace: `Datastore.get(ws, name)`, or `ws.get_default_datastore()`. UserErrorException when there is none."""

    def __init__(self, workspace: "Workspace", name: str = DEFAULT_DATASTORE) -> None:
        self.workspace = workspace
        self._path = "{}/datastores/{}".format(workspace._path, segment(name))
        self._data: Dict[str, Any] = workspace._client.json("GET", self._path, error=UserErrorException)

    @staticmethod
    def get(workspace: "Workspace", datastore_name: str) -> "Datastore":
        """The datastore of that name. UserErrorException when there is none."""
        return Datastore(workspace, datastore_name)

    @staticmethod
    def get_default(workspace: "Workspace") -> "Datastore":
        """The workspace's default datastore."""
        return Datastore(workspace)

    @property
    def name(self) -> str:
        """The datastore's name."""
        return str(self._data["name"])

    register_azure_blob_container = unsupported_method("Datastore.register_azure_blob_container", "Every workspace has one datastore of "
                                                       "its own: ws.get_default_datastore().upload(…).")
    register_azure_file_share = unsupported_method("Datastore.register_azure_file_share", "Every workspace has one datastore of its own: "
                                                   "ws.get_default_datastore().upload(…).")
    unregister = unsupported_method("Datastore.unregister", "It is the workspace's own; datastore.remove(path) removes files.")

    def set_as_default(self) -> None:
        """Does nothing: it is the default one."""

    @property
    def datastore_type(self) -> str:
        """Muster: the server keeps its files."""
        return "Muster"

    def upload(self, src_dir: str, target_path: Optional[str] = None, overwrite: bool = False, show_progress: bool = True) -> DataReference:
        """Uploads all files below a folder to `target_path` (the datastore's top); those that are there stay, unless `overwrite`.

        What an interrupted upload has brought is not sent again. UserErrorException when the folder is none.
        """
        if not os.path.isdir(src_dir):
            raise UserErrorException("src_dir: {} is not a folder.".format(src_dir))
        files = [os.path.join(folder, name) for folder, folders, names in os.walk(src_dir) for name in sorted(names)]
        return self.upload_files(files, src_dir, target_path, overwrite, show_progress)

    def upload_files(self, files: List[str], relative_root: Optional[str] = None, target_path: Optional[str] = None,
                     overwrite: bool = False, show_progress: bool = True) -> DataReference:
        """Uploads files to `target_path`, by their paths below `relative_root` (the folder that all of them are in).

        Those that are there stay, unless `overwrite`. UserErrorException for a file that is not there, or outside of `relative_root`.
        """
        target = clean_path(target_path)
        sources = {self._target(path, relative_root, files, target): path for path in files}
        if show_progress:
            write("Uploading an estimated of {}\n".format(counted(len(sources), "file")))
        there = set() if overwrite else {file["path"] for file in self._files(target)}
        for path in sorted(set(sources) & there):
            if show_progress:
                write("Target already exists. Skipping upload for {}\n".format(printable(path)))
            del sources[path]
        self._send(sources, overwrite)
        if show_progress:
            write("Uploaded {}\n".format(counted(len(sources), "file")))
        return DataReference(self, None, target)

    def download(self, target_path: str, prefix: Optional[str] = None, overwrite: bool = False, show_progress: bool = True) -> int:
        """Fetches all files whose path begins with `prefix` into the folder `target_path`; how many. Those that are there stay, unless
        `overwrite`."""
        wanted = [(file, os.path.join(target_path, *file["path"].split("/"))) for file in self._files(prefix or "")]
        if not overwrite:
            wanted = [(file, target) for file, target in wanted if not os.path.lexists(target)]
        self._fetch(wanted)
        return len(wanted)

    def path(self, path: Optional[str] = None, data_reference_name: Optional[str] = None) -> DataReference:
        """A file or folder of it, for a run's arguments."""
        return DataReference(self, data_reference_name, path)

    def as_mount(self) -> DataReference:
        """All of it, its files read-only on the node."""
        return DataReference(self)

    def as_download(self, path_on_compute: Optional[str] = None) -> DataReference:
        """All of it, its files the run's own to change."""
        return DataReference(self, mode="download", path_on_compute=path_on_compute)

    def as_upload(self, path_on_compute: Optional[str] = None) -> DataReference:
        """Of a path in it alone: datastore.path('results').as_upload(). UserErrorException."""
        return DataReference(self, mode="upload", path_on_compute=path_on_compute)

    def remove(self, path: str) -> None:
        """Removes a file, or all below a folder: Muster's own. Runs that got it keep it. UserErrorException when there is none."""
        self.workspace._client.json("DELETE", "{}/files/{}".format(self._path, path_segments(clean_path(path))), error=UserErrorException)

    # --- Inside ---

    def _input(self) -> RunInput:
        return self.as_mount()

    @staticmethod
    def _target(path: str, root: Optional[str], files: List[str], target: str) -> str:
        if not os.path.isfile(path):
            raise UserErrorException("files: {} is not a file.".format(path))
        if root is None:
            root = os.path.commonpath([os.path.dirname(os.path.abspath(file)) for file in files])
        below = os.path.relpath(os.path.abspath(path), os.path.abspath(root)).replace(os.sep, "/")
        if below.startswith("../"):
            raise UserErrorException("files: {} is not below relative_root, {}.".format(path, root))
        return "/".join(part for part in (target, below) if part)

    def _files(self, prefix: str) -> Iterator[Dict[str, Any]]:
        """Without what datasets are registered by."""
        for file in self.workspace._client.pages(self._path + "/files", "files", {"prefix": prefix}):
            if not file["path"].startswith(".muster/"):
                yield file

    def _below(self, path: str) -> List[Dict[str, Any]]:
        """The file of that path, or all below the folder."""
        return [file for file in self._files(path) if not path or file["path"] == path or file["path"].startswith(path + "/")]

    def _send(self, sources: Dict[str, str], overwrite: bool) -> List[str]:
        """Uploads {path in the datastore: file here}; those that were kept as they are."""
        from ._snapshots.upload import Blob, upload_blobs
        described, blobs = [], []
        for path, source in sorted(sources.items()):
            try:
                sha256, info = hash_file(source)
            except OSError as error:
                raise UserErrorException("files: {} cannot be read: {}.".format(source, error.strerror or error), error)
            described.append({"path": path, "sha256": sha256, "size": info.st_size})
            blobs.append(Blob(sha256, info.st_size, source))
        upload_blobs(self.workspace._client, self.workspace._path, blobs, "Uploading data")
        kept: List[str] = []
        for start in range(0, len(described), _FILES_A_CALL):
            answer = self.workspace._client.json("POST", self._path + "/files", {"files": described[start:start + _FILES_A_CALL],
                                                                                 "overwrite": overwrite}, error=UserErrorException)
            kept += answer["kept"]
        return kept

    def _fetch(self, wanted: Any) -> None:
        from ._client.download import download_files, Wanted  # With the HTTP client, which jobs that only log do without.
        download_files(self.workspace._client, [
            Wanted("{}/files/{}".format(self._path, path_segments(file["path"])), target, file["size"], file["sha256"])
            for file, target in wanted], "Downloading data")

    def __repr__(self) -> str:
        return "Datastore(name={!r}, workspace={!r})".format(self.name, self.workspace.name)


class DataPath:
    """A path in a datastore."""

    def __init__(self, datastore: Datastore, path_on_datastore: Optional[str] = None, name: Optional[str] = None) -> None:
        self.datastore = datastore
        self.path_on_datastore = clean_path(path_on_datastore)

    def _input(self) -> RunInput:
        return self.datastore.path(self.path_on_datastore)
