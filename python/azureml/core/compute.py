"""What `azureml.core.compute` offers, thin over `muster`; the targets that are Azure's alone say what to use instead."""
from muster._unsupported import unsupported
from muster.compute import AmlCompute, ComputeTarget

_INSTEAD = 'Runs run on the machines that this server has: AmlCompute, "local", or an engine of `muster compute create --engine`.'

AdlaCompute = unsupported(__name__ + ".AdlaCompute", _INSTEAD)
AksCompute = unsupported(__name__ + ".AksCompute", _INSTEAD)
BatchCompute = unsupported(__name__ + ".BatchCompute", _INSTEAD)
ComputeInstance = unsupported(__name__ + ".ComputeInstance", _INSTEAD)
DataFactoryCompute = unsupported(__name__ + ".DataFactoryCompute", _INSTEAD)
DatabricksCompute = unsupported(__name__ + ".DatabricksCompute", _INSTEAD)
HDInsightCompute = unsupported(__name__ + ".HDInsightCompute", _INSTEAD)
KubernetesCompute = unsupported(__name__ + ".KubernetesCompute", _INSTEAD)
RemoteCompute = unsupported(__name__ + ".RemoteCompute", _INSTEAD)
SynapseCompute = unsupported(__name__ + ".SynapseCompute", _INSTEAD)

__all__ = ["AdlaCompute", "AksCompute", "AmlCompute", "BatchCompute", "ComputeInstance", "ComputeTarget", "DataFactoryCompute",
           "DatabricksCompute", "HDInsightCompute", "KubernetesCompute", "RemoteCompute", "SynapseCompute"]
