#!/usr/bin/env python3
"""Asks git itself what it thinks of every ignore vector, so that the vectors are git's rules and not our memory of them.

Usage: check_with_git.py    (prints each disagreement; exit 1 when there is one)
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def git_says(rules, case):
    """Whether git ignores the case's path in a repository whose only ignore file holds `rules`."""
    folder = tempfile.mkdtemp()
    try:
        subprocess.check_call(["git", "init", "-q", folder])
        with open(os.path.join(folder, ".gitignore"), "wb") as file:
            file.write(rules.encode("utf-8"))
        path = os.path.join(folder, case["path"])
        if case["folder"]:
            os.makedirs(path)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
        command = ["git", "-C", folder, "-c", "core.excludesFile=/dev/null", "-c", "core.ignoreCase=false",
                   "check-ignore", "-q", "--no-index", "--", case["path"]]
        return subprocess.call(command) == 0
    finally:
        shutil.rmtree(folder)


def main():
    disagreements = 0
    for name in sorted(glob.glob(os.path.join(HERE, "*.json"))):
        with open(name, encoding="utf-8") as file:
            vector = json.load(file)
        for case in vector["cases"]:
            if git_says(vector["rules"], case) != case["ignored"]:
                disagreements += 1
                print("{}: {!r}: git says ignored={}".format(os.path.basename(name), case["path"], not case["ignored"]))
    print("{} disagreements".format(disagreements))
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
