"""The run that a script gets outside of any job: it prints what it is given and keeps nothing."""
import uuid
from typing import Any, Dict, Iterable, Mapping, Optional, Union

from ._recording.logging import PrintLogger
from .exceptions import RunEnvironmentException


class _NoExperiment(RunEnvironmentException, AttributeError):
    """`hasattr(run, "experiment")` is how scripts ask whether they are in a job."""


class OfflineRun(PrintLogger):
    """Stands in for a run while a script is tried out by hand."""

    def __init__(self) -> None:
        self._id = "OfflineRun_" + str(uuid.uuid4())
        self._tags: Dict[str, str] = {}
        self._properties: Dict[str, str] = {}
        self._parameters: Dict[str, str] = {}

    @property
    def id(self) -> str:
        """An id made up for this object."""
        return self._id

    @property
    def status(self) -> str:
        """Always Running."""
        return "Running"

    def get_status(self) -> str:
        """Always Running."""
        return self.status

    @property
    def parent(self) -> None:
        """An offline run has none."""
        return None

    @property
    def experiment(self) -> Any:
        """There is none, so hasattr is False: raises RunEnvironmentException saying how to get one."""
        raise _NoExperiment("An offline run belongs to no experiment. Submit the script as a job, or open the workspace "
                            "with Workspace.from_config().")

    @property
    def input_datasets(self) -> Dict[str, Any]:
        """No inputs."""
        return {}

    @property
    def output_datasets(self) -> Dict[str, Any]:
        """No outputs."""
        return {}

    def tag(self, key: str, value: Any = None) -> None:
        """Prints the tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Prints the tags."""
        for key, value in tags.items():
            print("Attempted to tag {}: {}".format(key, value))
            self._tags[str(key)] = "" if value is None else str(value)

    def get_tags(self) -> Dict[str, str]:
        """The tags set on this object."""
        return dict(self._tags)

    def remove_tags(self, tags: Union[str, Iterable[str]]) -> None:
        """Forgets the tags."""
        for key in [tags] if isinstance(tags, str) else tags:
            self._tags.pop(key, None)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Prints the properties."""
        print("Attempted to add properties: {}".format(dict(properties)))
        self._properties.update({str(key): str(value) for key, value in properties.items()})

    def get_properties(self) -> Dict[str, str]:
        """The properties added to this object."""
        return dict(self._properties)

    def log_parameter(self, name: str, value: Any) -> None:
        """Prints the parameter."""
        self.log_parameters({name: value})

    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Prints the parameters."""
        for name, value in parameters.items():
            print("Attempted to log parameter {}: {}".format(name, value))
            self._parameters[str(name)] = "" if value is None else str(value)

    def get_parameters(self) -> Dict[str, str]:
        """The parameters set on this object."""
        return dict(self._parameters)

    def get_secret(self, name: str) -> Optional[str]:
        """RunEnvironmentException: an offline run has no workspace to have secrets."""
        raise RunEnvironmentException("An offline run has no workspace: ask Workspace.from_config().get_default_keyvault()"
                                      ".get_secret({!r}).".format(name))

    def get_secrets(self, secrets: Iterable[str]) -> Dict[str, Optional[str]]:
        """As get_secret."""
        return {name: self.get_secret(name) for name in secrets}

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: Optional[str] = None) -> None:
        """Prints what would be uploaded."""
        print("Attempted to upload file {} to {}".format(path_or_stream, name))

    def upload_files(self, names: Iterable[str], paths: Iterable[str], return_artifacts: bool = False,
                     timeout_seconds: Optional[int] = None, datastore_name: Optional[str] = None) -> None:
        """Prints what would be uploaded."""
        for name, path in zip(names, paths):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, datastore_name: Optional[str] = None) -> None:
        """Prints what would be uploaded."""
        print("Attempted to upload folder {} to {}".format(path, name))

    def child_run(self, name: Optional[str] = None, run_id: Optional[str] = None, outputs: Any = None) -> "OfflineRun":
        """Another offline run."""
        return OfflineRun()

    def start(self) -> None:
        """Does nothing."""

    def __enter__(self) -> "OfflineRun":
        return self

    def __exit__(self, *unused: Any) -> None:
        """Does nothing."""

    def complete(self, _set_status: bool = True) -> None:
        """Does nothing."""

    def fail(self, error_details: Any = None, error_code: Optional[str] = None) -> None:
        """Prints the error."""
        print("Attempted to fail the run: {}".format(error_details))

    def cancel(self) -> None:
        """Does nothing."""

    def flush(self, timeout_seconds: int = 300) -> None:
        """Does nothing: there is nothing that waits."""

    def __repr__(self) -> str:
        return "Run(Id: {}, Status: {})".format(self._id, self.status)
