"""Begins an interactive run: one that no node runs, which its own code begins and ends."""
import os
from typing import Any, Dict, Optional, TYPE_CHECKING, Union

from .._snapshots.git import Inquiry
from .._snapshots.snapshot import take_snapshot
from .._snapshots.upload import upload_snapshot
from ..exceptions import UserErrorException

if TYPE_CHECKING:
    from ..experiment import Experiment

DEFAULT_OUTPUTS = "outputs"


def begin(experiment: "Experiment", name: Optional[str] = None, snapshot_directory: Optional[str] = None,
          parent_run_id: Optional[str] = None, tags: Optional[Dict[str, str]] = None,
          run_id: Optional[str] = None) -> Dict[str, Any]:
    """See Experiment.start_logging and Run.child_run; what the server says of the new run."""
    workspace = experiment.workspace
    body: Dict[str, Any] = {"kind": "interactive", "experiment": experiment.name, "tags": tags or {}, "properties": {}}
    if run_id is not None:
        body["run_id"] = run_id
    if name is not None:
        body["display_name"] = name
    if parent_run_id is not None:
        body["parent_run_id"] = parent_run_id
    if snapshot_directory is not None:
        git = Inquiry(snapshot_directory)
        body["snapshot_id"] = upload_snapshot(workspace._client, workspace._path, take_snapshot(snapshot_directory))
        body["properties"] = git.properties()
    data: Dict[str, Any] = workspace._client.json("POST", workspace._path + "/runs", body, create=True)
    return data


def outputs_folder(outputs: Union[None, bool, str]) -> Optional[str]:
    """The folder whose files are uploaded at the end, made if need be; None for no folder."""
    if outputs is False:
        return None
    folder = DEFAULT_OUTPUTS if outputs is None or outputs is True else os.fspath(outputs)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise UserErrorException("outputs: the folder {} cannot be made: {}. Name another, or give outputs=False.".format(
            folder, error.strerror), error)
    return folder
