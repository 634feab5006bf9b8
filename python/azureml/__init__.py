"""The names of Azure Machine Learning's SDK v1, for scripts written to it; what they do is `muster`'s."""
# Other packages' modules below `azureml` stay importable beside these.
__path__ = __import__("pkgutil").extend_path(__path__, __name__)
