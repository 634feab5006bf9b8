"""The documents whose code has to run unchanged, and their blocks, as a reader would copy them."""

import os
import pathlib
import re

OWN = pathlib.Path(__file__).parent / "own"
FENCED = re.compile(r"^```(\w+)[ \t]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
# What a document shows of the training script, and not of what submits it.
OF_THE_SCRIPT = re.compile(r"\A(import (torch|horovod)\s*)+\Z")


def documents():
    """The path of each document, of ours and of those in the folder that MUSTER_SEEDS names."""
    folder = os.environ.get("MUSTER_SEEDS")
    given = sorted(pathlib.Path(folder).glob("*.txt")) if folder else []
    assert given or not folder, "MUSTER_SEEDS names %s, which has no documents" % folder
    return sorted(OWN.glob("*.md")) + given


class Document:
    def __init__(self, path):
        self.path = path
        text = path.read_text(encoding="utf-8-sig")
        found = [(kind.lower(), block, text.count("\n", 0, match.start()) + 2)
                 for match in FENCED.finditer(text) for kind, block in [match.groups()]]
        python = [(block, line) for kind, block, line in found if kind == "python"]
        #: (text, number of its first line in the document), in the document's order
        self.blocks = [(block, line) for block, line in python if not OF_THE_SCRIPT.match(block)]
        #: the first lines of the script of a distributed run
        self.of_the_script = "".join(block for block, _ in python if OF_THE_SCRIPT.match(block))
        #: the files it shows
        self.files = [block for kind, block, _ in found if kind == "yaml"]

    def uses(self, name):
        return any(name in block for block, _ in self.blocks)
