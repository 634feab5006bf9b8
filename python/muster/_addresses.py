"""Parts of the API's addresses. Apart from the HTTP client, so that a job that only logs need not load that."""
from urllib.parse import quote


def segment(text: str) -> str:
    """A name as one part of an address."""
    return quote(text, safe="")


def path_segments(path: str) -> str:
    """A `/`-separated path as the end of an address."""
    return quote(path, safe="/")
