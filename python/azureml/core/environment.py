"""What `azureml.core.environment` offers, thin over `muster`."""
from muster.conda_dependencies import CondaDependencies
from muster.environment import DockerSection, Environment, PythonSection

__all__ = ["CondaDependencies", "DockerSection", "Environment", "PythonSection"]
