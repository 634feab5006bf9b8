"""The names of `azureml.contrib.pipeline.steps`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Submit a run of a script that goes over the files, with MpiConfiguration(process_count_per_node=…) for many at once."

ParallelRunConfig = unsupported(__name__ + ".ParallelRunConfig", _INSTEAD)
ParallelRunStep = unsupported(__name__ + ".ParallelRunStep", _INSTEAD)

__all__ = ["ParallelRunConfig", "ParallelRunStep"]
