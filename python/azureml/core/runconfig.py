"""What `azureml.core.runconfig` offers, thin over `muster`."""
from muster.conda_dependencies import CondaDependencies
from muster.runconfig import DockerConfiguration, MpiConfiguration, PyTorchConfiguration, RunConfiguration

__all__ = ["CondaDependencies", "DockerConfiguration", "MpiConfiguration", "PyTorchConfiguration", "RunConfiguration"]
