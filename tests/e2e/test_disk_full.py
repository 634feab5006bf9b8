"""A server whose disk is full says so, keeps what it has, and goes on when there is room."""

import os
import subprocess

import pytest

from muster_program import PROGRAM, Muster, free_address
from waiting import wait_until

# A home keeps a copy of the program, for the runs that were started with it.
ROOM_MB = 30
SIZE_MB = ROOM_MB + (PROGRAM.stat().st_size >> 20)
OUTPUT_MB = 8
TOO_MUCH = "import os\nopen('outputs/small', 'w').write('fits')\nopen('outputs/big', 'wb').write(os.urandom(%d << 20))" % OUTPUT_MB


@pytest.fixture
def small_disk(tmp_path):
    """A server that sees a disk of SIZE_MB in its home, in a mount namespace of its own; its home as seen from here."""
    home = tmp_path / "home"
    home.mkdir()
    folder = tmp_path / "work"
    folder.mkdir()
    program = Muster(home, folder)
    script = 'mount -t tmpfs -o size=%dm none "$MUSTER_HOME" && exec "$0" serve --listen %s' % (SIZE_MB, free_address())
    # As root a namespace needs no user mapping; others get one of their own.
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    server = subprocess.Popen([*unshare, "sh", "-c", script, str(PROGRAM)], env=program.environment, cwd=folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen = Muster("/proc/%d/root%s" % (server.pid, home), folder)
    wait_until(lambda: os.path.exists(os.path.join(seen.home, "server.json")), "the server to start")
    yield seen
    server.terminate()
    server.wait(timeout=20)


def test_an_upload_that_does_not_fit_is_refused_and_a_small_one_goes_on(small_disk):
    source = small_disk.folder / "job"
    source.mkdir()
    (source / "train.py").write_text("print('hello')")
    (source / "weights").write_bytes(os.urandom((ROOM_MB + 1) << 20))

    problem = small_disk.problem("run", "submit", "--script", source / "train.py", code=4)
    assert problem["code"] == "disk_full" and problem["hint"]
    assert small_disk.json("run", "list")["runs"] == []

    (source / "weights").unlink()
    run = small_disk.json("run", "submit", "--script", source / "train.py")
    assert small_disk.ended(run["run_id"])["status"] == "Completed"


def test_a_job_that_meets_a_full_disk_fails_saying_so(small_disk):
    # It makes room again, as the traceback needs some: its log is on the same disk.
    run = small_disk.submit("""
import os
try:
    with open("outputs/big", "wb") as file:
        while True:
            file.write(os.urandom(1 << 20))
except OSError:
    os.unlink("outputs/big")
    raise
""")

    ended = small_disk.ended(run["run_id"])
    assert ended["status"] == "Failed"
    assert "No space left on device" in ended["error"]["message"]


def test_a_run_outlasts_a_time_without_room(small_disk):
    go = small_disk.folder / "go"
    run_id = small_disk.submit("import os, time\nwhile not os.path.exists(os.environ['GO']): time.sleep(0.01)\nprint('on')",
                               options=["--env", "GO=%s" % go])["run_id"]
    small_disk.running(run_id)
    ballast = os.path.join(small_disk.home, "ballast")
    with open(ballast, "wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))

    (small_disk.folder / "job" / "more").write_bytes(os.urandom(1 << 20))
    assert small_disk.problem("run", "submit", "--script", "job/job.py", code=4)["code"] == "disk_full"
    assert [run["run_id"] for run in small_disk.json("run", "list")["runs"]] == [run_id]
    os.unlink(ballast)
    go.write_text("")

    assert small_disk.ended(run_id)["status"] == "Completed"
    assert small_disk("run", "logs", run_id).stdout == "on\n"


def waiting_for_room(muster):
    """A run whose outputs fit once, as its job writes them, and not a second time, as the server would keep them; and what is in their
    way.
    """
    ballast = os.path.join(muster.home, "ballast")
    disk = os.statvfs(muster.home)
    with open(ballast, "wb") as file:
        file.write(bytes(disk.f_bavail * disk.f_bsize - ((2 * OUTPUT_MB - 1) << 20)))
    run_id = muster.submit(TOO_MUCH)["run_id"]

    def check():
        run = muster.json("run", "show", run_id)
        return run if run["status"] == "Finalizing" and run["status_detail"] else None
    return wait_until(check, "run %s to say what it waits for" % run_id), ballast


def test_outputs_that_find_no_room_wait_for_it(small_disk):
    run, ballast = waiting_for_room(small_disk)
    assert run["status_detail"] == (
        "the server's disk is full: %.1f MiB of outputs wait on node 0; free some space or cancel the run" % OUTPUT_MB)
    with open(os.path.join(small_disk.home, "server.log")) as log:
        assert "the disk is full" in log.read()

    os.unlink(ballast)

    ended = small_disk.ended(run["run_id"])
    assert ended["status"] == "Completed" and ended["status_detail"] is None and ended["warnings"] == []
    small_disk("run", "download", run["run_id"], "--to", small_disk.folder / "back")
    assert os.path.getsize(small_disk.folder / "back" / "outputs" / "big") == OUTPUT_MB << 20


def test_28_a_full_disk_is_said_though_the_database_has_no_room_for_it(small_disk):
    go = small_disk.folder / "go"
    # It writes nothing: its own log is on the same disk.
    run_id = small_disk.submit("import os, time\nwhile not os.path.exists(os.environ['GO']): time.sleep(0.01)",
                               options=["--env", "GO=%s" % go])["run_id"]
    small_disk.running(run_id)
    other = small_disk.submit("print('on')")["run_id"]  # stored before there is no room, and waits for the first
    ballast = os.path.join(small_disk.home, "ballast")
    with open(ballast, "wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    # The write-ahead log has room of its own, until it is used up.
    for number in range(1000):
        tags = ["t%d=%s%d" % (tag, "x" * 4900, number) for tag in range(20)]
        done = subprocess.run([str(PROGRAM), "run", "tag", other, *tags], env=small_disk.environment, cwd=small_disk.folder,
                              capture_output=True, timeout=60)
        if done.returncode == 4:
            break
    assert done.returncode == 4 and b"the disk that holds the database is full" in done.stderr, done

    following = subprocess.Popen([str(PROGRAM), "run", "logs", run_id, "--follow"], env=small_disk.environment, cwd=small_disk.folder,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    go.write_text("")

    wait_until(lambda: "the server's disk is full" in str(small_disk.json("run", "show", run_id)["status_detail"]), "run show to say it")
    assert "the server's disk is full" in small_disk("status").stdout
    os.unlink(ballast)
    ended = small_disk.ended(run_id)
    assert ended["status"] == "Completed" and ended["status_detail"] is None
    _, said = following.communicate(timeout=60)
    assert following.returncode == 0 and "the server's disk is full" in said
    assert small_disk.ended(other)["status"] == "Completed"
    assert small_disk.json("status")["warnings"] == []


def test_a_cancel_ends_the_wait_for_room(small_disk):
    run, _ = waiting_for_room(small_disk)

    small_disk("run", "cancel", run["run_id"])

    ended = small_disk.ended(run["run_id"], seconds=15)
    assert ended["status"] == "Canceled"
    assert ended["warnings"][0] == "these outputs are not recorded: outputs/big (the server's disk is full)"
    # The only copy is kept, and the last warning says where.
    assert "are left on node 0 in" in ended["warnings"][-1]
    assert os.path.getsize(os.path.join(small_disk.home, "runs", run["run_id"], "1", "node_0", "outputs", "big")) == OUTPUT_MB << 20
    assert small_disk.ended(small_disk.submit("print('on')")["run_id"])["status"] == "Completed"


def test_down_with_cancel_does_not_wait_for_room(small_disk):
    run, _ = waiting_for_room(small_disk)

    assert run["run_id"] in small_disk("down", "--cancel", timeout=25).stdout
