"""What `azureml.core.script_run` offers, thin over `muster`."""
from muster.script_run import ScriptRun

__all__ = ["ScriptRun"]
