"""Where the server is and which token opens it; finding and writing `config.json`.

The rules stand in docs/formats.md under "Credentials, addresses". Nothing here touches the network.
"""
import json
import os
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Set

from .addresses import normal_url, pinned_url, read_server_url
from .._terminal.printable import printable
from ..exceptions import AuthenticationException, UserErrorException

CONFIG_FOLDERS = (".azureml", "aml_config", "")
_WARNED: Set[str] = set()  # Credentials files that were said to be readable by others.
CONFIG_FILES = ("config.json", "project.json")

WorkspaceConfig = NamedTuple("WorkspaceConfig", [
    ("subscription_id", str), ("resource_group", str), ("workspace_name", str), ("muster_url", Optional[str]), ("path", str)])


def home() -> str:
    """Muster's home folder: MUSTER_HOME, else ~/.muster."""
    return os.environ.get("MUSTER_HOME") or os.path.join(os.path.expanduser("~"), ".muster")


def in_run() -> bool:
    """Whether this process belongs to a run. Nobody there can log in or start a server."""
    return bool(os.environ.get("MUSTER_RUN_ID"))


def find_server(given: Optional[str] = None, from_config: Optional[str] = None) -> str:
    """The server's address, with a fingerprint where it was written with one.

    What the caller gave, MUSTER_URL, what config.json says, MUSTER_HOME/server.json.
    """
    for url in (given, os.environ.get("MUSTER_URL"), from_config):
        if url:
            return _as_found(url)
    path = os.path.join(home(), "server.json")
    try:
        url = _read_object(path).get("url")
    except FileNotFoundError:
        url = None
    if not isinstance(url, str) or not url:
        if in_run():
            raise UserErrorException("No Muster server is known: MUSTER_URL, which Muster gives each process of a run, is missing from "
                                     "this process's environment. Start the process with the job's variables.")
        raise UserErrorException("No Muster server is known: MUSTER_URL is not set, and {} is not there. "
                                 "Start one with `muster up`, or set MUSTER_URL.".format(path))
    return _as_found(url)


def _as_found(url: str) -> str:
    return pinned_url(normal_url(url), read_server_url(url).fingerprint)


def find_token(url: str) -> str:
    """The token for the server at `url`: MUSTER_TOKEN, what MUSTER_HOME/credentials keeps for it, a job's own."""
    token = os.environ.get("MUSTER_TOKEN")
    if token:
        return token
    path = os.path.join(home(), "credentials")
    kept = _kept(path, url, "token")
    if kept:
        return kept
    token = os.environ.get("MUSTER_RUN_TOKEN")
    if token:
        return token
    if in_run():
        raise AuthenticationException("No token for the server {}: MUSTER_RUN_TOKEN, which Muster gives each process of a run, is "
                                      "missing from this process's environment. Start the process with the job's variables.".format(url))
    raise AuthenticationException("No token for the server {}: MUSTER_TOKEN is not set, and {} has none for it. "
                                  "Run `muster login {}`, or set MUSTER_TOKEN.".format(url, path, url))


def find_fingerprint(url: str) -> str:
    """The fingerprint of the certificate of the server at `url` that MUSTER_HOME/credentials keeps; "" when it keeps none."""
    return _kept(os.path.join(home(), "credentials"), url, "fingerprint")


def _kept(path: str, url: str, key: str) -> str:
    """What the credentials keep for the server; "" when nothing."""
    wanted = normal_url(url)
    try:
        servers = _read_object(path).get("servers")
        _warn_if_exposed(path)
    except FileNotFoundError:
        return ""
    if isinstance(servers, dict):
        for known, entry in servers.items():
            if isinstance(entry, dict) and isinstance(entry.get(key), str) and _is_of(known, wanted):
                return str(entry[key])
    return ""


def _is_of(known: str, normal: str) -> bool:
    """Whether the key, as somebody may have written it, is that server's."""
    try:
        return normal_url(known) == normal
    except UserErrorException:
        return False


def find_config(path: Optional[str] = None, file_name: Optional[str] = None) -> WorkspaceConfig:
    """Reads the nearest workspace configuration.

    `path` may be the file itself. Else each folder from `path` (the current one when None) up to the root is looked
    into: first its `.azureml`, then its `aml_config`, then the folder itself. The nearest folder wins: unlike in
    Azure's SDK, a `.azureml` in a folder above never hides a `config.json` that is nearer.
    """
    start = os.path.abspath(path or ".")
    if os.path.isfile(start):
        return read_config(start)
    if not os.path.isdir(start):
        raise UserErrorException("path: {} is neither a file nor a folder. Give the folder to search from, or the "
                                 "config.json itself.".format(start))
    folder = start
    while True:
        for place in CONFIG_FOLDERS:
            for name in ((file_name,) if file_name else CONFIG_FILES):
                candidate = os.path.join(folder, place, name)
                if os.path.isfile(candidate):
                    return read_config(candidate)
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    raise UserErrorException(
        "The workspace configuration file {}, could not be found in {} or its parent directories. Write one with "
        "`muster workspace config > config.json`, or give its path to from_config.".format(file_name or "config.json", start))


def read_config(path: str) -> WorkspaceConfig:
    """Reads one configuration file, in either of its shapes: three keys, or one `Scope`."""
    config = _read_object(path)
    scope = config.get("Scope")
    if isinstance(scope, str):
        pieces = scope.split("/")
        if len(pieces) < 9 or pieces[1].lower() != "subscriptions" or pieces[3].lower() != "resourcegroups":
            raise UserErrorException("{}: Scope is {!r}, and must be like /subscriptions/S/resourceGroups/G/providers/"
                                     "Microsoft.MachineLearningServices/workspaces/W.".format(path, scope))
        values = [pieces[2], pieces[4], pieces[8]]
    else:
        values = []
        for key in ("subscription_id", "resource_group", "workspace_name"):
            value = config.get(key)
            if not isinstance(value, str) or not value:
                raise UserErrorException("{}: {} is missing or not a string. The file needs subscription_id, resource_group "
                                         "and workspace_name; `muster workspace config` prints a correct one.".format(path, key))
            values.append(value)
    url = config.get("muster_url")
    if url is not None and not isinstance(url, str):
        raise UserErrorException("{}: muster_url is not a string. It is the server's address, as "
                                 "\"http://127.0.0.1:6464\".".format(path))
    return WorkspaceConfig(values[0], values[1], values[2], url, path)


def write_config(config: Dict[str, str], path: Optional[str], file_name: Optional[str]) -> str:
    """Writes `<path or .>/.azureml/<file_name or config.json>` whole or not at all; returns where."""
    folder = os.path.join(path or ".", ".azureml")
    os.makedirs(folder, exist_ok=True)
    target = os.path.join(folder, file_name or "config.json")
    temporary = os.path.join(folder, ".muster-{}.tmp".format(os.getpid()))  # The target's name may be as long as names can be.
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=4)
        file.write("\n")
    os.replace(temporary, target)
    return target


def _warn_if_exposed(path: str) -> None:
    """Says once that others can read the tokens: whoever has one may do all that its owner may."""
    if path in _WARNED or os.stat(path).st_mode & 0o077 == 0:
        return
    _WARNED.add(path)
    if sys.stderr is not None:
        sys.stderr.write("warning: others can read the tokens in {0}; `chmod 600 {0}` ends that\n".format(printable(path)))


def _read_object(path: str) -> Dict[str, Any]:
    """One JSON object from a file. FileNotFoundError when it is not there; other faults are exceptions of the SDK."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            value = json.load(file)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserErrorException("{} cannot be read: {}.".format(path, error.strerror), error)
    except (ValueError, RecursionError) as error:
        raise UserErrorException("{} is not JSON: {}.".format(path, error), error)
    if not isinstance(value, dict):
        raise UserErrorException("{} must hold one JSON object, not {}.".format(path, type(value).__name__))
    return value


__all__: List[str] = ["WorkspaceConfig", "find_config", "find_fingerprint", "find_server", "find_token", "home", "normal_url",
                      "read_config", "write_config"]
