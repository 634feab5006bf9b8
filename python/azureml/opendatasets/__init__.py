"""The names of `azureml.opendatasets`: not supported, and each says so when it is used, with what to do instead."""
from muster._unsupported import unsupported

_INSTEAD = "Download the files from their publisher, and upload them: Dataset.File.upload_directory(src_dir, (datastore, path))."

BostonSafety = unsupported(__name__ + ".BostonSafety", _INSTEAD)
ChicagoSafety = unsupported(__name__ + ".ChicagoSafety", _INSTEAD)
Diabetes = unsupported(__name__ + ".Diabetes", _INSTEAD)
MNIST = unsupported(__name__ + ".MNIST", _INSTEAD)
NoaaGfsWeather = unsupported(__name__ + ".NoaaGfsWeather", _INSTEAD)
NoaaIsdWeather = unsupported(__name__ + ".NoaaIsdWeather", _INSTEAD)
NycSafety = unsupported(__name__ + ".NycSafety", _INSTEAD)
NycTlcFhv = unsupported(__name__ + ".NycTlcFhv", _INSTEAD)
NycTlcGreen = unsupported(__name__ + ".NycTlcGreen", _INSTEAD)
NycTlcYellow = unsupported(__name__ + ".NycTlcYellow", _INSTEAD)
OjSalesSimulated = unsupported(__name__ + ".OjSalesSimulated", _INSTEAD)
PublicHolidays = unsupported(__name__ + ".PublicHolidays", _INSTEAD)
SanFranciscoSafety = unsupported(__name__ + ".SanFranciscoSafety", _INSTEAD)
SeattleSafety = unsupported(__name__ + ".SeattleSafety", _INSTEAD)

__all__ = ["BostonSafety", "ChicagoSafety", "Diabetes", "MNIST", "NoaaGfsWeather", "NoaaIsdWeather", "NycSafety", "NycTlcFhv",
           "NycTlcGreen", "NycTlcYellow", "OjSalesSimulated", "PublicHolidays", "SanFranciscoSafety", "SeattleSafety"]
