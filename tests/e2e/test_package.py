"""What `./dev package` makes can be installed, and works where it is."""

import os
import subprocess
import tarfile

import pytest

from muster_program import SOURCE


@pytest.fixture(scope="module")
def packages():
    """The folder of the packages, made anew."""
    subprocess.run([str(SOURCE / "dev"), "package"], cwd=SOURCE, check=True, timeout=600, stdin=subprocess.DEVNULL)
    return SOURCE / "build" / "package"


def only(folder, pattern):
    found = list(folder.glob(pattern))
    assert len(found) == 1, (pattern, sorted(file.name for file in folder.iterdir()))
    return found[0]


def printed(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=120, **options).stdout.decode()


def test_the_tarball_holds_a_program_that_starts(packages, tmp_path):
    with tarfile.open(str(only(packages, "*.tar.gz"))) as archive:
        archive.extractall(str(tmp_path))
    assert printed(only(tmp_path, "muster-*") / "bin" / "muster", "--version").startswith("muster ")


def test_the_debian_package_has_the_program_its_units_and_completions(packages, tmp_path):
    printed("dpkg-deb", "--extract", only(packages, "*.deb"), tmp_path)
    assert printed(tmp_path / "usr" / "bin" / "muster", "--version").startswith("muster ")
    for unit in ("system/muster@.service", "user/muster.service"):
        text = (tmp_path / "usr" / "lib" / "systemd" / unit).read_text()
        assert "KillMode=process" in text  # a restart of the server leaves runs going
    assert "muster" in (tmp_path / "usr" / "share" / "bash-completion" / "completions" / "muster").read_text()
    assert "Depends" not in printed("dpkg-deb", "--field", only(packages, "*.deb"))


def test_the_wheel_brings_sdk_and_program(packages, tmp_path):
    wheel = only(packages, "muster_ml-*.whl")
    assert "manylinux1" in wheel.name and "musllinux" in wheel.name
    printed("/usr/bin/python3", "-m", "venv", tmp_path / "venv")
    printed(tmp_path / "venv" / "bin" / "pip", "install", "--no-index", "--no-deps", "--disable-pip-version-check", wheel)
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    assert printed(tmp_path / "venv" / "bin" / "muster", "--version", env=clean).startswith("muster ")
    assert printed(tmp_path / "venv" / "bin" / "python", "-c", "import muster, azureml.core; print(muster.__file__)", env=clean)
