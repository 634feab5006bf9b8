"""Every document's blocks, in its order and without a changed line, against a real server; what it leaves to its reader is in reader/."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from documents import Document, documents
from muster_program import PROGRAM, SDK, free_address
from tiny_package import tiny_wheel
from waiting import SLOWER

HERE = pathlib.Path(__file__).parent
#: The packages that the documents name, as an index has them: the right names and versions, and nearly nothing in them.
PACKAGES = (("torch", "1.6.0"), ("torchvision", "0.7.0"), ("future", "0.17.1"), ("pillow", "5.4.1"))


@pytest.fixture
def reader(muster, tmp_path):
    """A folder as the document's reader has it: config.json, scripts, data. Packages come from a folder, and there is a Python 3.6."""
    index, programs = tmp_path / "index", tmp_path / "bin"
    index.mkdir()
    programs.mkdir()
    for name, version in PACKAGES:
        tiny_wheel(index, name, version)
    python36 = sorted(pathlib.Path.home().joinpath(".pyenv", "versions").glob("3.6.*/bin/python3.6"))
    (programs / "python3.6").symlink_to(python36[-1] if python36 else sys.executable)
    muster.environment.update(PATH="%s:%s" % (programs, os.environ["PATH"]), PIP_NO_INDEX="1", PIP_FIND_LINKS=str(index),
                              UV_OFFLINE="1", UV_FIND_LINKS=str(index))
    muster("up", "--listen", free_address())
    (muster.folder / "config.json").write_text(muster("workspace", "config").stdout)
    shutil.copytree(HERE / "reader", muster.folder, dirs_exist_ok=True)
    return muster.folder


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.stem)
def test_a_documents_blocks_run_unchanged(path, muster, reader):
    document = Document(path)
    for text in document.files[:1]:
        (reader / "conda_dependencies.yml").write_text(text)
    for script in reader.rglob("*.py"):
        script.write_text(script.read_text().replace("# The document's lines.\n", document.of_the_script))
    done = subprocess.run([sys.executable, str(HERE / "run_blocks.py"), str(path), "prelude.py"], cwd=reader, capture_output=True,
                          text=True, env={**muster.environment, "PYTHONPATH": str(SDK), "MUSTER": str(PROGRAM)}, timeout=300 * SLOWER)
    shown = done.stdout + done.stderr
    assert done.stdout.strip(), shown
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["failed"] is None, "the block at line %d of %s:\n%s\n%s" % (
        result["failed"]["line"], path, result["failed"]["block"], shown)
    assert len(result["runs"]) == sum(".submit(" in block for block, _ in document.blocks)
    for run_id in result["runs"]:
        run = muster.json("run", "show", run_id)
        assert run["status"] == "Completed", json.dumps(run, indent=1) + shown
    for block, _ in document.blocks:
        if "register_model(" in block:
            assert muster.json("model", "list")["models"], shown
