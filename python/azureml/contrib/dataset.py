"""The names of `azureml.contrib.dataset`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Put labels into a file beside the pictures, upload both with Dataset.File.upload_directory, and read them in the script."

FileHandlingOption = unsupported(__name__ + ".FileHandlingOption", _INSTEAD)
LabeledDatasetTask = unsupported(__name__ + ".LabeledDatasetTask", _INSTEAD)

__all__ = ["FileHandlingOption", "LabeledDatasetTask"]
