"""docs/from-azureml-v1.md says of each azureml name what it does: what the code has, and no more."""
import importlib
import os
import re

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
AZUREML = os.path.join(ROOT, "python", "azureml")


def section(title):
    """The names of each module in the table below the heading."""
    with open(os.path.join(ROOT, "docs", "from-azureml-v1.md"), encoding="utf-8") as file:
        text = file.read().split("\n## {}\n".format(title))[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(azureml[\w.]*)` \| (.*?) \|$", text, re.MULTILINE)
    return {module: set(re.findall(r"`(\w+)`", names)) for module, names in rows}


def modules():
    for folder, _, names in os.walk(AZUREML):
        for name in names:
            if name.endswith(".py"):
                path = os.path.relpath(os.path.join(folder, name), os.path.dirname(AZUREML))[:-3].replace(os.sep, ".")
                yield path[:-len(".__init__")] if path.endswith(".__init__") else path


def is_supported(value):
    return type(value).__name__ != "_Unsupported"


@pytest.mark.parametrize("module", sorted(modules()))
def test_the_page_names_what_is_not_there(module):
    loaded = importlib.import_module(module)
    named = section("Not there").get(module, set())
    own = {name for name in getattr(loaded, "__all__", ()) if not is_supported(getattr(loaded, name)) and
           (getattr(loaded, name).__module__ == module or not module.count("."))}
    assert own == named


def test_what_the_page_calls_the_same_is_there():
    for module, names in section("The same").items():
        loaded = importlib.import_module(module)
        for name in names - {"show"}:
            assert is_supported(getattr(loaded, name)), "{}.{}".format(module, name)
