"""The names of `azureml.contrib.services`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Fetch the model with Model.download(), and serve it with a program of your choice."

AMLRequest = unsupported(__name__ + ".AMLRequest", _INSTEAD)
AMLResponse = unsupported(__name__ + ".AMLResponse", _INSTEAD)
rawhttp = unsupported(__name__ + ".rawhttp", _INSTEAD)

__all__ = ["AMLRequest", "AMLResponse", "rawhttp"]
