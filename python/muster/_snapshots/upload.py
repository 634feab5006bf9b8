"""Sends files to the server by content: asks which it lacks, small ones together as tar archives, big ones alone."""
import hashlib
import io
import tarfile
from typing import Callable, Dict, IO, Iterable, List, NamedTuple

from .._client.http import Client
from .._client.parallel import run_parallel
from .._terminal.progress import Progress, counted
from .snapshot import SnapshotFile, manifest
from ..exceptions import AzureMLException, SnapshotException, UserErrorException

WORKERS = 6
ASK_AT_ONCE = 100000
SMALL_BYTES = 256 << 10
BATCH_BYTES = 8 << 20
BATCH_FILES = 2000
TAR_HEADER_BYTES = 1024  # A header, and padding of half a kilobyte on average: kept well under the server's 16 MiB.

Blob = NamedTuple("Blob", [("sha256", str), ("size", int), ("source", str)])


def upload_snapshot(client: Client, workspace_path: str, files: List[SnapshotFile]) -> str:
    """Uploads what the server lacks of the files and posts the manifest; returns the snapshot id.

    `workspace_path` is `/workspaces/NAME`.
    """
    blobs = [Blob(file.sha256, file.size, file.source) for file in files]
    for _ in range(3):
        upload_blobs(client, workspace_path, blobs, "Uploading snapshot")
        try:
            answer = client.json("POST", workspace_path + "/snapshots", {"files": manifest(files)})
            return str(answer["snapshot_id"])
        except UserErrorException as error:
            # Blobs that were there when asked for may have been collected since; those are sent again.
            if error.status != 409:
                raise
            last = error
    raise last


def upload_blobs(client: Client, workspace_path: str, blobs: Iterable[Blob], label: str) -> None:
    """Sends each blob that the server does not have. An interrupted upload goes on where it was: what arrived is known."""
    by_hash: Dict[str, Blob] = {blob.sha256: blob for blob in blobs}
    hashes = sorted(by_hash)
    missing: List[Blob] = []
    for start in range(0, len(hashes), ASK_AT_ONCE):
        answer = client.json("POST", workspace_path + "/blobs/missing", {"sha256": hashes[start:start + ASK_AT_ONCE]})
        missing += [by_hash[sha256] for sha256 in answer["missing"]]
    if not missing:
        return
    small = [blob for blob in missing if blob.size <= SMALL_BYTES]
    with Progress("{} ({})".format(label, counted(len(missing), "file")), sum(blob.size for blob in missing)) as progress:
        # Big ones first: one of them started last would be waited for alone.
        tasks = [_put_task(client, workspace_path, blob, progress)
                 for blob in sorted(missing, key=lambda blob: -blob.size) if blob.size > SMALL_BYTES]
        tasks += [_batch_task(client, workspace_path, batch, progress) for batch in _batches(small)]
        run_parallel(tasks, WORKERS)


def _put_task(client: Client, workspace_path: str, blob: Blob, progress: Progress) -> Callable[[], None]:
    def opener() -> IO[bytes]:
        return open(blob.source, "rb", buffering=0)

    def task() -> None:
        try:
            client.send("PUT", "{}/blobs/{}".format(workspace_path, blob.sha256), opener, blob.size,
                        headers={"Content-Type": "application/octet-stream"}, sent=progress.add)
        except OSError as error:
            raise SnapshotException("{} cannot be read any more: {}.".format(blob.source, error.strerror), error)
        except AzureMLException as error:
            if error.status == 422:
                raise _changed(blob)
            raise
    return task


def _batch_task(client: Client, workspace_path: str, batch: List[Blob], progress: Progress) -> Callable[[], None]:
    def task() -> None:
        client.send("POST", workspace_path + "/blobs", _tar(batch), headers={"Content-Type": "application/x-tar"})
        progress.add(sum(blob.size for blob in batch))
    return task


def _tar(batch: List[Blob]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for blob in batch:
            try:
                with open(blob.source, "rb") as file:
                    content = file.read(blob.size + 1)
            except OSError as error:
                raise SnapshotException("{} cannot be read any more: {}.".format(blob.source, error.strerror), error)
            if hashlib.sha256(content).hexdigest() != blob.sha256:
                raise _changed(blob)
            entry = tarfile.TarInfo(blob.sha256)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _batches(blobs: List[Blob]) -> List[List[Blob]]:
    batches: List[List[Blob]] = []
    room = 0
    for blob in blobs:
        cost = blob.size + TAR_HEADER_BYTES
        if not batches or cost > room or len(batches[-1]) >= BATCH_FILES:
            batches.append([])
            room = BATCH_BYTES
        batches[-1].append(blob)
        room -= cost
    return batches


def _changed(blob: Blob) -> SnapshotException:
    return SnapshotException("{} changed while it was being uploaded. Submit again when no program writes to it.".format(blob.source))
