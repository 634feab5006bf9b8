"""The names of `azureml.train.automl`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Choose the models yourself, and submit a run for each."

AutoMLConfig = unsupported(__name__ + ".AutoMLConfig", _INSTEAD)
AutoMLRun = unsupported(__name__ + ".AutoMLRun", _INSTEAD)

__all__ = ["AutoMLConfig", "AutoMLRun"]
