"""Takes a source folder as a snapshot: walks it, applies its ignore rules, hashes its files, makes the manifest.

What may be in a snapshot, its limits and its id are defined in docs/formats.md. Everything in the way is found before
anything is sent, and named in one error.
"""
import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Iterable, List, NamedTuple, Tuple

from . import ignore
from .hash_cache import HashCache, hash_file
from .._terminal.progress import counted, human_size
from ..exceptions import SnapshotException

FILE_LIMIT = 100000
DEFAULT_LIMIT_MB = 300
PATH_LIMIT_BYTES = 4096
NAMED_AT_MOST = 20

SnapshotFile = NamedTuple("SnapshotFile", [("path", str), ("size", int), ("sha256", str), ("mode", int), ("source", str)])
_Found = NamedTuple("_Found", [("path", str), ("source", str), ("stat", os.stat_result)])


def size_limit_bytes() -> int:
    """The largest snapshot: 300 MiB, or as many as MUSTER_SNAPSHOT_LIMIT_MB says."""
    text = os.environ.get("MUSTER_SNAPSHOT_LIMIT_MB", "")
    if not text:
        return DEFAULT_LIMIT_MB << 20
    try:
        limit = int(text)
    except ValueError:
        limit = 0
    if limit <= 0:
        raise SnapshotException("MUSTER_SNAPSHOT_LIMIT_MB is {!r}, and should be a whole number of mebibytes.".format(text))
    return limit << 20


def take_snapshot(folder: str) -> List[SnapshotFile]:
    """The folder's files, hashed and in the order of the manifest.

    SnapshotException names each file in the way, or, past a limit, what is big.
    """
    if not os.path.isdir(folder):
        raise SnapshotException("source_directory: {} is not a folder.".format(folder))
    found = _walk(folder)
    _check_limits(folder, found)
    return sorted(_hash_all(folder, found), key=lambda file: file.path.encode("utf-8"))


def manifest(files: Iterable[SnapshotFile]) -> List[Dict[str, object]]:
    """The manifest as the server takes it."""
    return [{"path": file.path, "size": file.size, "sha256": file.sha256, "mode": file.mode} for file in files]


def snapshot_id(files: Iterable[Tuple[str, int, str, int]]) -> str:
    """The id of a snapshot of (path, size, sha256, mode), given in any order."""
    digest = hashlib.sha256(b"muster-snapshot 1\n")
    for path, size, sha256, mode in sorted(files, key=lambda file: file[0].encode("utf-8")):
        digest.update("{} {} {} {}\0".format(mode, size, sha256, path).encode("utf-8"))
    return digest.hexdigest()


def _walk(root: str) -> List[_Found]:
    """The regular files below `root` that no rule ignores. Raises with every fault there is, not just the first."""
    faults: List[str] = []
    try:
        rules = ignore.load(root)
    except (OSError, ValueError) as error:
        raise SnapshotException("The ignore rules of {} cannot be read: {}".format(root, error), error)
    real_root = os.path.realpath(root)
    found: List[_Found] = []
    folders = [("", root)]
    while folders:
        prefix, place = folders.pop()
        try:
            with os.scandir(place) as entries:
                listed = list(entries)
        except OSError as error:
            faults.append("{}: the folder cannot be read ({}). Make it readable, or ignore it.".format(
                _show(prefix or "."), error.strerror))
            continue
        for entry in listed:
            # Paths are UTF-8 whatever the locale says; bytes that are not stay in the text as surrogates.
            path = prefix + os.fsencode(entry.name).decode("utf-8", "surrogateescape")
            is_folder = entry.is_dir(follow_symlinks=False)
            if rules.matches(path, is_folder):
                continue
            try:
                path.encode("utf-8")
            except UnicodeEncodeError:
                faults.append("{}: the name is not UTF-8. Rename it, or ignore it.".format(_show(path)))
                continue
            if is_folder:
                folders.append((path + "/", entry.path))
                continue
            fault = _add_file(entry, path, real_root, found)
            if fault:
                faults.append("{}: {}".format(_show(path), fault))
        if len(found) > FILE_LIMIT:
            _raise_too_many(root, found)
    if faults:
        _raise_faults(root, faults)
    return found


def _add_file(entry: "os.DirEntry[str]", path: str, real_root: str, found: List[_Found]) -> str:
    """Adds one entry that is no folder; returns what is wrong with it and what to do, or nothing."""
    try:
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if os.path.commonpath([real_root, target]) != real_root:
                return "a link to {}, outside the folder. Copy the file here, or ignore the link.".format(_show(target))
            if not os.path.lexists(target) or os.path.islink(target):
                return "a broken link (to {}). Remove or ignore it.".format(_show(os.readlink(entry.path)))
            if os.path.isdir(target):
                return "a link to a folder. Replace it with the folder, or ignore it."
            info = os.stat(target)
        else:
            info = entry.stat(follow_symlinks=False)
    except (OSError, ValueError) as error:
        return "cannot be examined ({}). Remove or ignore it.".format(error)
    if path in ("outputs", "logs", ".muster") or path.startswith(".muster/"):
        return "in the place of a folder that every run has. Rename or ignore it."
    for test, kind in ((stat.S_ISSOCK, "a socket"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISBLK, "a device"), (stat.S_ISCHR, "a device")):
        if test(info.st_mode):
            return kind + ", which a snapshot cannot hold. Remove or ignore it."
    if not stat.S_ISREG(info.st_mode):
        return "not a regular file. Remove or ignore it."
    if len(path.encode("utf-8")) > PATH_LIMIT_BYTES:
        return "the path is longer than {} bytes. Shorten it.".format(PATH_LIMIT_BYTES)
    found.append(_Found(path, entry.path, info))
    return ""


def _hash_all(root: str, found: List[_Found]) -> List[SnapshotFile]:
    cache = HashCache(root)
    files: List[SnapshotFile] = []
    unknown: List[_Found] = []
    for item in found:
        sha256 = cache.look_up(item.path, item.stat)
        if sha256 is None:
            unknown.append(item)
        else:
            files.append(_snapshot_file(item, item.stat, sha256))
    faults: List[str] = []

    def work(item: _Found) -> None:
        try:
            sha256, info = hash_file(item.source)
        except OSError as error:
            faults.append("{}: cannot be read ({}). Make it readable, or ignore it.".format(_show(item.path), error.strerror or error))
            return
        cache.remember(item.path, info, sha256)
        files.append(_snapshot_file(item, info, sha256))

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for _ in pool.map(work, unknown):
            pass
    if faults:
        _raise_faults(root, faults)
    cache.save()
    return files


def _snapshot_file(item: _Found, info: os.stat_result, sha256: str) -> SnapshotFile:
    return SnapshotFile(item.path, info.st_size, sha256, 0o755 if info.st_mode & stat.S_IXUSR else 0o644, item.source)


def _check_limits(root: str, found: List[_Found]) -> None:
    total = sum(item.stat.st_size for item in found)
    limit = size_limit_bytes()
    if total > limit:
        raise SnapshotException(
            "While attempting to take snapshot of {} Your total snapshot size exceeds the limit of {:.1f} MB: it is {}. "
            "The largest are {}. List what the run does not need in .amlignore, or set MUSTER_SNAPSHOT_LIMIT_MB.".format(
                root, limit / (1 << 20), human_size(total), _largest(found, by_count=False)))
    if len(found) > FILE_LIMIT:
        _raise_too_many(root, found)


def _raise_too_many(root: str, found: List[_Found]) -> None:
    raise SnapshotException(
        "While attempting to take snapshot of {} Your snapshot has more than {} files. The most are in {}. "
        "List what the run does not need in .amlignore.".format(root, FILE_LIMIT, _largest(found, by_count=True)))


def _largest(found: List[_Found], by_count: bool) -> str:
    """The five entries of the source folder itself, files or folders, that hold the most."""
    sums: Dict[str, int] = {}
    for item in found:
        first, slash, _ = item.path.partition("/")
        sums[first + slash] = sums.get(first + slash, 0) + (1 if by_count else item.stat.st_size)
    ranked = sorted(sums.items(), key=lambda pair: -pair[1])[:5]
    return ", ".join("{} ({})".format(_show(name), counted(amount, "file") if by_count else human_size(amount))
                     for name, amount in ranked)


def _raise_faults(root: str, faults: List[str]) -> None:
    lines = sorted(faults)[:NAMED_AT_MOST]
    if len(faults) > NAMED_AT_MOST:
        lines.append("… and {} more.".format(len(faults) - NAMED_AT_MOST))
    raise SnapshotException("{} cannot be taken as a snapshot (ignore a file by naming it in .amlignore):\n  {}".format(
        root, "\n  ".join(lines)))


def _show(path: str) -> str:
    """A path that may not be UTF-8, or may hold control characters, as text that can be printed."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text if text.isprintable() else repr(text)[1:-1]
