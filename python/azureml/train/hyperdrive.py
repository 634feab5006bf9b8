"""The names of `azureml.train.hyperdrive`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = ("Submit a run for each set of parameters, with run.submit_child(), and compare them by "
            "experiment.get_runs(order_by='metrics.acc desc').")

BanditPolicy = unsupported(__name__ + ".BanditPolicy", _INSTEAD)
BayesianParameterSampling = unsupported(__name__ + ".BayesianParameterSampling", _INSTEAD)
GridParameterSampling = unsupported(__name__ + ".GridParameterSampling", _INSTEAD)
HyperDriveConfig = unsupported(__name__ + ".HyperDriveConfig", _INSTEAD)
HyperDriveRun = unsupported(__name__ + ".HyperDriveRun", _INSTEAD)
HyperDriveRunConfig = unsupported(__name__ + ".HyperDriveRunConfig", _INSTEAD)
MedianStoppingPolicy = unsupported(__name__ + ".MedianStoppingPolicy", _INSTEAD)
NoTerminationPolicy = unsupported(__name__ + ".NoTerminationPolicy", _INSTEAD)
PrimaryMetricGoal = unsupported(__name__ + ".PrimaryMetricGoal", _INSTEAD)
RandomParameterSampling = unsupported(__name__ + ".RandomParameterSampling", _INSTEAD)
TruncationSelectionPolicy = unsupported(__name__ + ".TruncationSelectionPolicy", _INSTEAD)
choice = unsupported(__name__ + ".choice", _INSTEAD)
loguniform = unsupported(__name__ + ".loguniform", _INSTEAD)
lognormal = unsupported(__name__ + ".lognormal", _INSTEAD)
normal = unsupported(__name__ + ".normal", _INSTEAD)
qloguniform = unsupported(__name__ + ".qloguniform", _INSTEAD)
qlognormal = unsupported(__name__ + ".qlognormal", _INSTEAD)
qnormal = unsupported(__name__ + ".qnormal", _INSTEAD)
quniform = unsupported(__name__ + ".quniform", _INSTEAD)
randint = unsupported(__name__ + ".randint", _INSTEAD)
uniform = unsupported(__name__ + ".uniform", _INSTEAD)

__all__ = ["BanditPolicy", "BayesianParameterSampling", "GridParameterSampling", "HyperDriveConfig", "HyperDriveRun",
           "HyperDriveRunConfig", "MedianStoppingPolicy", "NoTerminationPolicy", "PrimaryMetricGoal", "RandomParameterSampling",
           "TruncationSelectionPolicy", "choice", "lognormal", "loguniform", "normal", "qlognormal", "qloguniform", "qnormal",
           "quniform", "randint", "uniform"]
