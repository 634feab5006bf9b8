"""What `azureml.core` offers, thin over `muster`."""
from muster import (ComputeTarget, Environment, Experiment, Model, Run, RunConfiguration, ScriptRun, ScriptRunConfig, Workspace,
                    __version__ as VERSION)

__all__ = ["ComputeTarget", "Environment", "Experiment", "Model", "Run", "RunConfiguration", "ScriptRun", "ScriptRunConfig", "VERSION",
           "Workspace"]
