"""The ignore rules of a source folder: `.amlignore`, else `.gitignore`, in git's syntax. See docs/formats.md.

Matching is on the bytes of the path in UTF-8, as in git: `?` is one byte.
"""
import os
import re
from typing import List, NamedTuple, Optional, Pattern, Set

OUR_RULES = (".git/", ".azureml/", ".muster/", "__pycache__/", ".ipynb_checkpoints/", "/outputs/", "/logs/", "/azureml-logs/")
FILES = (".amlignore", ".gitignore")
LIMIT_BYTES = 1 << 20

Rule = NamedTuple("Rule", [("pattern", Pattern[bytes]), ("takes_back", bool), ("folders_only", bool), ("whole_path", bool)])


class IgnoreRules:
    """Decides which paths of a source folder are left out. Pure; see `load` for reading a folder's own file."""

    def __init__(self, text: bytes = b"", with_ours: bool = False) -> None:
        lines = [rule.encode("ascii") for rule in OUR_RULES] if with_ours else []
        if text.startswith(b"\xef\xbb\xbf"):
            text = text[3:]
        lines += text.split(b"\n")
        rules = (_parse(line[:-1] if line.endswith(b"\r") else line) for line in lines)
        # The last rule that matches decides, so they are tried from the end.
        self._rules: List[Rule] = [rule for rule in rules if rule is not None][::-1]

    def matches(self, path: str, folder: bool) -> bool:
        """Whether the entry itself is ignored, its parents being kept. For a walk that never enters an ignored folder."""
        whole = path.encode("utf-8", "surrogateescape")
        name = whole.rpartition(b"/")[2]
        for rule in self._rules:
            if rule.folders_only and not folder:
                continue
            if rule.pattern.match(whole if rule.whole_path else name):
                return not rule.takes_back
        return False

    def ignores(self, path: str, folder: bool) -> bool:
        """Whether the path is ignored, by itself or because a folder above it is."""
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if self.matches("/".join(parts[:depth]), True):
                return True
        return self.matches(path, folder)


def load(folder: str) -> IgnoreRules:
    """The rules for a source folder: ours, then those of its `.amlignore`, else of its `.gitignore`.

    OSError when that file is there and cannot be read; ValueError when it is longer than a mebibyte.
    """
    for name in FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                text = file.read(LIMIT_BYTES + 1)
            if len(text) > LIMIT_BYTES:
                raise ValueError("{} is longer than 1 MiB, which no list of rules is.".format(path))
            return IgnoreRules(text, with_ours=True)
    return IgnoreRules(with_ours=True)


def _parse(line: bytes) -> Optional[Rule]:
    """One line as a rule; None for what is none: an empty line, a comment, a pattern that can match nothing."""
    if line.startswith(b"#"):
        return None
    line = _without_trailing_spaces(line)
    takes_back = line.startswith(b"!")
    if takes_back:
        line = line[1:]
    folders_only = line.endswith(b"/")
    if folders_only:
        line = line[:-1]
    if not line:
        return None
    whole_path = b"/" in line
    if line.startswith(b"/"):
        line = line[1:]
    expression = _translate(line)
    if expression is None:
        return None
    return Rule(re.compile(expression + b"\\Z", re.DOTALL), takes_back, folders_only, whole_path)


def _without_trailing_spaces(line: bytes) -> bytes:
    """Drops the spaces at the end, but for one that a backslash keeps."""
    end = len(line)
    while end and line[end - 1:end] == b" ":
        end -= 1
    backslashes = len(line[:end]) - len(line[:end].rstrip(b"\\"))
    if backslashes % 2 and end < len(line):
        end += 1
    return line[:end]


def _translate(pattern: bytes) -> Optional[bytes]:
    """A git pattern as a regular expression for the whole path or name; None when it can match nothing."""
    out: List[bytes] = []
    at = 0
    while at < len(pattern):
        char = pattern[at:at + 1]
        if char == b"*":
            end = at
            while pattern[end:end + 1] == b"*":
                end += 1
            starts = at == 0 or pattern[at - 1:at] == b"/"
            if end - at >= 2 and starts and pattern[end:end + 1] == b"/":
                out.append(b"(?:.*/)?")
                end += 1
            elif end - at >= 2 and starts and end == len(pattern):
                out.append(b".*" if at == 0 else b".+")
            else:
                out.append(b"[^/]*")
            at = end
        elif char == b"?":
            out.append(b"[^/]")
            at += 1
        elif char == b"[":
            close = _class_end(pattern, at)
            if close is None:
                return None
            out.append(_translate_class(pattern[at + 1:close]))
            at = close + 1
        elif char == b"\\":
            if at + 1 == len(pattern):
                return None
            out.append(re.escape(pattern[at + 1:at + 2]))
            at += 2
        else:
            out.append(re.escape(char))
            at += 1
    return b"".join(out)


def _class_end(pattern: bytes, start: int) -> Optional[int]:
    """Where the `]` is that closes the class opened at `start`; None when nothing closes it."""
    at = start + 1
    if pattern[at:at + 1] in (b"!", b"^"):
        at += 1
    first = at
    while at < len(pattern):
        char = pattern[at:at + 1]
        if char == b"]" and at > first:
            return at
        at += 2 if char == b"\\" else 1
    return None


def _translate_class(inside: bytes) -> bytes:
    """What stands between `[` and `]` as a regular expression; a class never matches a slash."""
    negated = inside[:1] in (b"!", b"^")
    chars: List[bytes] = []
    escaped: List[bool] = []
    at = 1 if negated else 0
    while at < len(inside):
        is_escape = inside[at:at + 1] == b"\\" and at + 1 < len(inside)
        at += 1 if is_escape else 0
        chars.append(inside[at:at + 1])
        escaped.append(is_escape)
        at += 1
    allowed: Set[int] = set()
    at = 0
    while at < len(chars):
        if at + 2 < len(chars) and chars[at + 1] == b"-" and not escaped[at + 1]:
            allowed.add(ord(chars[at]))  # Also where the range is the wrong way round.
            allowed.update(range(ord(chars[at]), ord(chars[at + 2]) + 1))
            at += 3
        else:
            allowed.add(ord(chars[at]))
            at += 1
    if negated:
        allowed = set(range(256)) - allowed
    allowed.discard(ord("/"))
    if not allowed:
        return b"(?!)"
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(allowed)) + b"]"
