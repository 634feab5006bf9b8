"""What `azureml.core.script_run_config` offers, thin over `muster`."""
from muster.script_run_config import ScriptRunConfig

__all__ = ["ScriptRunConfig"]
