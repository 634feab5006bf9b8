"""What `azureml.widgets` offers, thin over `muster`."""
from muster.widgets import RunDetails

__all__ = ["RunDetails"]
