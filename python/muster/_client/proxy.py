"""Which HTTP proxy a connection goes through, as the environment says: http_proxy, https_proxy, all_proxy, no_proxy.

The same rules as the command line's (docs/settings.md, "Proxies"); lower-case names come first.
"""
import base64
import ipaddress
import os
import socket
from typing import NamedTuple, Optional
from urllib.parse import unquote, urlsplit

from ..exceptions import UserErrorException

Proxy = NamedTuple("Proxy", [("host", str), ("port", int), ("authorization", str)])


def proxy_for(scheme: str, host: str, port: int) -> Optional[Proxy]:
    """The proxy for a server; None when it is reached directly, as this machine always is."""
    if is_this_machine(host):
        return None
    if is_exempt(host, port, os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""):
        return None
    for name in (scheme + "_proxy", scheme.upper() + "_PROXY", "all_proxy", "ALL_PROXY"):
        if name == "HTTP_PROXY" and "REQUEST_METHOD" in os.environ:
            continue  # In a CGI program that variable is a visitor's header.
        url = os.environ.get(name)
        if url:
            return _read_proxy(url, name)
    return None


def is_this_machine(host: str) -> bool:
    """Whether that is the machine that this process runs on, by a loopback address or its name."""
    # A server that listens on every interface is known by its machine's name, which a proxy need not know.
    return _is_loopback(host) or host.lower() == socket.gethostname().lower()


def is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether `no_proxy` names the host: `*`, a host and all below it, an address, or a network; each may end in a port."""
    return any(_names(entry, host.lower(), port) for entry in no_proxy.replace(",", " ").split())


def _read_proxy(url: str, variable: str) -> Proxy:
    # Its words are not repeated: there may be a password among them.
    wrong = UserErrorException("The environment variable {} does not hold the address of an HTTP proxy. Set it to "
                               "http://[USER:PASSWORD@]HOST:PORT, or name the server in no_proxy.".format(variable))
    try:
        parts = urlsplit(url if "://" in url else "http://" + url)
        port = parts.port or 80
    except ValueError:
        raise wrong
    if parts.scheme != "http" or not parts.hostname:
        raise wrong
    authorization = ""
    if parts.username is not None:
        credentials = unquote(parts.username) + ":" + unquote(parts.password or "")
        authorization = "Basic " + base64.b64encode(credentials.encode("utf-8")).decode("ascii")
    return Proxy(parts.hostname, port, authorization)


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    wanted, wanted_port = entry.lower(), ""
    if entry.startswith("["):
        wanted, _, rest = wanted[1:].partition("]")
        wanted_port = rest[1:] if rest.startswith(":") else ""
    elif entry.count(":") == 1:
        wanted, _, wanted_port = wanted.partition(":")
    if not wanted or (wanted_port and wanted_port != str(port)):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        domain = wanted[2:] if wanted.startswith("*.") else wanted[1:] if wanted.startswith(".") else wanted
        return bool(domain) and (host == domain or host.endswith("." + domain))
    try:
        return address in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False
