"""The names of `azureml.core.keyvault`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Give the secret to the run as an environment variable."

Keyvault = unsupported(__name__ + ".Keyvault", _INSTEAD)

__all__ = ["Keyvault"]
