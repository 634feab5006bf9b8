"""Every document's blocks, in its order and without a changed line, against a real server; what it leaves to its reader is in reader/."""

import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from documents import Document, documents
from muster_program import SDK
from waiting import SLOWER

READER = pathlib.Path(__file__).parent / "reader"
#: What the documents' packages stand for here: the names and versions, with nothing in them.
PACKAGES = (("torch", "1.6.0"), ("torchvision", "0.7.0"), ("future", "0.17.1"), ("pillow", "5.4.1"), ("horovod", "0.19.5"))


@pytest.fixture
def reader(server, tmp_path):
    """A folder as the document's reader has it: config.json, scripts, an index with the packages, a Python with the framework."""
    folder = server.folder
    (folder / "config.json").write_text(server("workspace", "config").stdout)
    shutil.copytree(READER, folder, dirs_exist_ok=True)
    return folder


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.stem)
def test_a_documents_blocks_run_unchanged(path, server, reader):
    document = Document(path)
    for text in document.files[:1]:
        (reader / "conda_dependencies.yml").write_text(text)
    for script in reader.rglob("*.py"):
        script.write_text(script.read_text().replace("# The document's lines.\n", document.of_the_script))
    done = subprocess.run([sys.executable, "-W", "error::SyntaxWarning", str(pathlib.Path(__file__).parent / "run_blocks.py"), str(path),
                           "prelude.py"], cwd=reader, env={**server.environment, "PYTHONPATH": str(SDK)}, capture_output=True, text=True,
                          timeout=300 * SLOWER)
    shown = done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["failed"] is None, "the block at line %d of %s:\n%s\n%s" % (
        result["failed"]["line"], path, result["failed"]["block"], shown)
    for run_id in result["runs"]:
        run = server.json("run", "show", run_id)
        assert run["status"] == "Completed", json.dumps(run, indent=1) + shown
