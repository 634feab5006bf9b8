"""A run's files: the artifacts it left and its logs."""
import hashlib
import os
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from .._client.addresses import path_segments, segment
from .._snapshots.hash_cache import hash_file
from .._terminal.progress import Progress, counted
from ..exceptions import UserErrorException
from .part import RunPart


class RunFiles(RunPart):
    """The part of `Run` that deals with files."""

    def get_file_names(self) -> List[str]:
        """The paths of all files the run has: artifacts and logs."""
        return sorted(self._files())

    def download_file(self, name: str, output_file_path: Optional[str] = None, _validate_checksum: bool = False,
                      overwrite: bool = True) -> None:
        """Fetches one file.

        To `output_file_path`, into it when it is a folder, else into the current folder under its own name. Folders are
        made. The file appears whole, its checksum verified, or not at all, and replaces one that is there.
        UserErrorException when the run has no such file (it lists what there is), and, with `overwrite` False, when the
        target exists.
        """
        files = self._files()
        name = name.replace("\\", "/") if os.sep == "\\" else name
        if name not in files:
            raise UserErrorException("File with path {} was not found, available files include: {}.".format(
                name, ", ".join(sorted(files)) or "none yet"))
        target = output_file_path or os.path.basename(name)
        if target.endswith(("/", os.sep)) or os.path.isdir(target):
            target = os.path.join(target, os.path.basename(name))
        self._fetch(files[name], target, overwrite)

    def download_files(self, prefix: Optional[str] = None, output_directory: Optional[str] = None,
                       output_paths: Optional[Iterable[str]] = None, batch_size: int = 100, append_prefix: bool = True,
                       timeout_seconds: Optional[int] = None, overwrite: bool = True) -> None:
        """Fetches all files whose path begins with `prefix` (all without one) into `output_directory`.

        They keep their paths there, or with `append_prefix` False their paths below the prefix's folder.
        `output_paths` names each target instead, in the order of get_file_names().
        Files that are there are replaced. UserErrorException, before anything is fetched, when nothing matches, and, with
        `overwrite` False, when a target exists.
        """
        files = self._files()
        names = sorted(name for name in files if name.startswith(prefix or ""))
        if not names:
            raise UserErrorException("prefix: no file of the run begins with {!r}, available files include: {}.".format(
                prefix, ", ".join(sorted(files)) or "none yet"))
        if output_paths is not None:
            targets = list(output_paths)
            if len(targets) != len(names):
                raise UserErrorException("output_paths: {} given for {}; give one for each.".format(
            counted(len(targets), "path was", "paths were"), counted(len(names), "file")))
        else:
            cut = len((prefix or "").rpartition("/")[0]) if not append_prefix else 0
            targets = [name[cut:].lstrip("/") for name in names]
        targets = [os.path.join(output_directory or ".", target) for target in targets]
        if not overwrite:
            for target in targets:
                _refuse_existing(target)
        pairs = [(files[name], target) for name, target in zip(names, targets)]
        for file, target in pairs:
            if file.get("log"):
                self._fetch(file, target, overwrite)
        from .._client.download import download_files, Wanted  # With the HTTP client, which jobs that only log do without.
        download_files(self._client, [Wanted("{}/artifacts/{}".format(self._path, path_segments(file["path"])), target, file["size"],
                                             file.get("sha256")) for file, target in pairs if not file.get("log")], "Downloading files")

    def get_all_logs(self, destination: Optional[str] = None) -> List[str]:
        """Fetches all logs, into `./assets/<run id>` unless another folder is given; returns their paths. Replaces those there."""
        folder = destination or os.path.join("assets", self._id)
        paths = []
        for log in self._logs():
            target = os.path.join(folder, log["path"])
            self._fetch(dict(log, log=True), target, True)
            paths.append(target)
        return paths

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: Optional[str] = None) -> None:
        """Adds a file (a path, or an open binary file) to the run's artifacts under `name`.

        Names are written once: UserErrorException when there is one of that name. In a job, files in outputs/ need no
        upload: they are collected at the end.
        """
        if hasattr(path_or_stream, "read"):
            data = path_or_stream.read()
            data = data.encode("utf-8") if isinstance(data, str) else data
            self._put(name, data, len(data), hashlib.sha256(data).hexdigest())
            return
        path = os.fspath(path_or_stream)
        try:
            sha256, info = hash_file(path)
        except OSError as error:
            raise UserErrorException("path_or_stream: {} cannot be read: {}.".format(path, error.strerror or error), error)
        self._put(name, lambda: open(path, "rb"), info.st_size, sha256)

    def upload_files(self, names: Iterable[str], paths: Iterable[str], return_artifacts: bool = False,
                     timeout_seconds: Optional[int] = None, datastore_name: Optional[str] = None) -> None:
        """Adds several files; `names` and `paths` go together."""
        given = (list(names), list(paths))
        if len(given[0]) != len(given[1]):
            raise UserErrorException("names, paths: {} for {}; give one for each.".format(
                counted(len(given[0]), "name was given", "names were given"), counted(len(given[1]), "path")))
        for name, path in zip(*given):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, datastore_name: Optional[str] = None) -> None:
        """Adds all files below the folder `path` under the prefix `name`."""
        for artifact, source in _files_below(name, path):
            self.upload_file(artifact, source)

    def _upload_new(self, name: str, path: str) -> None:
        """As upload_folder, without the files that are artifacts already with the same content."""
        there = None
        for artifact, source in _files_below(name, path):
            if there is None:
                found = self._client.pages(self._path + "/artifacts", "artifacts", {"prefix": name + "/"})
                there = {one["path"]: one["sha256"] for one in found}
            if artifact in there and there[artifact] == hash_file(source)[0]:
                continue
            self.upload_file(artifact, source)

    def restore_snapshot(self, snapshot_id: Optional[str] = None, path: Optional[str] = None) -> str:
        """Fetches a snapshot, the run's own unless another's id is given, as a zip file into the folder `path` (.); returns its path.

        UserErrorException when the run has no snapshot.
        """
        snapshot = snapshot_id or self._data.get("snapshot_id")
        if not snapshot:
            raise UserErrorException("The run {} has no snapshot.".format(self._id))
        from .._client.download import fetch_snapshot  # With the HTTP client, which jobs that only log do without.
        target = os.path.join(path or ".", "{}.zip".format(snapshot))
        fetch_snapshot(self._client, "{}/snapshots/{}/archive".format(self._workspace._path, path_segments(snapshot)), target)
        return target

    # --- Inside ---

    def _files(self) -> Dict[str, Dict[str, Any]]:
        files = {log["path"]: dict(log, log=True) for log in self._logs()}
        files.update({artifact["path"]: artifact for artifact in self._client.pages(self._path + "/artifacts", "artifacts")})
        return files

    def _logs(self, signed: bool = False) -> List[Dict[str, Any]]:
        return list(self._client.json("GET", self._path + "/logs", query={"signed": "true"} if signed else None)["logs"])

    def _log_url(self, log: Dict[str, Any]) -> str:
        """Its address; one with a signature needs no token, and is good for some hours."""
        if "signature" not in log:
            return "{}/api/v1{}/logs/{}".format(self._client.url, self._path, path_segments(log["path"]))
        return "{}/api/v1/signed-logs/{}/{}/{}?attempt={}&node_rank={}&expires={}&signature={}".format(
            self._client.url, segment(self._workspace.name), segment(self._id), path_segments(log["path"]), log["attempt"],
            log["node_rank"], log["expires"], log["signature"])

    def _read_log(self, path: str) -> bytes:
        return self._client.send("GET", "{}/logs/{}".format(self._path, path_segments(path))).body

    def _fetch(self, file: Dict[str, Any], target: str, overwrite: bool) -> None:
        if not overwrite:
            _refuse_existing(target)
        if file.get("log"):
            # A log may grow while it is fetched, so it is taken in one answer, as long as it is then.
            _write(target, self._read_log(file["path"]))
            return
        from .._client.download import download_file  # With the HTTP client, which jobs that only log do without.
        download_file(self._client, "{}/artifacts/{}".format(self._path, path_segments(file["path"])), target, file["size"],
                      file.get("sha256"), file["path"])

    def _put(self, name: str, body: Any, size: int, sha256: str) -> None:
        if not isinstance(name, str) or not name or name.startswith("/") or ".." in name.split("/"):
            raise UserErrorException("name: {!r} is not an artifact's name: a relative path without '..'.".format(name))
        try:
            with Progress("Uploading " + name, size) as progress:
                self._client.send("PUT", "{}/artifacts/{}".format(self._path, path_segments(name)), body, size, sent=progress.add,
                                  headers={"Content-Type": "application/octet-stream"})
        except UserErrorException as error:
            # A try whose answer was lost has stored it: then the artifact there is this one.
            if error.status != 409:
                raise
            if not error.repeated or self._files().get(name, {}).get("sha256") != sha256:
                raise UserErrorException("name: the run has an artifact {} already, and artifacts are written once. Choose another "
                                         "name.".format(name), error, problem=error.problem)


def _files_below(name: str, path: str) -> Iterator[Tuple[str, str]]:
    """Each file below the folder: the artifact it becomes under `name`, and its path."""
    if not os.path.isdir(path):
        raise UserErrorException("path: {} is not a folder.".format(path))
    for folder, folders, files in os.walk(path):
        folders.sort()
        for file in sorted(files):
            source = os.path.join(folder, file)
            relative = os.path.relpath(source, path).replace(os.sep, "/")
            yield "{}/{}".format(name.rstrip("/"), relative) if name else relative, source


def _refuse_existing(target: str) -> None:
    if os.path.lexists(target):
        raise UserErrorException("{} exists. Remove it, choose another path, or leave out overwrite=False.".format(target))


def _write(target: str, content: bytes) -> None:
    from .._client.download import temporary_beside  # With the HTTP client, which jobs that only log do without.
    temporary = temporary_beside(target)
    try:
        os.makedirs(os.path.dirname(temporary), exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(content)
        os.replace(temporary, target)
    except OSError as error:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise UserErrorException("{} cannot be written: {}.".format(target, error.strerror), error)
