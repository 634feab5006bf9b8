"""What nothing refers to any more is removed, and its space comes back; what something refers to stays."""

import os
import time


def make_old(muster):
    """As if all that is there had been stored yesterday."""
    for blob in (muster.home / "blobs" / "sha256").glob("*/*"):
        os.utime(blob, (time.time() - 86_400,) * 2)


def test_a_deleted_run_gives_its_space_back(server):
    size = 3_000_000
    runs = [server.ended(server.submit("import os\nopen('outputs/big', 'wb').write(os.urandom(%d))" % size)["run_id"]) for _ in range(2)]
    assert [run["status"] for run in runs] == ["Completed"] * 2
    blobs = server.home / "blobs" / "sha256"

    server("run", "delete", runs[0]["run_id"])
    assert server.json("clean")["runs"] == 0  # it could be restored
    make_old(server)
    assert server.json("clean")["blobs"] == 0
    server("run", "restore", runs[0]["run_id"])
    server("run", "delete", runs[0]["run_id"])
    for blob in (server.home / "blobs" / "sha256").glob("*/*"):
        os.utime(blob)
    assert server.json("clean", "--deleted")["blobs"] == 0  # somebody may just be storing the same content
    make_old(server)
    cleaned = server.json("clean")
    assert (cleaned["blobs"], cleaned["fault"], cleaned["running"]) == (1, None, False)
    assert cleaned["blob_bytes"] == size
    server("run", "download", runs[1]["run_id"], "outputs/big", "--to", "kept")
    assert (server.folder / "kept").stat().st_size == size
    assert sum(blob.stat().st_size for blob in blobs.glob("*/*")) < 2 * size

    make_old(server)
    assert server("clean").stdout == "There was nothing to remove.\n"
    server("run", "delete", runs[1]["run_id"])
    said = server("clean", "--deleted").stdout
    assert said.startswith("2.9 MiB is free again; 1 deleted run, "), said


def test_a_run_that_goes_on_keeps_what_was_uploaded_since(server):
    go = server.folder / "go"
    server.running(server.submit("import os, time\nwhile not os.path.exists(%r): time.sleep(0.01)" % str(go))["run_id"])
    server("compute", "create", "other", "--max-nodes", "1")
    other = server.ended(server.submit("open('outputs/small', 'w').write('x' * 1000)", options=("--compute", "other"))["run_id"])
    server("run", "delete", other["run_id"])
    # Stored after the run was submitted that goes on.
    cleaned = server.json("clean", "--deleted")
    assert (cleaned["runs"], cleaned["blobs"]) == (1, 0)
    go.touch()
