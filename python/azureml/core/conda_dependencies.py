"""What `azureml.core.conda_dependencies` offers, thin over `muster`."""
from muster.conda_dependencies import CondaDependencies

__all__ = ["CondaDependencies"]
