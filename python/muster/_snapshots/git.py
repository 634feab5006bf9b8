"""What git says of a source folder: recorded with a run, so that one knows later which code it was."""
import os
import re
import signal
import subprocess
import tempfile
import threading
from typing import Any, Dict, Optional

PATIENCE_SECONDS = 2.0
_LONGEST_VALUE = 1000
_LONGEST_ANSWER = 1 << 16
# What would send git to another repository: a submission from a git hook has it.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")


class Inquiry:
    """Asks git on a thread of its own: it looks at the same files as the hashing that goes on meanwhile."""

    def __init__(self, folder: str) -> None:
        self._properties: Dict[str, str] = {}
        self._thread = threading.Thread(target=self._ask, args=(folder,), name="muster-git", daemon=True)
        self._thread.start()

    def properties(self) -> Dict[str, str]:
        """Waits for what is not answered yet: at most a little over PATIENCE_SECONDS a question."""
        self._thread.join()
        return self._properties

    def _ask(self, folder: str) -> None:
        self._properties = properties(ask(folder))


def ask(folder: str) -> Dict[str, Any]:
    """What git answers of the work tree that the folder lies in; None where it could not say. Never fails, never hangs."""
    git = _Git(folder)
    answers: Dict[str, Any] = {"commit": None, "branch": None, "address": None, "changed": None}
    if git.answer("rev-parse", "--is-inside-work-tree") != "true":
        return answers
    answers["commit"] = git.answer("rev-parse", "--quiet", "--verify", "HEAD")  # None before the first commit.
    answers["branch"] = git.answer("symbolic-ref", "--quiet", "--short", "HEAD")  # None when HEAD is detached.
    answers["address"] = git.answer("ls-remote", "--get-url")
    # The only one that looks at files: last, so that a tree too large for it still has the rest.
    changes = git.answer("status", "--porcelain", "--untracked-files=normal", "--", ".")
    if changes is not None:
        answers["changed"] = changes != ""
    return answers


def properties(answers: Dict[str, Any]) -> Dict[str, str]:
    """A run's properties by the names of Azure and MLflow, free of credentials (docs/formats.md)."""
    found: Dict[str, str] = {}

    def add(azure: str, mlflow: str, value: str) -> None:
        if value and len(value.encode("utf-8", "replace")) <= _LONGEST_VALUE:
            found["azureml.git." + azure] = found["mlflow.source.git." + mlflow] = value

    if re.match(r"([0-9a-f]{40}|[0-9a-f]{64})\Z", answers["commit"] or ""):
        add("commit", "commit", answers["commit"])
    add("branch", "branch", answers["branch"] or "")
    # Git names the remote it would ask even when there is none of that name.
    if answers["address"] != "origin":
        add("repository_uri", "repoURL", without_credentials(answers["address"] or ""))
    if answers["changed"] is not None:
        found["azureml.git.dirty"] = str(answers["changed"])
    return found


def without_credentials(address: str) -> str:
    """The address without passwords and tokens: the user part of a URL (over ssh the name stays, it is part of the address), its query
    and fragment. "" for a URL whose host cannot be distinguished from its secret. Vectors: tests/golden/git/urls.json."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        # user:password@host:path is not what ssh reads, but people write it.
        user, at, _ = address.partition("/")[0].rpartition("@")
        return address[len(user + at):] if ":" in user else address
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    path = rest[len(authority):]
    user, _, host = authority.rpartition("@")
    # A "port" that is no number is the start of a password with a "/" in it.
    if not re.match(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?\Z", host):
        return ""
    user = user.partition(":")[0] if scheme.lower() in ("ssh", "git+ssh", "ssh+git") else ""
    if scheme.lower() != "file":
        path = re.split("[?#]", path, maxsplit=1)[0]
    return scheme + separator + (user + "@" if user else "") + host + path


class _Git:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._silent = False
        self._environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        self._environment.update(GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0")

    def answer(self, *question: str) -> Optional[str]:
        """Its standard output without the last newline; None when git fails, or has been silent for too long once."""
        if self._silent:
            return None
        try:
            # A file, not a pipe: a process that git leaves behind may hold it open for as long as it likes.
            with tempfile.TemporaryFile() as output:
                # The file system monitor would start a process that stays.
                git = subprocess.Popen(("git", "-C", self._folder, "-c", "core.fsmonitor=false") + question, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=subprocess.DEVNULL, env=self._environment, start_new_session=True)
                try:
                    code = git.wait(PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    self._silent = True
                    _end(git)
                    return None
                if code != 0:
                    return None
                output.seek(0)
                text = output.read(_LONGEST_ANSWER).decode("utf-8", "replace")
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return text[:-1] if text.endswith("\n") else text


def _end(git: "subprocess.Popen[bytes]") -> None:
    """Kills git and what it started: all of its session."""
    if hasattr(os, "killpg"):
        os.killpg(git.pid, signal.SIGKILL)
    else:
        git.kill()
    git.wait(0.5)
