"""The names of `azureml.pipeline`: pipelines are not supported, and say so when they are used."""

__path__ = __import__("pkgutil").extend_path(__path__, __name__)
