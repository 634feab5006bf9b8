"""The names of `azureml.contrib.tensorboard`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Write the events to ./logs in the script, fetch them with run.download_files(prefix=\"logs\"), and start tensorboard on them."

Tensorboard = unsupported(__name__ + ".Tensorboard", _INSTEAD)

__all__ = ["Tensorboard"]
