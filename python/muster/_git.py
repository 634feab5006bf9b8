"""What git says of a source folder: recorded with a run, so that one knows later which code it was."""
import os
import re
import subprocess
from typing import Dict, Optional

TIMEOUT_SECONDS = 3.0


def properties(folder: str) -> Dict[str, str]:
    """Azure's `azureml.git.*` properties; none when the folder is in no repository or git is not there."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    found = {"azureml.git.commit": commit, "mlflow.source.git.commit": commit}
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    if branch:
        found.update({"azureml.git.branch": branch, "mlflow.source.git.branch": branch})
    address = _git(folder, "config", "--get", "remote.origin.url")
    if address:
        address = re.sub(r"^([a-z+]+://)[^/@]*@", r"\1", address)  # A password in the address is nobody else's.
        found.update({"azureml.git.repository_uri": address, "mlflow.source.git.repoURL": address})
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    if changes is not None:
        found["azureml.git.dirty"] = str(bool(changes))
    return found


def _git(folder: str, *arguments: str) -> Optional[str]:
    environment = dict(os.environ, GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0")
    try:
        done = subprocess.run(("git", "-C", folder) + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, env=environment)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
