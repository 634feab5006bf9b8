"""The names of `azureml.train.sklearn`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Use ScriptRunConfig with an Environment that names the packages, and a distributed_job_config."

SKLearn = unsupported(__name__ + ".SKLearn", _INSTEAD)

__all__ = ["SKLearn"]
