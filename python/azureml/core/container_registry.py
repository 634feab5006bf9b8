"""What `azureml.core.container_registry` offers, thin over `muster`."""
from muster.environment import ContainerRegistry

__all__ = ["ContainerRegistry"]
