"""The names of `azureml.contrib.notebook`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Run the notebook as a script: ScriptRunConfig(command=\"jupyter nbconvert --to notebook --execute notebook.ipynb\")."

NotebookRunConfig = unsupported(__name__ + ".NotebookRunConfig", _INSTEAD)
NotebookRunnerStep = unsupported(__name__ + ".NotebookRunnerStep", _INSTEAD)
PapermillExecutionHandler = unsupported(__name__ + ".PapermillExecutionHandler", _INSTEAD)

__all__ = ["NotebookRunConfig", "NotebookRunnerStep", "PapermillExecutionHandler"]
