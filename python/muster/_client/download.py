"""Fetches files: whole or not at all, checked by SHA-256, going on where a broken connection left off."""
import binascii
import hashlib
import os
import shutil
import tarfile
import time
import zipfile
from typing import cast, IO, List, NamedTuple, Optional

from .parallel import run_parallel
from .http import Client, RETRY_FOR_SECONDS, Stream
from .problems import ErrorClass
from .._terminal.progress import counted, Progress
from ..exceptions import ProjectSystemException, ServerUnreachableException, UserErrorException


Wanted = NamedTuple("Wanted", [("path", str), ("target", str), ("size", int), ("sha256", Optional[str])])
WORKERS = 4


def download_files(client: Client, wanted: List[Wanted], label: str, error: Optional[ErrorClass] = None) -> None:
    """Fetches several files at once, as download_file does each, and shows how far all of them are together."""
    if not wanted:
        return
    with Progress("{} ({})".format(label, counted(len(wanted), "file")), sum(one.size for one in wanted)) as progress:
        run_parallel([lambda one=one: _download(client, one, progress, error) for one in wanted], WORKERS)  # type: ignore[misc]


def download_file(client: Client, path: str, target: str, size: int, sha256: Optional[str], label: str,
                  error: Optional[ErrorClass] = None) -> None:
    """Fetches `path` of the API into the file `target`, which appears only when all of it has arrived and is right.

    Folders above it are made. `sha256` None: the content is not checked but for its size. An existing file is
    replaced; it is the caller's to refuse that before.
    """
    with Progress("Downloading " + label, size) as progress:
        _download(client, Wanted(path, target, size, sha256), progress, error)


def _download(client: Client, wanted: Wanted, progress: Progress, error: Optional[ErrorClass]) -> None:
    target = wanted.target
    temporary = temporary_beside(target)
    try:
        os.makedirs(os.path.dirname(temporary), exist_ok=True)
        with open(temporary, "wb") as file:
            _fetch(client, wanted.path, file, wanted.size, wanted.sha256, progress, error)
        os.replace(temporary, target)
    except OSError as fault:
        _remove(temporary)
        raise UserErrorException("{} cannot be written: {}.".format(target, fault.strerror or fault), fault)
    except BaseException:
        _remove(temporary)
        raise


def fetch_snapshot(client: Client, path: str, target: str) -> None:
    """Fetches a snapshot's archive as the zip file `target`, which appears only when all of it has arrived."""
    temporary = temporary_beside(target)
    try:
        os.makedirs(os.path.dirname(temporary), exist_ok=True)
        with client.stream(path, headers={"Accept": "*/*"}) as stream, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as made, \
                tarfile.open(fileobj=cast(IO[bytes], _Readable(stream)), mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    continue
                info = zipfile.ZipInfo(member.name, time.localtime(max(member.mtime, 315532800))[:6])
                info.external_attr, info.compress_type = (0o100000 | member.mode & 0o777) << 16, zipfile.ZIP_DEFLATED
                with made.open(info, "w", force_zip64=True) as entry:
                    shutil.copyfileobj(content, entry)
        os.replace(temporary, target)
    except tarfile.TarError as fault:
        _remove(temporary)
        raise ProjectSystemException("{} arrived damaged: {}. Fetch it again.".format(path, fault), fault)
    except OSError as fault:
        _remove(temporary)
        raise UserErrorException("{} cannot be written: {}.".format(target, fault.strerror or fault), fault)
    except BaseException:
        _remove(temporary)
        raise


class _Readable:
    """An answer as tarfile reads it: with as many bytes as are asked for, until the end."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._stream.read(size)
            if not part:
                break
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _fetch(client: Client, path: str, file: "object", size: int, sha256: Optional[str], progress: Progress,
           error: Optional[ErrorClass]) -> None:
    digest = hashlib.sha256()
    done = 0
    last_progress = time.monotonic()
    while True:
        headers = {"Accept": "*/*"}
        if done:
            headers["Range"] = "bytes={}-".format(done)
        try:
            with client.stream(path, headers=headers, error=error) as stream:
                if done and stream.status != 206:
                    _skip(stream, done)
                while done < size:
                    chunk = stream.read()
                    if not chunk:
                        raise ServerUnreachableException("The server at {} closed the connection {} bytes before the end of "
                                                         "{}.".format(client.url, size - done, path))
                    file.write(chunk)  # type: ignore[attr-defined]
                    digest.update(chunk)
                    done += len(chunk)
                    progress.add(len(chunk))
                    last_progress = time.monotonic()
            break
        except ServerUnreachableException:
            if time.monotonic() - last_progress > RETRY_FOR_SECONDS:
                raise
            time.sleep(0.2)
    if done != size or (sha256 and digest.hexdigest() != sha256):
        raise ProjectSystemException("{} arrived damaged: {} bytes with SHA-256 {}, and should be {} with {}. Download it "
                                     "again.".format(path, done, digest.hexdigest(), size, sha256))


def _skip(stream: Stream, count: int) -> None:
    """Reads past what is there already, from a server that sent all of it again."""
    while count:
        count -= len(stream.read(min(count, 1 << 20))) or count


def temporary_beside(target: str) -> str:
    """A free name in the target's folder for its content to gather under; short, since the target's may be as long as names can be."""
    return os.path.join(os.path.dirname(os.path.abspath(target)), ".muster-{}.part".format(binascii.hexlify(os.urandom(6)).decode("ascii")))


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
