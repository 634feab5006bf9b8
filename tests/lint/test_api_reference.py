"""docs/api-reference.md is what the docstrings say, and each public name has one."""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))
import api_reference  # noqa: E402


def test_the_page_is_fresh():
    with open(os.path.join(ROOT, "docs", "api-reference.md"), encoding="utf-8") as file:
        assert file.read() == api_reference.reference(), "run: python3 tools/api_reference.py > docs/api-reference.md"


def test_each_public_name_says_what_it_does():
    undocumented = re.findall(r"^- (`.*`|\*\*.*\*\* \(.*\)): *$|^### (\w+)\n\n(?:`.*`\n\n)?\n", api_reference.reference(), re.MULTILINE)
    assert undocumented == []
