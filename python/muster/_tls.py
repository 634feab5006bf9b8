"""TLS: the server is known by a fingerprint, or by a certificate that an authority of this machine vouches for.

An address may end in its server's fingerprint, `https://host:6464#SHA256:…`, as MUSTER_URL does in runs.
"""
import hashlib
import http.client
import ssl
from typing import Tuple

from .exceptions import UserErrorException


class WrongCertificateError(ssl.SSLError):
    """The server has another certificate than the one that is known."""

    def __init__(self, words: str) -> None:
        super().__init__(1, words)

    def __str__(self) -> str:
        return str(self.strerror)


def split_fingerprint(url: str) -> Tuple[str, str]:
    """The address without its fingerprint, and that as 64 hex digits, "" when there is none."""
    address, _, fingerprint = url.partition("#")
    return address.rstrip("/"), read_fingerprint(fingerprint) if fingerprint else ""


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


def secure_connection(host: str, port: int, timeout: float, fingerprint: str) -> http.client.HTTPSConnection:
    """A connection to a server with that fingerprint; with "" to one that an authority of this machine vouches for."""
    context = ssl.create_default_context()
    if hasattr(context, "minimum_version"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:  # Python 3.6
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    if not fingerprint:
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # The fingerprint says more.
    return _PinnedConnection(host, port, timeout, context, fingerprint)


class _PinnedConnection(http.client.HTTPSConnection):
    """Nothing is sent to a server with another certificate."""

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext, fingerprint: str) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._fingerprint = fingerprint

    def connect(self) -> None:
        super().connect()
        certificate = self.sock.getpeercert(True) or b""
        seen = hashlib.sha256(certificate).hexdigest()
        if seen == self._fingerprint:
            return
        self.close()
        raise WrongCertificateError("it has the certificate SHA256:{}, not the one that is known, SHA256:{}".format(
            seen, self._fingerprint))
