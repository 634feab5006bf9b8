"""What `azureml.train` offers, thin over `muster`."""
