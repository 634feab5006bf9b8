"""What `azureml.core.runconfig` offers, thin over `muster`."""
from muster.conda_dependencies import CondaDependencies
from muster.runconfig import (DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE, DockerConfiguration, HistoryConfiguration, MpiConfiguration,
                              PyTorchConfiguration, RunConfiguration, TensorflowConfiguration)

__all__ = ["CondaDependencies", "DEFAULT_CPU_IMAGE", "DEFAULT_GPU_IMAGE", "DockerConfiguration", "HistoryConfiguration",
           "MpiConfiguration", "PyTorchConfiguration", "RunConfiguration", "TensorflowConfiguration"]
