"""A run's output as data: a folder on each node, whose files are in a datastore when the run has ended."""
import copy
import uuid
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from ._inputs import RunInput
from ._unsupported import warn_ignored
from .dataset import check_name, DatasetConsumptionConfig, FileDataset
from .datastore import DataPath, Datastore, DEFAULT_DATASTORE
from .exceptions import UserErrorException


class OutputFileDatasetConfig(RunInput):
    """A folder for a run to fill, in its arguments: on the node it is the path of an empty folder, and what is in it when the ranks have
    ended, however they ended, is then at `destination`, (datastore, path), in the datastore.

    `{run-id}` and `{output-name}` in the destination's path are replaced; without one it is dataset/{run-id}/{output-name} in the default
    datastore. UserErrorException for a name or path that cannot be.
    """

    def __init__(self, name: Optional[str] = None, destination: Union[None, Tuple[Datastore, str], DataPath] = None, source: Any = None,
                 partition_format: Optional[str] = None) -> None:
        if partition_format is not None:
            raise UserErrorException("partition_format: paths are not taken apart. Leave it out.")
        warn_ignored("OutputFileDatasetConfig", source=source)
        if isinstance(destination, DataPath):
            destination = (destination.datastore, destination.path_on_datastore)
        if destination is not None and (not isinstance(destination, tuple) or len(destination) != 2
                                        or not isinstance(destination[0], Datastore)):
            raise UserErrorException("destination: give (datastore, path), not {!r}.".format(destination))
        self._datastore = destination[0] if destination else None
        super().__init__(name or "output_" + uuid.uuid4().hex[:8], destination[0].name if destination else DEFAULT_DATASTORE,
                         destination[1] if destination else "dataset/{run-id}/{output-name}", "upload")
        if not self._path:
            raise UserErrorException("destination: an output goes into a folder of the datastore; give its path.")
        self._overwrite = True  # As what a script writes through a mount.

    @property
    def name(self) -> str:
        """Its name: in the job `run.output_datasets[name]` is the folder's path."""
        return self._name

    def as_mount(self, disable_metadata_cache: bool = False) -> "OutputFileDatasetConfig":
        """The same, replacing what is at the destination. The files are brought there at the end, as by as_upload."""
        return self._with(_overwrite=True, _patterns=[])

    def as_upload(self, overwrite: bool = False, source_globs: Union[None, str, List[str]] = None) -> "OutputFileDatasetConfig":
        """The same; a file that is at the destination stays, with a warning of the run, unless `overwrite`. Of the folder only those files
        as `source_globs` say, such as "**/*.csv", when given."""
        globs = [source_globs] if isinstance(source_globs, str) else list(source_globs or [])
        return self._with(_overwrite=bool(overwrite), _patterns=globs)

    def register_on_complete(self, name: str, description: Optional[str] = None,
                             tags: Optional[Mapping[str, Any]] = None) -> "OutputFileDatasetConfig":
        """The same, kept as a dataset of that name, in a new version, once the run's first node has succeeded."""
        described: Dict[str, Any] = {"name": check_name(name), "tags": {str(key): str(value) for key, value in (tags or {}).items()}}
        if description is not None:
            described["description"] = description
        return self._with(_registration=described)

    def as_input(self, name: Optional[str] = None) -> DatasetConsumptionConfig:
        """What it brought, as an input of a later run. UserErrorException when its destination is another one for each run."""
        if self._datastore is None or "{run-id}" in self._path:
            raise UserErrorException("as_input: give a destination, (datastore, path), without {run-id}, so that the path is known; or "
                                     "register_on_complete and Dataset.get_by_name.")
        dataset = FileDataset(self._datastore, self._path.replace("{output-name}", self._name))
        return dataset.as_named_input(name) if name else dataset.as_mount()

    def _with(self, **changes: Any) -> "OutputFileDatasetConfig":
        other = copy.copy(self)
        for key, value in changes.items():
            setattr(other, key, value)
        return other
