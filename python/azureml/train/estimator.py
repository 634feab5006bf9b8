"""What `azureml.train.estimator` offers, thin over `muster`."""
from muster.estimator import Estimator, Gloo, Mpi, Nccl

__all__ = ["Estimator", "Gloo", "Mpi", "Nccl"]
