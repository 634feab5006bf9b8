"""TLS: the server is known by a fingerprint, or by a certificate that an authority of this machine vouches for.

An address may end in its server's fingerprint, `https://host:6464#SHA256:…`, as MUSTER_URL does in runs.
"""
import hashlib
import http.client
import os
import ssl


class WrongCertificateError(ssl.SSLError):
    """The server has another certificate than the one that is known."""

    def __init__(self, words: str) -> None:
        super().__init__(1, words)

    def __str__(self) -> str:
        return str(self.strerror)


# Where distributions keep their authorities; the command line has the same list (tests/golden/network/authorities.json).
AUTHORITY_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def secure_connection(host: str, port: int, timeout: float, fingerprint: str) -> http.client.HTTPSConnection:
    """A connection to a server with that fingerprint; with "" to one that an authority of this machine vouches for."""
    context = ssl.create_default_context()
    if hasattr(context, "minimum_version"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:  # Python 3.6
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    if not fingerprint:
        _trust_authorities(context)
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # The fingerprint says more.
    return _PinnedConnection(host, port, timeout, context, fingerprint)


def _trust_authorities(context: ssl.SSLContext) -> None:
    """Those of the machine, where the interpreter's own are not there: it was built elsewhere."""
    paths = ssl.get_default_verify_paths()  # SSL_CERT_FILE and SSL_CERT_DIR included; None for what does not exist.
    if paths.cafile or "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ or (paths.capath and os.listdir(paths.capath)):
        return
    for file in AUTHORITY_FILES:
        if os.access(file, os.R_OK):
            context.load_verify_locations(file)
            return


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
