"""The names that the documents leave to their reader."""
import os
import subprocess
import sys

from azureml.core import Environment, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import MpiConfiguration  # noqa: F401

_workspace = Workspace.from_config()
exp = Experiment(_workspace, "reader")
compute_target = ComputeTarget.create(_workspace, "readers", AmlCompute.provisioning_configuration(max_nodes=2))
ds = _workspace.get_default_datastore()
ds.upload("my-data", show_progress=False)

# Torch 1.6 for Python 3.6 cannot be built everywhere, so the workspace points the curated names at the Python that this test has torch in.
_environment = Environment("readers-torch")
_environment.python.user_managed_dependencies = True
_environment.python.interpreter_path = sys.executable
_environment.environment_variables["PYTHONPATH"] = os.path.abspath("packages")
_environment.register(_workspace)
for _version in ("1.4", "1.6", "1.13"):
    subprocess.run([os.environ["MUSTER"], "environment", "override", "AzureML-PyTorch-{}-GPU".format(_version), "--with", "readers-torch"],
                   check=True, stdout=subprocess.DEVNULL)
