"""What `azureml.exceptions` offers, thin over `muster`."""
from muster.exceptions import (ActivityCanceledException, ActivityFailedException, AuthenticationException, AzureMLException,
                               ComputeTargetException, ExperimentExecutionException, ModelNotFoundException,
                               ModelPathNotFoundException, ProjectSystemException, RunConfigurationException,
                               RunEnvironmentException, SnapshotException, TrainingException, UserErrorException,
                               WebserviceException, WorkspaceException)

__all__ = ["ActivityCanceledException", "ActivityFailedException", "AuthenticationException", "AzureMLException",
           "ComputeTargetException", "ExperimentExecutionException", "ModelNotFoundException", "ModelPathNotFoundException",
           "ProjectSystemException", "RunConfigurationException", "RunEnvironmentException", "SnapshotException", "TrainingException",
           "UserErrorException", "WebserviceException", "WorkspaceException"]
