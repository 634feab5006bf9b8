"""Writes docs/api-reference.md from the SDK's docstrings: `python3 tools/api_reference.py > docs/api-reference.md`.

tests/lint/test_api_reference.py holds the page to the code.
"""
import importlib
import inspect
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
# In the order of use.
MODULES = [
    ("Workspaces and experiments", ["workspace", "experiment", "authentication", "keyvault"]),
    ("What is submitted", ["script_run_config", "runconfig", "estimator"]),
    ("Environments", ["environment", "_environment_sections", "environment_build", "conda_dependencies"]),
    ("Compute", ["compute"]),
    ("Runs", ["run", "script_run", "offline_run", "widgets"]),
    ("Data", ["datastore", "dataset", "output_dataset"]),
    ("Models", ["model"]),
    ("Errors", ["exceptions"]),
]
HEAD = """# The SDK's reference

Made from the docstrings by `tools/api_reference.py`. `from azureml.core import Run` and `from muster import Run` give the same class;
which names of Azure's SDK are where is in [From Azure ML SDK v1](from-azureml-v1.md), and how they go together in
[The Python SDK](python-sdk.md).
"""


def signature(function, skip_first):
    """Its parameters and defaults, without types."""
    parameters = list(inspect.signature(function).parameters.values())[1 if skip_first else 0:]
    shown = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters if not parameter.name.startswith("_")]
    return str(inspect.Signature(shown))


def members(cls):
    """(name, what it is, how it is called, docstring) of all that is public and the SDK's own, inherited or not, in the order written."""
    seen = set()
    for base in cls.__mro__:
        if not base.__module__.startswith("muster"):
            continue
        for name, value in vars(base).items():
            if name.startswith("_") or name in seen or not (callable(value) or isinstance(value, (property, staticmethod, classmethod))):
                continue
            seen.add(name)
            if isinstance(value, property):
                doc = value.__doc__
                yield name, "", doc
            else:
                function = getattr(cls, name)
                if not inspect.isfunction(function) and not inspect.ismethod(function):
                    continue
                doc = inspect.getdoc(function)
                is_bound = isinstance(value, (staticmethod, classmethod))
                yield name, signature(function, not is_bound), doc


def in_a_line(doc):
    """The docstring as one line."""
    return " ".join(inspect.cleandoc(doc or "").split())


def classes(module):
    """Those that the module defines, in the order written."""
    for name, value in vars(module).items():
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_") and type(value).__name__ == "type":
            yield name, value


def reference():
    """The page."""
    lines = [HEAD]
    for title, names in MODULES:
        lines.append("## {}\n".format(title))
        for name in names:
            for class_name, cls in classes(importlib.import_module("muster." + name)):
                lines += describe(class_name, cls)
    return "\n".join(lines).rstrip() + "\n"


def describe(name, cls):
    """A class: what it is, how it is made, and what it has."""
    if issubclass(cls, Exception):
        bases = ", ".join("`{}`".format(base.__name__) for base in cls.__bases__)
        return ["- **{}** ({}): {}".format(name, bases, in_a_line(cls.__doc__)), ""]
    lines = ["### {}\n".format(name)]
    if "__init__" in vars(cls) or cls.__init__ is not object.__init__:
        lines.append("`{}{}`\n".format(name, signature(cls.__init__, True)))
    lines.append(inspect.cleandoc(cls.__doc__ or "") + "\n")
    for member, call, doc in members(cls):
        lines.append("- `{}{}`: {}".format(member, call, in_a_line(doc)))
    return lines + [""]


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(ROOT, "python"))
    sys.stdout.write(reference())
