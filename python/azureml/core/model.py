"""What `azureml.core.model` offers, thin over `muster`."""
from muster.model import Model

__all__ = ["Model"]
