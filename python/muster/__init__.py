"""Muster's Python SDK, in the shape of Azure Machine Learning's SDK v1.

    from muster import Workspace, Experiment, ScriptRunConfig

    workspace = Workspace.from_config()
    config = ScriptRunConfig(source_directory="./birds", script="train.py", arguments=["--num_epochs", 3])
    run = Experiment(workspace, "birds").submit(config)
    run.wait_for_completion(show_output=True)

In the job's script:

    from muster import Run

    run = Run.get_context()
    run.log("loss", 0.25)

The names that Azure's SDK has them under, as `azureml.core`, are there too.
"""
from ._version import __version__
from .compute import AmlCompute, ComputeTarget
from .conda_dependencies import CondaDependencies
from .dataset import Dataset
from .datastore import Datastore
from .environment import Environment
from .estimator import Estimator, PyTorch
from .experiment import Experiment
from .keyvault import Keyvault
from .model import Model
from .run import Run
from .runconfig import DockerConfiguration, MpiConfiguration, PyTorchConfiguration, RunConfiguration
from .script_run import ScriptRun
from .script_run_config import ScriptRunConfig
from .workspace import Workspace

__all__ = ["AmlCompute", "ComputeTarget", "CondaDependencies", "Dataset", "Datastore", "DockerConfiguration", "Environment",
           "Estimator", "Experiment", "Keyvault", "Model", "MpiConfiguration", "PyTorch", "PyTorchConfiguration", "Run", "RunConfiguration",
           "ScriptRun", "ScriptRunConfig", "Workspace", "__version__"]
