"""What `azureml.core.datastore` offers, thin over `muster`."""
from muster.datastore import Datastore

__all__ = ["Datastore"]
