"""The names of `azureml.contrib`, Azure's previews: none is supported, and each says so when it is used."""

__path__ = __import__("pkgutil").extend_path(__path__, __name__)
