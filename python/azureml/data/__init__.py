"""What `azureml.data` offers, thin over `muster`; what is not supported says what to use instead."""
from muster._unsupported import unsupported
from muster.dataset import FileDataset

OutputFileDatasetConfig = unsupported(__name__ + ".OutputFileDatasetConfig",
                                      "Write to ./outputs, which is kept with the run; run.download_files() fetches it.")
TabularDataset = unsupported(__name__ + ".TabularDataset",
                             "Put the file into a datastore, as Dataset.File, and read it with pandas in the script.")

__all__ = ["FileDataset", "OutputFileDatasetConfig", "TabularDataset"]
