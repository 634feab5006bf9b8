"""What a run logs, on its way to the server."""
