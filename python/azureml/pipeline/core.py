"""The names of `azureml.pipeline.core`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = ("Submit each step as a run of its own, in order, with run.wait_for_completion() between them; "
            "run.submit_child() keeps them together.")

Pipeline = unsupported(__name__ + ".Pipeline", _INSTEAD)
PipelineData = unsupported(__name__ + ".PipelineData", _INSTEAD)
PipelineDataset = unsupported(__name__ + ".PipelineDataset", _INSTEAD)
PipelineEndpoint = unsupported(__name__ + ".PipelineEndpoint", _INSTEAD)
PipelineParameter = unsupported(__name__ + ".PipelineParameter", _INSTEAD)
PipelineRun = unsupported(__name__ + ".PipelineRun", _INSTEAD)
PublishedPipeline = unsupported(__name__ + ".PublishedPipeline", _INSTEAD)
Schedule = unsupported(__name__ + ".Schedule", _INSTEAD)
ScheduleRecurrence = unsupported(__name__ + ".ScheduleRecurrence", _INSTEAD)
StepRun = unsupported(__name__ + ".StepRun", _INSTEAD)
StepSequence = unsupported(__name__ + ".StepSequence", _INSTEAD)
TrainingOutput = unsupported(__name__ + ".TrainingOutput", _INSTEAD)

__all__ = ["Pipeline", "PipelineData", "PipelineDataset", "PipelineEndpoint", "PipelineParameter", "PipelineRun", "PublishedPipeline",
           "Schedule", "ScheduleRecurrence", "StepRun", "StepSequence", "TrainingOutput"]
