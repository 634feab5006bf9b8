"""The names of `azureml.core.keyvault`."""
from muster.keyvault import Keyvault

__all__ = ["Keyvault"]
