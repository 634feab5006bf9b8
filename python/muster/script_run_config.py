"""What to run: a script or command, its folder, its environment and target."""
import os
import shlex
import warnings
from typing import Any, Iterable, List, Optional, TYPE_CHECKING, Union

from .exceptions import RunConfigurationException, UserErrorException
from .runconfig import DEFAULT_MAX_RUN_DURATION_SECONDS, DISTRIBUTED_JOB_CONFIGS, RunConfiguration, check_environment, target_name

if TYPE_CHECKING:
    from .compute import ComputeTarget
    from .environment import Environment


class ScriptRunConfig:
    """A job: `script` with `arguments`, or `command`, run in a copy of `source_directory`.

    `command` is a shell command line, or a list of its parts. `arguments` become texts; `$VAR` and `${VAR}` in them are
    replaced on the node, per process; what is in a datastore (`datastore.path('images').as_mount()`,
    `dataset.as_named_input('images').as_download()`) becomes its path on the node. `resume_from` adds --resume-from and
    such a path. `compute_target` is an object or a name, `"local"` when absent; without an `environment` the system's own
    Python is used. Given a `run_config`, its target, environment, distribution and duration count, and those given here
    are ignored with a warning.

    UserErrorException when not exactly one of script and command is given.
    """

    def __init__(self, source_directory: str = ".", script: Optional[str] = None, arguments: Union[None, str, Iterable[Any]] = None,
                 run_config: Optional[RunConfiguration] = None, _telemetry_values: Any = None,
                 compute_target: "Union[None, str, ComputeTarget]" = None, environment: "Optional[Environment]" = None,
                 distributed_job_config: Any = None, resume_from: Any = None,
                 max_run_duration_seconds: int = DEFAULT_MAX_RUN_DURATION_SECONDS,
                 command: Union[None, str, List[str]] = None, docker_runtime_config: Any = None) -> None:
        if resume_from is not None and not hasattr(resume_from, "_input"):
            raise UserErrorException("resume_from: {!r} is nothing of a datastore. Give a DataPath, or datastore.path('…').".format(
                resume_from))
        if distributed_job_config is not None and not isinstance(distributed_job_config, DISTRIBUTED_JOB_CONFIGS):
            raise RunConfigurationException("distributed_job_config: {!r} is not a distribution. Give a PyTorchConfiguration or an "
                                            "MpiConfiguration.".format(distributed_job_config))
        self.source_directory = os.fspath(source_directory)
        if run_config is None:
            run_config = RunConfiguration()
            run_config.target = target_name(compute_target)
            if environment is not None:
                run_config.environment = check_environment(environment)
            run_config.distributed_job_config = distributed_job_config
            run_config.max_run_duration_seconds = max_run_duration_seconds
            if docker_runtime_config is not None:
                run_config.docker = docker_runtime_config
        else:
            _warn_ignored(compute_target=compute_target, environment=environment, distributed_job_config=distributed_job_config,
                          docker_runtime_config=docker_runtime_config)
        self.run_config = run_config
        self.script = script if script is not None else (run_config.script if command is None else None)
        self.command = command if command is not None else (run_config.command if script is None else None)
        if bool(self.script) == bool(self.command):
            raise UserErrorException("script, command: give exactly one of them; {} given.".format(
                "both were" if self.script else "neither was"))
        if arguments is None:
            arguments = run_config.arguments
        self.arguments = parse_arguments(arguments) + ([] if resume_from is None else ["--resume-from", resume_from])


def parse_arguments(arguments: Union[None, str, Iterable[Any]]) -> List[Any]:
    """The arguments as a list; one text is split as a shell would."""
    if arguments is None:
        return []
    if isinstance(arguments, str):
        try:
            return list(shlex.split(arguments))
        except ValueError as error:
            raise UserErrorException("arguments: {!r} cannot be split as a shell would: {}. Give a list.".format(arguments, error))
    if not hasattr(arguments, "__iter__"):
        raise UserErrorException("arguments: give a list, not {}.".format(type(arguments).__name__))
    return list(arguments)


def _warn_ignored(**given: Any) -> None:
    names = [name for name, value in given.items() if value is not None]
    if names:
        warnings.warn("{} ignored, because run_config is given: set {} there.".format(
            ", ".join(names) + (" is" if len(names) == 1 else " are"), "it" if len(names) == 1 else "them"), stacklevel=3)
