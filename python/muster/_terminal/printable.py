"""What others wrote, made harmless for a terminal: names, messages, logs. The same rules as in src/cli/terminal/width.cc."""
import re
import sys
from typing import Match

_REPLACEMENT = "\ufffd"
# Control characters; soft hyphens and fillers; bidirectional marks, embeddings, overrides and isolates; what has no width; line
# separators; annotations; tags.
_HARMFUL = ("\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
            "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff")
# Joiners have a meaning in the scripts that join, and between emoji; elsewhere they hide.
_JOINED = "(?<=[\u0600-\u200b\u200e-\U0010ffff])[\u200c\u200d]"
_IN_A_LINE = re.compile(_JOINED + "|([" + _HARMFUL + "])")
_SEQUENCE = re.compile(
    "(\x1b\\[[0-9;:]{0,64}m)"  # colours
    "|\x1b\\[[\x20-\x3f]*[\x40-\x7e]?"  # moves, erasing, modes
    "|\x1b[\\]PX^_][^\x07\x1b\\n]*(?:\x07|\x1b\\\\)?"  # titles, the clipboard, device settings
    "|\x1b[\x20-\x2f]*[\x30-\x7e]?"
    "|([\n\r\t\x08])"
    "|" + _JOINED + "|([" + _HARMFUL + "])")
_BEGUN = re.compile("\x1b(?:\\[[\x20-\x3f]{0,80}|[\\]PX^_][^\x07\x1b\\n]{0,4096}\x1b?|[\x20-\x2f]*)?\\Z")


def printable(text: str) -> str:
    """One line of text without what could steer a terminal or hide in it."""
    return _IN_A_LINE.sub(lambda found: found.group() if not found.group(1) else " " if found.group() == "\t" else _REPLACEMENT, text)


def printable_lines(text: str) -> str:
    """The same for text in several lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


class LogFilter:
    """A log on a terminal: colours and what redraws a line stay, other control sequences are left out. Pieces may be cut anywhere."""

    def __init__(self) -> None:
        self._begun = ""

    def filter(self, text: str) -> str:
        """What may be shown now; the beginning of a sequence is kept for the next piece."""
        text = self._begun + text
        begun = _BEGUN.search(text)
        self._begun = begun.group() if begun else ""
        if begun:
            text = text[:begun.start()]
        return _SEQUENCE.sub(_shown, text)


def _shown(found: Match[str]) -> str:
    if found.group(3):
        return _REPLACEMENT
    if found.group().startswith("\x1b"):
        return found.group(1) or ""
    return found.group()


def write(text: str) -> None:
    """Prints text on a standard output that may know fewer characters than it has."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()
