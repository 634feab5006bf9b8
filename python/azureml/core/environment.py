"""What `azureml.core.environment` offers, thin over `muster`."""
from muster.conda_dependencies import CondaDependencies
from muster.environment import DockerSection, Environment, PythonSection
from muster.environment_build import ImageBuildDetails

__all__ = ["CondaDependencies", "DockerSection", "Environment", "ImageBuildDetails", "PythonSection"]
