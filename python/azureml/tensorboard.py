"""The names of `azureml.tensorboard`: not supported, and each says so when it is used, with what to do instead."""
from azureml.contrib.tensorboard import _INSTEAD
from muster._unsupported import unsupported

Tensorboard = unsupported(__name__ + ".Tensorboard", _INSTEAD)

__all__ = ["Tensorboard"]
