"""Puts the `azureml` names of an installed Muster at the end of the path, at the start of each Python (muster_azureml.pth).

Microsoft's own azureml-core, where it is installed, is left alone and wins, unless MUSTER_AZUREML=1 asks for Muster's names.
"""
import os
import sys


def add():
    """Looks at folders' names alone: every start of Python pays for it."""
    names = os.path.join(os.path.dirname(os.path.abspath(__file__)), "muster", "_v1")
    if os.environ.get("MUSTER_AZUREML") == "1":
        sys.path.insert(0, names)
    elif not any(os.path.isdir(os.path.join(folder, "azureml", "core")) for folder in sys.path):
        sys.path.append(names)
