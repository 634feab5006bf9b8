"""Reads pip's requirements files, as far as the client has to: pip itself, where the packages are installed, decides what a line means."""
import os
import re
from typing import List, NamedTuple, Optional, Tuple
from urllib.parse import unquote, urlsplit

from .exceptions import UserErrorException

_LONGEST_FILE = 1 << 20
_DEEPEST = 10
# "name [extras] specifier ; marker": what follows the name tells it from a URL or a path.
_NAMED = re.compile(r"\s*([A-Za-z0-9](?:[\w.\-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(?=$|[<>=!~(;]|@\s|--?[a-z])")
_OPTION = re.compile(r"(-[a-zA-Z]|--[a-z][a-z-]*)(?:[\s=]+|(?<=^-[a-zA-Z])(?=\S))(\S.*)\Z")
_LOCAL_OPTIONS = ("-f", "--find-links", "-e", "--editable")

Requirements = NamedTuple("Requirements", [("packages", List[str]), ("constraints", List[str])])


def requirement_name(requirement: str) -> Optional[str]:
    """The name in "Torch[extra]==1.6.0", as indexes compare names: "torch". None for an option, a URL or a path."""
    match = _NAMED.match(requirement)
    return re.sub(r"[-_.]+", "-", match.group(1)).lower() if match else None


def requirement_marker(requirement: str) -> str:
    """What follows the first ";": for which machines the requirement is meant."""
    return requirement.partition(";")[2].strip()


def read_requirements(path: str) -> Requirements:
    """The lines of a requirements file as they are written, in order, for an installer that does not see this file.

    What `-r` and `-c` name is read as well, and local paths become absolute, as both would mean something else elsewhere.
    """
    found = Requirements([], [])
    _read(path, found, found.packages, 0)
    return found


def localized(lines: List[str], folder: str, where: str) -> Requirements:
    """As read_requirements, of lines that stand in another file in `folder`; errors name it as `where`."""
    found = Requirements([], [])
    for number, line in enumerate(lines, 1):
        _take(line, folder, "{}, pip package {}".format(where, number), found, found.packages, 0)
    return found


def _read(path: str, found: Requirements, into: List[str], depth: int) -> None:
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(_LONGEST_FILE + 1)
    except OSError as error:
        raise UserErrorException("file_path: {} cannot be read: {}.".format(path, error.strerror), error)
    except UnicodeDecodeError as error:
        raise UserErrorException("file_path: {} is not UTF-8: {}.".format(path, error), error)
    if len(text) > _LONGEST_FILE:
        raise UserErrorException("file_path: {} has more than {} characters, which no requirements file needs.".format(path, _LONGEST_FILE))
    for number, line in _logical_lines(text):
        _take(line, os.path.dirname(os.path.abspath(path)), "{}, line {}".format(path, number), found, into, depth)


def _take(line: str, folder: str, where: str, found: Requirements, into: List[str], depth: int) -> None:
    option = _OPTION.match(line)
    name, value = (option.group(1), option.group(2).strip()) if option else ("", "")
    if name in ("-r", "--requirement", "-c", "--constraint"):
        if re.match(r"[a-z][a-z0-9+.]*://", value, re.IGNORECASE):
            into.append(line)  # pip fetches it by itself.
            return
        if depth >= _DEEPEST:
            raise UserErrorException("{}: {!r}: files that name each other are followed {} deep only.".format(where, line, _DEEPEST))
        nested = found.constraints if name in ("-c", "--constraint") else into
        _read(os.path.join(folder, value), found, nested, depth + 1)
        return
    into.append(_with_absolute_path(line, name, value, folder))


def _with_absolute_path(line: str, option: str, value: str, folder: str) -> str:
    if option in _LOCAL_OPTIONS:
        path = _absolute(value, folder, True)
        return "{} {}".format(option, path) if path else line
    if option or line.startswith("-"):
        return line
    head, separator, marker = line.partition(" ;")
    return (_absolute(head.strip(), folder) or head) + separator + marker


def _absolute(text: str, folder: str, is_path: bool = False) -> Optional[str]:
    """Of what is a path on this machine; None for anything else. Extras ("./wheel.whl[gpu]") stay.

    pip looks for a requirement in its working folder and for what an option names beside the file: here either may be meant.
    """
    path, extras = _without_extras(text)
    if path.lower().startswith("file:"):
        path = unquote(urlsplit(path).path) if path.lower().startswith("file://") else path[len("file:"):]
        if os.path.isabs(path):
            return None  # It says already where it is.
    looks_like_path = is_path or path.startswith((".", "/", "~")) or os.sep in path or path.endswith((".whl", ".tar.gz", ".zip"))
    if "://" in path or re.match(r"[a-z]+\+", path) or re.search(r"\s@\s", path) or not looks_like_path:
        return None
    path = os.path.expanduser(path)
    beside = os.path.normpath(os.path.join(folder, path))
    return (beside if os.path.exists(beside) or not os.path.exists(path) else os.path.abspath(path)) + extras


def _without_extras(text: str) -> Tuple[str, str]:
    match = re.match(r"(.*?)(\[[^\]/]*\])\Z", text)
    return (match.group(1), match.group(2)) if match else (text, "")


def _logical_lines(text: str) -> List[Tuple[int, str]]:
    """The lines that say something: joined where one ends with a backslash, comments cut off, as pip does it."""
    lines: List[Tuple[int, str]] = []
    begun: List[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if begun else number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            begun.append(line[:-1])
            continue
        joined = "".join(begun) + ("" if is_comment and begun else line)
        begun = []
        joined = re.sub(r"(^|\s)#.*\Z", "", joined).strip()
        if joined:
            lines.append((first, joined))
    if begun and "".join(begun).strip():
        lines.append((first, "".join(begun).strip()))
    return lines
