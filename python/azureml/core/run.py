"""What `azureml.core.run` offers, thin over `muster`."""
from muster.run import Run

__all__ = ["Run"]
