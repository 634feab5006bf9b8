"""What `azureml.train` offers, thin over `muster`."""

__path__ = __import__("pkgutil").extend_path(__path__, __name__)
