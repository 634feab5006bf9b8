"""Nobody else on the machine reads anything of a home, whoever made it. Needs root, to be somebody else."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

import pytest

from muster_program import Muster, free_address

pytestmark = pytest.mark.root

SECRET = "the-secret-of-a-run"
#: Prints which of the given paths it could list, open, or find the secret in.
READER = """
import json, os, sys
opened = []
for path in json.load(sys.stdin):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").close()
        if os.path.lexists(path):
            opened.append(path)
    except OSError:
        pass
print(json.dumps(opened))
"""


@pytest.fixture
def house():
    """A home in a folder that everybody may enter, unlike pytest's."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-test-"))
    folder.chmod(0o755)
    (folder / "work").mkdir()
    muster = Muster(folder / "home", folder / "work")
    try:
        yield muster
        if (muster.home / "server.json").exists():
            muster("down", "--cancel")
    finally:
        shutil.rmtree(folder)


def everything(home):
    return [str(path) for path in [home, *home.rglob("*")]]


def read_by_nobody(paths):
    """Those of the paths that the user `nobody` can list or open."""
    done = subprocess.run([os.path.realpath(sys.executable), "-I", "-c", READER], input=json.dumps(paths), capture_output=True, text=True,
                          user="nobody", group="nogroup", extra_groups=[], cwd="/", timeout=60, check=True)
    return json.loads(done.stdout)


def with_umask(mask, muster, *words, **options):
    before = os.umask(mask)
    try:
        return muster(*words, **options)
    finally:
        os.umask(before)


def open_wide(home):
    """As `mkdir` and a server without care leave them."""
    for path in [home, *home.rglob("*")]:
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) | (0o055 if path.is_dir() else 0o044))


def test_a_home_that_was_open_is_closed_and_nobody_reads_anything_in_it(house):
    house.home.mkdir(mode=0o755)
    with_umask(0o022, house, "up", "--listen", free_address())
    run_id = house.submit("print('first')", options=["--env", "PASSWORD=" + SECRET])["run_id"]
    assert house.ended(run_id)["status"] == "Completed"
    house("down")
    open_wide(house.home)
    assert set(read_by_nobody(everything(house.home))) == set(everything(house.home)), "while it is open, this test can tell"

    started = with_umask(0o022, house, "up", "--listen", free_address())
    run_id = house.submit("import time\nprint('up', flush=True)\ntime.sleep(600)", options=["--env", "PASSWORD=" + SECRET])["run_id"]
    house.running(run_id)

    assert stat.S_IMODE(house.home.stat().st_mode) == 0o700
    assert "open to other users" in started.stdout + started.stderr + (house.home / "server.log").read_text()
    there = everything(house.home)
    for name in ["server.json", "credentials", "muster.db", "muster.db-wal", "runs/%s/1/node_0/job.py" % run_id]:
        assert str(house.home / name) in there
    assert SECRET.encode() in (house.home / "muster.db-wal").read_bytes() + (house.home / "muster.db").read_bytes()
    assert read_by_nobody(there) == []


def test_a_new_home_is_closed_from_the_start(house):
    with_umask(0, house, "up", "--listen", free_address())
    assert stat.S_IMODE(house.home.stat().st_mode) == 0o700
    assert read_by_nobody(everything(house.home)) == []


@pytest.mark.parametrize("mode", [0o755, 0o700])
@pytest.mark.parametrize("verb", ["serve", "up"])
def test_a_home_that_belongs_to_somebody_else_is_refused_and_stays_empty(house, verb, mode):
    house.home.mkdir()
    shutil.chown(house.home, "nobody", "nogroup")
    house.home.chmod(mode)

    refused = with_umask(0o022, house, verb, "--listen", free_address(), code=2)
    assert "%s belongs to nobody, and this is run by root" % house.home in refused.stderr
    assert "run it as nobody, or set MUSTER_HOME to another folder" in refused.stderr
    assert list(house.home.iterdir()) == []
    assert stat.S_IMODE(house.home.stat().st_mode) == mode
