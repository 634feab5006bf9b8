"""The names of `azureml.core.image`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Download the model by Model.download() and serve it with a server of your choice."

ContainerImage = unsupported(__name__ + ".ContainerImage", _INSTEAD)
Image = unsupported(__name__ + ".Image", _INSTEAD)
ImageConfig = unsupported(__name__ + ".ImageConfig", _INSTEAD)

__all__ = ["ContainerImage", "Image", "ImageConfig"]
