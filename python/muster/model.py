"""The model registry."""
import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, TYPE_CHECKING, Union

from ._client.addresses import path_segments, segment
from ._snapshots.hash_cache import hash_file
from ._terminal.printable import printable, write
from ._unsupported import unsupported_method, warn_ignored
from .exceptions import ModelNotFoundException, UserErrorException, WebserviceException

if TYPE_CHECKING:
    from .run import Run
    from .workspace import Workspace

TagFilter = Union[None, str, List[Any], Mapping[str, Any]]


class Model:
    """A version of a registered model: the newest that fits, of what is asked for. WebserviceException when none does.

    `id` is "name:version". `tags` is a list of keys, or of [key, value].
    """

    class Framework:
        """Names for `model_framework`."""

        CUSTOM = "Custom"
        TENSORFLOW = "TensorFlow"
        SCIKITLEARN = "ScikitLearn"
        ONNX = "Onnx"
        PYTORCH = "PyTorch"
        MULTI = "Multi"

    def __init__(self, workspace: "Workspace", name: Optional[str] = None, id: Optional[str] = None, tags: TagFilter = None,
                 properties: TagFilter = None, version: Optional[int] = None, run_id: Optional[str] = None,
                 model_framework: Optional[str] = None, expand: bool = True) -> None:
        if id is not None:
            name, _, number = id.rpartition(":")
            if not name or not number.isdigit():
                raise WebserviceException("id: {!r} is not name:version.".format(id))
            version = int(number)
        if name is None:
            raise WebserviceException("name: give a model's name or its id.")
        wanted = "latest" if version is None else str(version)
        if version is None and (tags or properties or run_id or model_framework):
            fitting = list(_query(workspace, name, tags, properties, run_id, False, model_framework))
            if not fitting:
                raise WebserviceException("ModelNotFound: no version of the model {!r} fits what was asked for.".format(name))
            data = max(fitting, key=lambda item: int(item["version"]))
        else:
            try:
                data = workspace._client.json("GET", "{}/models/{}/versions/{}".format(workspace._path, segment(name), wanted),
                                              error=WebserviceException)
            except WebserviceException as error:
                if error.status != 404:
                    raise
                raise WebserviceException("ModelNotFound: {}".format(error.message), error, problem=error.problem)
        self._set_up(workspace, data)

    def _set_up(self, workspace: "Workspace", data: Dict[str, Any]) -> None:
        self.workspace = workspace
        self._data = data

    @classmethod
    def _from_data(cls, workspace: "Workspace", data: Dict[str, Any]) -> "Model":
        model = cls.__new__(cls)
        model._set_up(workspace, data)
        return model

    @staticmethod
    def register(workspace: "Workspace", model_path: str, model_name: str, tags: Optional[Mapping[str, Any]] = None,
                 properties: Optional[Mapping[str, Any]] = None, description: Optional[str] = None, datasets: Any = None,
                 model_framework: Optional[str] = None, model_framework_version: Optional[str] = None, child_paths: Any = None,
                 sample_input_dataset: Any = None, sample_output_dataset: Any = None, resource_configuration: Any = None) -> "Model":
        """Uploads a file or a folder and registers it as a new version of the model.

        WebserviceException when the path is not there or has no files, or a framework's version comes without its name.
        """
        from ._snapshots.upload import Blob, upload_blobs
        warn_ignored("Model.register", datasets=datasets, sample_input_dataset=sample_input_dataset,
                     sample_output_dataset=sample_output_dataset, resource_configuration=resource_configuration)
        body = describe_model(model_name, tags, properties, description, model_framework, model_framework_version)
        write("Registering model {}\n".format(printable(model_name)))
        files = []
        blobs = []
        for path, source in _files_of(model_path):
            try:
                sha256, info = hash_file(source)
            except OSError as error:
                raise WebserviceException("model_path: {} cannot be read: {}.".format(source, error.strerror or error), error)
            files.append({"path": path, "sha256": sha256, "size": info.st_size})
            blobs.append(Blob(sha256, info.st_size, source))
        upload_blobs(workspace._client, workspace._path, blobs, "Uploading model")
        body["files"] = files
        return Model._from_data(workspace, workspace._client.json("POST", workspace._path + "/models", body, create=True))

    @staticmethod
    def list(workspace: "Workspace", name: Optional[str] = None, tags: TagFilter = None, properties: TagFilter = None,
             run_id: Optional[str] = None, latest: bool = False, dataset_id: Optional[str] = None, expand: bool = True,
             page_count: int = 255, model_framework: Optional[str] = None) -> "List[Model]":
        """The models that fit: all versions, or with `latest` each model's newest."""
        return [Model._from_data(workspace, data)
                for data in _query(workspace, name, tags, properties, run_id, latest, model_framework)]

    @staticmethod
    def get_model_path(model_name: str, version: Optional[int] = None, _workspace: "Optional[Workspace]" = None) -> str:
        """The path of a model's file or folder on this machine.

        Below AZUREML_MODEL_DIR where a service has it; else it is downloaded to `azureml-models/<name>/<version>`, once.
        ModelNotFoundException when there is no such model.
        """
        service = os.environ.get("AZUREML_MODEL_DIR")
        if service and os.path.isdir(service):
            entries = os.listdir(service)
            return os.path.join(service, entries[0]) if len(entries) == 1 else service
        if _workspace is None:
            from .run import Run
            run = Run.get_context()
            if not isinstance(run, Run):
                from .workspace import Workspace
                _workspace = Workspace.from_config()
            else:
                _workspace = run.experiment.workspace
        try:
            model = Model(_workspace, model_name, version=version)
        except WebserviceException as error:
            raise ModelNotFoundException("Model not found: {}".format(error.message), error, problem=error.problem)
        return model.download(os.path.join("azureml-models", model.name, str(model.version)), exist_ok=True)

    def download(self, target_dir: str = ".", exist_ok: bool = False) -> str:
        """Fetches the model's files into `target_dir`; returns the path of the file, or of the folder.

        With `exist_ok` files that are there are kept when they are this version's, and else replaced; without it WebserviceException,
        before anything is fetched.
        """
        targets = [(file, os.path.join(target_dir, *file["path"].split("/"))) for file in self._data["files"]]
        if not exist_ok:
            for _, target in targets:
                if os.path.lexists(target):
                    raise WebserviceException("{} exists. Remove it, choose another target_dir, or say exist_ok=True.".format(target))
        from ._client.download import download_files, Wanted  # With the HTTP client, which jobs that only log do without.
        download_files(self.workspace._client, [
            Wanted("{}/files/{}".format(self._path, path_segments(file["path"])), target, file["size"], file["sha256"])
            for file, target in targets if not _is_there(file, target)], "Downloading {}".format(self.id), WebserviceException)
        firsts = {file["path"].partition("/")[0] for file, _ in targets}
        return os.path.join(target_dir, firsts.pop()) if len(firsts) == 1 else target_dir

    def update(self, tags: Optional[Mapping[str, Any]] = None, description: Optional[str] = None, sample_input_dataset: Any = None,
               sample_output_dataset: Any = None, resource_configuration: Any = None) -> None:
        """Sets tags, the others staying, or the description."""
        warn_ignored("Model.update", sample_input_dataset=sample_input_dataset, sample_output_dataset=sample_output_dataset,
                     resource_configuration=resource_configuration)
        body: Dict[str, Any] = {}
        if tags is not None:
            body["tags"] = _texts(tags)
        if description is not None:
            body["description"] = description
        self._patch(body)

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Sets tags, the others staying."""
        self._patch({"tags": _texts(tags)})

    def remove_tags(self, tags: Any) -> None:
        """Removes the tags of these names."""
        self._patch({"tags": dict.fromkeys([tags] if isinstance(tags, str) else tags)})

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Adds properties; one that is there cannot change."""
        self._patch({"properties": _texts(properties)})

    package = unsupported_method("Model.package", "Fetch it, model.download(), and pack it as you like.")
    profile = unsupported_method("Model.profile", "Models are not served; time the script that uses it.")
    deploy = unsupported_method("Model.deploy", "Models are not served. Fetch it, Model.download(), and serve it with a program of your "
                                "choice.")

    def delete(self) -> None:
        """Removes this version."""
        self.workspace._client.json("DELETE", self._path, error=WebserviceException)

    name: Any = property(lambda self: str(self._data["name"]), doc="The model's name.")
    version: Any = property(lambda self: int(self._data["version"]), doc="The version, counted from 1.")
    id: Any = property(lambda self: "{}:{}".format(self.name, self.version), doc="name:version.")
    description: Any = property(lambda self: self._data.get("description"), doc="What its maker said of it.")
    tags: Any = property(lambda self: dict(self._data.get("tags") or {}), doc="The tags.")
    properties: Any = property(lambda self: dict(self._data.get("properties") or {}), doc="The properties.")
    model_framework: Any = property(lambda self: self._data.get("framework"), doc="The framework's name.")
    model_framework_version: Any = property(lambda self: self._data.get("framework_version"), doc="The framework's version.")
    created_time: Any = property(lambda self: self._data.get("created_at"), doc="When it was registered.")
    created_by: Any = property(lambda self: self._data.get("created_by"), doc="Who registered it.")
    run_id: Any = property(lambda self: self._data.get("run_id"), doc="The run it came from.")
    experiment_name: Any = property(lambda self: self._data.get("experiment"), doc="That run's experiment.")
    url: Any = property(lambda self: "aml://asset/" + self.id, doc="The model's address.")

    @property
    def run(self) -> "Optional[Run]":
        """The run it came from."""
        from .run import Run
        return Run.get(self.workspace, self.run_id) if self.run_id else None

    @property
    def _path(self) -> str:
        return "{}/models/{}/versions/{}".format(self.workspace._path, segment(self.name), self.version)

    def _patch(self, body: Dict[str, Any]) -> None:
        self._data = self.workspace._client.json("PATCH", self._path, body)

    def __repr__(self) -> str:
        return "Model(workspace={!r}, name={}, id={}, version={}, tags={}, properties={})".format(
            self.workspace.name, self.name, self.id, self.version, self.tags, self.properties)


def describe_model(name: str, tags: Optional[Mapping[str, Any]], properties: Optional[Mapping[str, Any]], description: Optional[str],
                   framework: Optional[str], framework_version: Optional[str]) -> Dict[str, Any]:
    """The part of a registration that does not say where the files come from."""
    if framework_version is not None and framework is None:
        raise WebserviceException("model_framework: must be given with model_framework_version.")
    body: Dict[str, Any] = {"name": name}
    for key, value in (("tags", _texts(tags or {})), ("properties", _texts(properties or {})), ("description", description),
                       ("framework", framework), ("framework_version", framework_version)):
        if value:
            body[key] = value
    return body


def _query(workspace: "Workspace", name: Optional[str], tags: TagFilter, properties: TagFilter, run_id: Optional[str], latest: bool,
           framework: Optional[str]) -> Iterator[Dict[str, Any]]:
    query = {"name": name, "run_id": run_id, "latest": "true" if latest else None}
    for data in workspace._client.pages(workspace._path + "/models", "models", query):
        if (_fits(data.get("tags") or {}, tags) and _fits(data.get("properties") or {}, properties)
                and framework in (None, data.get("framework"))):
            yield data


def _fits(present: Mapping[str, Any], wanted: TagFilter) -> bool:
    if not wanted:
        return True
    if isinstance(wanted, Mapping):
        wanted = [[key, value] for key, value in wanted.items()]
    for item in [wanted] if isinstance(wanted, str) else wanted:
        if isinstance(item, str):
            if item not in present:
                return False
        elif present.get(item[0]) != str(item[1]):
            return False
    return True


def _is_there(file: Dict[str, Any], target: str) -> bool:
    """Whether the target is that file of a model, and need not be fetched."""
    try:
        return os.path.getsize(target) == file["size"] and bool(hash_file(target)[0] == file["sha256"])
    except OSError:
        return False


def _files_of(model_path: str) -> List[Any]:
    """(path in the model, path here) of a file, or of each file below a folder."""
    model_path = os.fspath(model_path)
    if os.path.isfile(model_path):
        return [(os.path.basename(model_path), model_path)]
    if not os.path.isdir(model_path):
        raise WebserviceException("model_path: {} is neither a file nor a folder.".format(model_path))
    root = os.path.abspath(model_path)
    found = []
    for folder, _, files in os.walk(root):
        for file in sorted(files):
            source = os.path.join(folder, file)
            if os.path.isfile(source):
                found.append((os.path.relpath(source, os.path.dirname(root)).replace(os.sep, "/"), source))
    if not found:
        raise WebserviceException("model_path: the folder {} has no files.".format(model_path))
    return found


def _texts(values: Mapping[str, Any]) -> Dict[str, str]:
    if not isinstance(values, Mapping):
        raise UserErrorException("tags, properties: give a dict, not {}.".format(type(values).__name__))
    return {str(key): "" if value is None else str(value) for key, value in values.items()}
