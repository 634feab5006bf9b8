"""Remembers the SHA-256 of files that have not changed, in ~/.cache/muster, so that a second snapshot reads nothing.

A file counts as unchanged while its path, size, modification time, inode and change time are the same. One that was
changed within the last seconds is not remembered: a second change in the same tick of its file system's clock could
not be seen. A cache that cannot be read or written costs time and is no error.
"""
import hashlib
import json
import os
import time
from typing import Dict, List, Optional

CHUNK_BYTES = 1 << 20
SETTLED_SECONDS = 3.0
FORMAT = 1
MAX_CACHES = 200


def cache_folder() -> str:
    """Where caches are kept: $XDG_CACHE_HOME/muster, else ~/.cache/muster."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "muster", "hashes")


class HashCache:
    """The remembered hashes of one source folder. `look_up` and `remember` may be called by several threads."""

    def __init__(self, root: str) -> None:
        name = hashlib.sha256(os.fsencode(os.path.abspath(root))).hexdigest()[:32] + ".json"
        self._path = os.path.join(cache_folder(), name)
        self._known = self._load()
        self._current: Dict[str, List[object]] = {}
        self._changed = False

    def look_up(self, path: str, stat: os.stat_result) -> Optional[str]:
        """The file's hash when it is the file that was hashed before."""
        entry = self._known.get(path)
        if entry is None or entry[1:] != _identity(stat):
            return None
        self._current[path] = entry
        return str(entry[0])

    def remember(self, path: str, stat: os.stat_result, sha256: str) -> None:
        """Keeps the hash of a file whose state was `stat` both before and after it was read."""
        if time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED_SECONDS:
            self._current[path] = [sha256] + _identity(stat)
            self._changed = True

    def save(self) -> None:
        """Writes what was looked up or remembered; paths that were not are forgotten."""
        if not self._changed and len(self._current) == len(self._known):
            return
        temporary = "{}.{}.tmp".format(self._path, os.getpid())
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(temporary, "w", encoding="ascii") as file:
                json.dump({"format": FORMAT, "files": self._current}, file, separators=(",", ":"))
            os.replace(temporary, self._path)
            _prune(os.path.dirname(self._path))
        except OSError:
            try:
                os.unlink(temporary)
            except OSError:
                pass

    def _load(self) -> Dict[str, List[object]]:
        try:
            with open(self._path, encoding="ascii") as file:
                content = json.load(file)
            if content["format"] == FORMAT:
                return {path: entry for path, entry in content["files"].items() if len(entry) == 5}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass
        return {}


def hash_file(path: str) -> "tuple[str, os.stat_result]":
    """The file's SHA-256, and its state as it was before and after reading.

    OSError when it cannot be read, and with its own text when it changed meanwhile, three times over.
    """
    for _ in range(3):
        digest = hashlib.sha256()
        with open(path, "rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            count = 0
            while True:
                chunk = file.read(CHUNK_BYTES)
                if not chunk:
                    break
                digest.update(chunk)
                count += len(chunk)
            after = os.fstat(file.fileno())
        if _identity(before) == _identity(after) and count == after.st_size:
            return digest.hexdigest(), after
    raise OSError("it changes while it is being read")


def _identity(stat: os.stat_result) -> List[object]:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino, getattr(stat, "st_ctime_ns", 0)]


def _prune(folder: str) -> None:
    """Forgets the folders that were submitted longest ago."""
    caches = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".json")]
    if len(caches) > MAX_CACHES:
        for path in sorted(caches, key=os.path.getmtime)[:-MAX_CACHES]:
            os.unlink(path)
