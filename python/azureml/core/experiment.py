"""What `azureml.core.experiment` offers, thin over `muster`."""
from muster.experiment import Experiment

__all__ = ["Experiment"]
