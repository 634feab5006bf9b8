"""What `azureml.core` offers, thin over `muster`."""
from muster import (ComputeTarget, Dataset, Datastore, Environment, Experiment, Model, Run, RunConfiguration, ScriptRun, ScriptRunConfig,
                    Workspace)

from .image import ContainerImage, Image
from .keyvault import Keyvault
from .webservice import Webservice

# Of Azure's SDK, whose names these are: scripts ask for one that is new enough. Muster's own is muster.__version__.
VERSION = "1.61.0"

__all__ = ["ComputeTarget", "ContainerImage", "Dataset", "Datastore", "Environment", "Experiment", "Image", "Keyvault", "Model", "Run",
           "RunConfiguration", "ScriptRun", "ScriptRunConfig", "VERSION", "Webservice", "Workspace"]
