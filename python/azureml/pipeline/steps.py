"""The names of `azureml.pipeline.steps`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = ("Submit each step as a run of its own, in order, with run.wait_for_completion() between them; "
            "run.submit_child() keeps them together.")

AdlaStep = unsupported(__name__ + ".AdlaStep", _INSTEAD)
AutoMLStep = unsupported(__name__ + ".AutoMLStep", _INSTEAD)
AzureBatchStep = unsupported(__name__ + ".AzureBatchStep", _INSTEAD)
CommandStep = unsupported(__name__ + ".CommandStep", _INSTEAD)
DataTransferStep = unsupported(__name__ + ".DataTransferStep", _INSTEAD)
DatabricksStep = unsupported(__name__ + ".DatabricksStep", _INSTEAD)
EstimatorStep = unsupported(__name__ + ".EstimatorStep", _INSTEAD)
HyperDriveStep = unsupported(__name__ + ".HyperDriveStep", _INSTEAD)
HyperDriveStepRun = unsupported(__name__ + ".HyperDriveStepRun", _INSTEAD)
ModuleStep = unsupported(__name__ + ".ModuleStep", _INSTEAD)
MpiStep = unsupported(__name__ + ".MpiStep", _INSTEAD)
ParallelRunConfig = unsupported(__name__ + ".ParallelRunConfig", _INSTEAD)
ParallelRunStep = unsupported(__name__ + ".ParallelRunStep", _INSTEAD)
PythonScriptStep = unsupported(__name__ + ".PythonScriptStep", _INSTEAD)
RScriptStep = unsupported(__name__ + ".RScriptStep", _INSTEAD)

__all__ = ["AdlaStep", "AutoMLStep", "AzureBatchStep", "CommandStep", "DataTransferStep", "DatabricksStep", "EstimatorStep",
           "HyperDriveStep", "HyperDriveStepRun", "ModuleStep", "MpiStep", "ParallelRunConfig", "ParallelRunStep", "PythonScriptStep",
           "RScriptStep"]
