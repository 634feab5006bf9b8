"""What `azureml.telemetry` offers. Nothing is collected here, and nothing sent, whatever is set."""


def set_diagnostics_collection(send_diagnostics: bool = True, verbose: bool = True) -> None:
    """Accepted; there is nothing to switch."""


__all__ = ["set_diagnostics_collection"]
