"""What `azureml.core.compute_target` offers, thin over `muster`."""
from muster.compute import ComputeTarget
from muster.exceptions import ComputeTargetException

__all__ = ["ComputeTarget", "ComputeTargetException"]
