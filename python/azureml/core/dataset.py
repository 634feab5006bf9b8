"""What `azureml.core.dataset` offers, thin over `muster`."""
from muster.dataset import Dataset

__all__ = ["Dataset"]
