"""What `azureml.core.model` offers, thin over `muster`."""
from muster._unsupported import unsupported
from muster.model import Model

InferenceConfig = unsupported(__name__ + ".InferenceConfig",
                              "Download the model by Model.download() and serve it with a server of your choice.")

__all__ = ["InferenceConfig", "Model"]
