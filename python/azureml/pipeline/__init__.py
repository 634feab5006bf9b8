"""The names of `azureml.pipeline`: pipelines are not supported, and say so when they are used."""
