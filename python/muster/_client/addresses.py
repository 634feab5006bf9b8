"""The server's address, and parts of those below it. Apart from the HTTP client, so that a job that only logs need not load that."""
import re
from typing import NamedTuple
from urllib.parse import quote

from ..exceptions import UserErrorException

ServerUrl = NamedTuple("ServerUrl", [("https", bool), ("host", str), ("port", int), ("fingerprint", str)])

_SERVER = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::([0-9]{1,19}))?\Z")
_HOST = re.compile(r"[A-Za-z0-9\-._~:%]+\Z")


def read_server_url(url: str) -> ServerUrl:
    """Of `http://HOST[:PORT]` or `https://HOST[:PORT][#SHA256:FINGERPRINT]`: the host in lower case and without brackets, the fingerprint
    as 64 hex digits or "". UserErrorException for what the command line refuses, too (tests/golden/network/addresses.json).
    """
    scheme, separator, rest = url.partition("://")
    https = scheme.lower() == "https"
    fingerprint = ""
    if https and "#" in rest:
        rest, _, fingerprint = rest.partition("#")
        fingerprint = read_fingerprint(fingerprint)
    match = _SERVER.match(rest.rstrip("/"))
    host = (match.group(1) or match.group(2) or "") if match else ""
    port = int(match.group(3) or (443 if https else 80)) if match else 0
    if not separator or scheme.lower() not in ("http", "https") or not _HOST.match(host) or not 1 <= port <= 65535:
        raise UserErrorException("The server's address {!r} is not one: it should be like http://127.0.0.1:6464.".format(url))
    return ServerUrl(https, host.lower(), port, fingerprint)


def host_and_port(server: ServerUrl) -> str:
    """HOST:PORT, as it stands in an address."""
    return ("[{}]:{}" if ":" in server.host else "{}:{}").format(server.host, server.port)


def normal_url(url: str) -> str:
    """The form in which addresses are compared and kept: in lower case, with the port, without a fingerprint."""
    server = read_server_url(url)
    return ("https://" if server.https else "http://") + host_and_port(server)


def pinned_url(url: str, fingerprint: str) -> str:
    """The address with the fingerprint at its end; without one the address."""
    return url + "#SHA256:" + fingerprint if fingerprint else url


def read_fingerprint(text: str) -> str:
    """The hex digits of "SHA256:…", in lower case and without colons. UserErrorException when it is no fingerprint."""
    digits = text.lower()
    if digits.startswith("sha256:"):
        digits = digits[len("sha256:"):]
    digits = digits.replace(":", "")
    if len(digits) != 64 or digits.strip("0123456789abcdef"):
        raise UserErrorException("{!r} is not a server's fingerprint: that is SHA256: and 64 hex digits, as `muster status` "
                                 "shows it.".format(text[:100]))
    return digits


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
