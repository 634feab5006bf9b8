"""What `azureml.core.workspace` offers, thin over `muster`."""
from muster.workspace import Workspace

__all__ = ["Workspace"]
