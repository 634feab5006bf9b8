"""What `azureml.data.output_dataset_config` offers, thin over `muster`."""
from muster.output_dataset import OutputFileDatasetConfig

__all__ = ["OutputFileDatasetConfig"]
