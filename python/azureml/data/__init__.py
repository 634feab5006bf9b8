"""What `azureml.data` offers, thin over `muster`; what is not supported says what to use instead."""
from muster._unsupported import unsupported
from muster.dataset import FileDataset
from muster.output_dataset import OutputFileDatasetConfig

TabularDataset = unsupported(__name__ + ".TabularDataset",
                             "Put the file into a datastore, as Dataset.File, and read it with pandas in the script.")

__all__ = ["FileDataset", "OutputFileDatasetConfig", "TabularDataset"]
