"""A file is about 100 lines; one past 400 holds more than one idea."""

import pathlib

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MOST_LINES = 400


def files():
    """The product's own; a test may be a long row of small cases."""
    for folder, pattern in (("src", "*.cc"), ("src", "*.h"), ("python/muster", "*.py"), ("python/azureml", "*.py"), ("samples", "*.py")):
        yield from (file for file in (SOURCE / folder).rglob(pattern) if not file.name.endswith("_test.cc"))


@pytest.mark.parametrize("folder", ["src", "python", "samples"])
def test_there_are_files_to_look_at(folder):
    assert any(file.relative_to(SOURCE).parts[0] == folder for file in files())


def test_no_file_is_longer():
    lengths = {str(file.relative_to(SOURCE)): file.read_text().count("\n") for file in files()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
