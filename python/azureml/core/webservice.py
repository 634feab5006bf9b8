"""The names of `azureml.core.webservice`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Download the model by Model.download() and serve it with a server of your choice."

AciWebservice = unsupported(__name__ + ".AciWebservice", _INSTEAD)
AksEndpoint = unsupported(__name__ + ".AksEndpoint", _INSTEAD)
AksWebservice = unsupported(__name__ + ".AksWebservice", _INSTEAD)
LocalWebservice = unsupported(__name__ + ".LocalWebservice", _INSTEAD)
Webservice = unsupported(__name__ + ".Webservice", _INSTEAD)

__all__ = ["AciWebservice", "AksEndpoint", "AksWebservice", "LocalWebservice", "Webservice"]
