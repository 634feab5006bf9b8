"""What `azureml.core.run` offers, thin over `muster`."""
from muster._submitted_run import SubmittedRun as _SubmittedRun
from muster.offline_run import OfflineRun as _OfflineRun
from muster.run import Run

__all__ = ["Run", "_OfflineRun", "_SubmittedRun"]
