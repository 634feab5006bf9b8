"""Turns a script run configuration into the request that starts the run."""
import os
import sys
from typing import Any, Dict, Optional, TYPE_CHECKING, Union

from .._client import json_body
from .._client.addresses import read_server_url
from .._client.proxy import is_this_machine
from .._snapshots.git import Inquiry
from .._snapshots.snapshot import take_snapshot
from .._snapshots.upload import upload_snapshot
from ..exceptions import ComputeTargetException, ExperimentExecutionException, UserErrorException
from .labels import texts
from .._inputs import RunInput
from .._environment_sections import bytes_of
from ..estimator import Estimator
from ..runconfig import check_environment
from ..script_run_config import ScriptRunConfig

if TYPE_CHECKING:
    from ..runconfig import DockerConfiguration
    from ..experiment import Experiment


def submit(experiment: "Experiment", config: Union[ScriptRunConfig, Estimator], tags: Optional[Dict[str, Any]] = None,
           display_name: Optional[str] = None, properties: Optional[Dict[str, Any]] = None, max_retries: Optional[int] = None,
           grace_seconds: Optional[float] = None, parent_run_id: Optional[str] = None, run_id: Optional[str] = None,
           **unknown: Any) -> Dict[str, Any]:
    """See Experiment.submit; what the server says of the new run.

    What can be wrong without asking the server is found before anything is sent.
    """
    if unknown:
        raise UserErrorException("submit does not know {}. It takes tags, display_name, properties, run_id, max_retries "
                                 "and grace_seconds.".format(", ".join(sorted(unknown))))
    if isinstance(config, Estimator):
        config = config._script_run_config(experiment.workspace)
    if not isinstance(config, ScriptRunConfig):
        raise UserErrorException("config: submit takes a ScriptRunConfig or an estimator, not {}.".format(type(config).__name__))
    body = _describe(experiment.name, config, is_this_machine(read_server_url(experiment.workspace._client.url).host))
    body["tags"] = texts(tags or {})
    own_properties = texts(properties or {})
    for key, value in (("display_name", display_name), ("max_retries", max_retries), ("grace_seconds", grace_seconds),
                       ("parent_run_id", parent_run_id), ("run_id", run_id)):
        if value is not None:
            body[key] = value
    json_body.encode(body)  # Refuses now what it would refuse after the upload.
    workspace = experiment.workspace
    git = Inquiry(config.source_directory)
    body["snapshot_id"] = upload_snapshot(workspace._client, workspace._path, take_snapshot(config.source_directory))
    body["properties"] = dict(git.properties(), **own_properties)
    try:
        data: Dict[str, Any] = workspace._client.json("POST", workspace._path + "/runs", body, create=True)
    except UserErrorException as error:
        faults = (error.problem or {}).get("errors") or []
        if len(faults) == 1 and faults[0].get("field") == "compute_target":
            raise ComputeTargetException("ComputeTargetNotFound: " + error.message, error, problem=error.problem)
        raise
    return data


def _offer_own_python(environment: Dict[str, Any], target: str, here: bool) -> None:
    """On this machine's own target, packages that the user manages are those of the Python that submits, unless another one is named."""
    python = environment["python"]
    managed_by_user = python.get("user_managed_dependencies") and python.get("interpreter_path") == "python"
    docker = environment.get("docker") or {}
    if docker.get("enabled") is not False and (docker.get("base_image") or docker.get("base_dockerfile")):
        return  # The image's.
    if here and target == "local" and managed_by_user and sys.executable:
        python["interpreter_path"] = sys.executable


def _use_docker(environment: Dict[str, Any], docker: "DockerConfiguration") -> None:
    """What a DockerConfiguration says of the environment's container."""
    section = environment.setdefault("docker", {})
    section["enabled"] = True
    if docker.arguments:
        section["arguments"] = list(section.get("arguments") or []) + [str(argument) for argument in docker.arguments]
    if docker.shm_size is not None:
        section["shm_size_bytes"] = bytes_of(docker.shm_size)


def _describe(experiment: str, config: ScriptRunConfig, here: bool) -> Dict[str, Any]:
    """The request's body, but for what belongs to the submission: snapshot, tags, names."""
    run_config = config.run_config
    body: Dict[str, Any] = {
        "experiment": experiment,
        "compute_target": run_config.target,
        "environment_variables": texts(run_config.environment_variables),
    }
    inputs: Dict[str, RunInput] = {}
    for reference in run_config.data_references.values():
        _add_input(reference._input(), inputs)
    if config.script:
        body["script"] = _script_path(config.source_directory, config.script)
        body["arguments"] = [_argument(argument, inputs) for argument in config.arguments]
    else:
        parts = [config.command] if isinstance(config.command, str) else list(config.command or [])
        body["command"] = " ".join(_word(part, inputs) for part in parts + list(config.arguments))
    if inputs:
        body["inputs"] = {name: one._wire() for name, one in inputs.items()}
    environment = check_environment(run_config.environment)._definition()
    if environment is not None and run_config.docker.use_docker:
        _use_docker(environment, run_config.docker)
    if environment is not None:
        _offer_own_python(environment, run_config.target, here)
    if environment is not None:
        body["environment"] = environment
    distribution = run_config._distribution()
    body["node_count"] = distribution.node_count if distribution is not None else run_config.node_count
    if distribution is not None:
        body["distribution"] = distribution._distribution()
    if run_config.max_run_duration_seconds is not None:
        body["max_run_duration_seconds"] = run_config.max_run_duration_seconds
    if run_config.priority is not None:
        body["priority"] = run_config.priority
    return body


def _script_path(source_directory: str, script: str) -> str:
    """The script's path inside the snapshot."""
    if not os.path.isdir(source_directory):
        raise UserErrorException("source_directory: {} is not a folder.".format(source_directory))
    path = os.path.join(source_directory, script)
    relative = os.path.relpath(os.path.abspath(path), os.path.abspath(source_directory))
    if relative == os.pardir or relative.startswith(os.pardir + os.sep) or os.path.isabs(relative):
        raise ExperimentExecutionException("script: {} is outside of source_directory {}. The script should be inside the project "
                                           "folder.".format(script, source_directory))
    if not os.path.isfile(path):
        raise ExperimentExecutionException("script: {} script path doesn't exist. The script should be inside the project "
                                           "folder.".format(path))
    return relative.replace(os.sep, "/")


def _add_input(one: RunInput, inputs: Dict[str, RunInput]) -> RunInput:
    there = inputs.setdefault(one._name, one)
    if there._wire() != one._wire():
        raise UserErrorException("arguments: two inputs are named {}: {!r} and {!r}. Name one of them otherwise.".format(
            one._name, there, one))
    return one


def _word(argument: Any, inputs: Dict[str, RunInput]) -> str:
    """An argument in a command line: an input is the variable that the node's shell replaces by its path."""
    typed = _argument(argument, inputs)
    return typed if isinstance(typed, str) else str(inputs[typed["input"]])


def _argument(argument: Any, inputs: Dict[str, RunInput]) -> Union[str, Dict[str, str]]:
    """An argument as text; what is in a datastore as the input that it becomes."""
    if hasattr(argument, "_input"):
        return {"input": _add_input(argument._input(), inputs)._name}
    if isinstance(argument, (list, tuple, dict, set)) or argument is None:
        raise UserErrorException("arguments: {!r} is of type {}; each argument must be a string or a number.".format(
            argument, type(argument).__name__))
    return str(argument)
