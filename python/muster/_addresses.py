"""Parts of the API's addresses. Apart from the HTTP client, so that a job that only logs need not load that."""
from urllib.parse import quote

from .exceptions import UserErrorException


def segment(text: str) -> str:
    """A name as one part of an address. UserErrorException when it is not text."""
    return _quote(text, "")


def path_segments(path: str) -> str:
    """A `/`-separated path as the end of an address."""
    return _quote(path, "/")


def _quote(text: str, safe: str) -> str:
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError as error:  # Lone surrogates, as for bytes of a file name that are not UTF-8.
        raise UserErrorException("{!a} is not text: UTF-8 cannot hold it.".format(text), error)
