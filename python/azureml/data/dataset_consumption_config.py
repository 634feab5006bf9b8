"""What `azureml.data.dataset_consumption_config` offers, thin over `muster`."""
from muster.dataset import DatasetConsumptionConfig

__all__ = ["DatasetConsumptionConfig"]
