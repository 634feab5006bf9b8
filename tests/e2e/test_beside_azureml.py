"""Installed beside Microsoft's azureml-core, the SDK changes no file of it, and either can be had."""

import hashlib
import subprocess
import sys

import pytest

from muster_program import SDK, SOURCE

#: Where the names come from, without loading what azureml-core itself needs.
ASKS = "import importlib.util as u; print(u.find_spec('%s').origin)"
AZUREML_CORE = "azureml-core==1.61.0"


def run(*command, **variables):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300,
                          env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **variables})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def pip(python, *words):
    # With the machine's own settings: where its packages come from.
    done = subprocess.run([str(python), "-m", "pip", "--disable-pip-version-check", *map(str, words)], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A Python with azureml-core and then Muster's wheel; and what azureml-core's files were before."""
    folder = tmp_path_factory.mktemp("beside")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, timeout=120)
    python = folder / "venv" / "bin" / "python"
    pip(python, "install", "--no-deps", AZUREML_CORE)
    [site] = (folder / "venv" / "lib").glob("*/site-packages")
    before = hashes(site / "azureml")
    pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "-w", folder / "wheel", SOURCE / "python")
    pip(python, "install", "--no-deps", "--no-index", *(folder / "wheel").glob("*.whl"))
    return python, site, before


def hashes(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.py")}


def test_no_file_of_azureml_core_changes(installed):
    _, site, before = installed
    assert len(before) > 100 and hashes(site / "azureml") == before
    assert not (site / "azureml" / "train").exists()


def test_microsofts_wins_unless_the_user_says_otherwise(installed):
    python, site, _ = installed
    assert run(python, "-c", ASKS % "azureml.core") == str(site / "azureml" / "core" / "__init__.py")
    ours = site / "muster" / "_v1" / "azureml" / "core" / "__init__.py"
    assert run(python, "-c", ASKS % "azureml.core", MUSTER_AZUREML="1") == str(ours)
    assert "muster.run" in run(python, "-c", "from azureml.core import Run; print(Run)", MUSTER_AZUREML="1")


def test_in_a_job_ours_wins_and_other_packages_stay_importable(installed):
    python, site, _ = installed
    job = {"PYTHONPATH": str(SDK)}  # as the runner puts it in front
    assert run(python, "-c", "from azureml.core import Run; print(Run.__module__)", **job) == "muster.run"
    assert run(python, "-c", ASKS % "azureml._base_sdk_common", **job) == str(site / "azureml" / "_base_sdk_common" / "__init__.py")


def test_alone_its_names_are_there(installed, tmp_path):
    python, site, _ = installed
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True, timeout=120)
    alone = tmp_path / "venv" / "bin" / "python"
    [own] = (tmp_path / "venv" / "lib").glob("*/site-packages")
    for name in ("muster", "_muster_azureml.py", "muster_azureml.pth"):
        (own / name).symlink_to(site / name)
    assert run(alone, "-c", "from azureml.train.dnn import PyTorch; print(PyTorch.__module__)") == "muster.estimator"
