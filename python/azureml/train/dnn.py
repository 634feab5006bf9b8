"""What `azureml.train.dnn` offers, thin over `muster`; the estimators of other frameworks say what to use instead."""
from muster._unsupported import unsupported
from muster.estimator import Gloo, Mpi, Nccl, PyTorch

_INSTEAD = "Use ScriptRunConfig with an Environment that names the packages, and a distributed_job_config."

Chainer = unsupported(__name__ + ".Chainer", _INSTEAD)
ParameterServer = unsupported(__name__ + ".ParameterServer", _INSTEAD)
TensorFlow = unsupported(__name__ + ".TensorFlow", _INSTEAD)

__all__ = ["Chainer", "Gloo", "Mpi", "Nccl", "ParameterServer", "PyTorch", "TensorFlow"]
