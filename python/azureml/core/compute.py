"""What `azureml.core.compute` offers, thin over `muster`."""
from muster.compute import AmlCompute, ComputeTarget

__all__ = ["AmlCompute", "ComputeTarget"]
