"""Source folders on their way to the server."""
