"""What `azureml.data.datapath` offers, thin over `muster`."""
from muster.datastore import DataPath

__all__ = ["DataPath"]
