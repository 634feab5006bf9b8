"""What `azureml.data.data_reference` offers, thin over `muster`."""
from muster.datastore import DataReference

__all__ = ["DataReference"]
