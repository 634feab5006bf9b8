"""The names that the documents leave to their reader."""
from azureml.core import Environment, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import MpiConfiguration  # noqa: F401

import os
import sys

_workspace = Workspace.from_config()
exp = Experiment(_workspace, "reader")
compute_target = ComputeTarget.create(_workspace, "readers", AmlCompute.provisioning_configuration(max_nodes=2))
ds = "data"
for _version in ("1.4", "1.6", "1.13"):
    _environment = Environment("AzureML-PyTorch-{}-GPU".format(_version))
    _environment.python.user_managed_dependencies = True
    _environment.python.interpreter_path = sys.executable
    _environment.environment_variables["PYTHONPATH"] = os.path.abspath("packages")
    _environment.register(_workspace)
