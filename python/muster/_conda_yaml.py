"""Reads the YAML that conda environment files are written in: a mapping of texts and lists, with one list of pip packages
inside. Anything else of YAML is refused with its line, rather than guessed at."""
import re
from typing import Iterator, List, NamedTuple, NoReturn, Optional, Tuple

from .exceptions import UserErrorException

KEYS = ("name", "channels", "dependencies", "prefix", "variables")

CondaFile = NamedTuple("CondaFile", [("name", str), ("channels", List[str]), ("conda_packages", List[str]), ("pip_packages", List[str])])
Line = NamedTuple("Line", [("number", int), ("indent", int), ("text", str)])

_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)[ \t]*:(?:[ \t]+(.*))?\Z")
_WHITE = " \t"  # of YAML; Python's own idea of white space is wider
# Line breaks and control characters that YAML does not have, or not everywhere.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def read_conda_file(path: str) -> CondaFile:
    """Reads a conda environment file. UserErrorException naming the file, the line and what was expected there."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(1 << 20)
    except OSError as error:
        raise UserErrorException("file_path: {} cannot be read: {}.".format(path, error.strerror), error)
    except UnicodeDecodeError as error:
        raise UserErrorException("file_path: {} is not UTF-8: {}.".format(path, error), error)
    return parse_conda_file(text, path)


def parse_conda_file(text: str, path: str = "conda file") -> CondaFile:
    """As read_conda_file, of a text."""
    return _Parser(path, yaml_lines(text, path)).parse()


class _Parser:
    def __init__(self, path: str, lines: List[Line]) -> None:
        self._path = path
        self._lines = lines
        self._at = 0
        self._name = ""
        self._channels: List[str] = []
        self._conda: List[str] = []
        self._pip: List[str] = []

    def parse(self) -> CondaFile:
        seen = set()
        while self._at < len(self._lines):
            line = self._next()
            match = _KEY.match(line.text)
            if line.indent or not match:
                self._refuse(line, "expected a key at the start of the line, one of {}".format(", ".join(KEYS)))
            key, value = match.group(1), (match.group(2) or "").strip(_WHITE)
            if key not in KEYS:
                self._refuse(line, "{!r} is not a key of a conda environment; the keys are {}".format(key, ", ".join(KEYS)))
            if key in seen:
                self._refuse(line, "the key {!r} is given twice".format(key))
            seen.add(key)
            if key == "name":
                self._name = self._scalar(line, value)
            elif key == "prefix":
                pass  # Where the environment was on the machine it was exported from.
            elif key == "channels":
                self._channels = self._texts(line, value)
            elif key == "variables":
                self._refuse(line, "variables are not read from here; set environment.environment_variables")
            else:
                self._dependencies(line, value)
        if "dependencies" not in seen:
            raise UserErrorException("{} has no key 'dependencies', so it is not a conda environment file.".format(self._path))
        return CondaFile(self._name, self._channels, self._conda, self._pip)

    def _dependencies(self, key: Line, value: str) -> None:
        if value:
            self._conda = self._flow_list(key, value)
            return
        for line, item in self._items(key):
            match = _KEY.match(item)
            if not match:
                self._conda.append(self._scalar(line, item))
            elif match.group(1) != "pip":
                self._refuse(line, "only pip has a list of its own among the dependencies")
            else:
                self._pip += self._texts(line, (match.group(2) or "").strip(_WHITE))

    def _texts(self, key: Line, value: str) -> List[str]:
        if value:
            return self._flow_list(key, value)
        return [self._scalar(line, item) for line, item in self._items(key)]

    def _items(self, key: Line) -> Iterator[Tuple[Line, str]]:
        """The lines `- item` below a key, one by one, so that an item may take the lines below itself."""
        indent: Optional[int] = None
        # A list whose key is itself an item stands no further left than that key.
        least = key.indent + len(key.text) - len(key.text.lstrip("- "))
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not (line.text == "-" or line.text.startswith("- ")) or line.indent < least:
                return
            if indent is None:
                indent = line.indent
            elif line.indent < indent:
                return
            elif line.indent > indent:
                self._refuse(line, "the list's items are not indented alike")
            self._at += 1
            yield line, line.text[1:].strip(_WHITE)

    def _flow_list(self, line: Line, value: str) -> List[str]:
        if not (value.startswith("[") and value.endswith("]")):
            self._refuse(line, "expected a list")
        inside = value[1:-1].strip(_WHITE)
        if re.search(r"[\[\]{}]", inside):
            self._refuse(line, "brackets inside of a list in brackets are not read")
        return [self._scalar(line, item.strip(_WHITE)) for item in inside.split(",")] if inside else []

    def _scalar(self, line: Line, text: str) -> str:
        if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
            inside = text[1:-1]
            if text[0] in inside or "\\" in inside:
                self._refuse(line, "quotes or backslashes inside of quotes are not read")
            return inside
        if not text or text[0] in "&*!|>%@`{}[]\"'?," or re.match(r"-([ \t]|\Z)", text) or re.search(r":([ \t]|\Z)", text):
            self._refuse(line, "expected plain text")
        return text

    def _next(self) -> Line:
        self._at += 1
        return self._lines[self._at - 1]

    def _refuse(self, line: Line, why: str) -> "NoReturn":
        raise UserErrorException("{}, line {}: {!r}: {}. Muster reads name, channels, and dependencies with their pip "
                                 "list.".format(self._path, line.number, line.text, why))


def yaml_lines(text: str, path: str) -> List[Line]:
    """The lines that say something, comments cut off."""
    lines: List[Line] = []
    begun = ended = False
    for number, raw in enumerate(re.split("\r\n|\r|\n", text), 1):
        forbidden = _FORBIDDEN.search(raw)
        if forbidden:
            raise UserErrorException("{}, line {}: it has the character {!a}, which YAML does not allow there.".format(
                path, number, forbidden.group()))
        line = re.sub(r"(^|[ \t])#.*\Z", "", raw).rstrip(_WHITE)
        if not line.strip(_WHITE):
            continue
        if line == "---" and not begun:
            begun = True
            continue
        begun = True
        if line == "...":
            ended = True
            continue
        if line == "---" or ended:
            raise UserErrorException("{}, line {}: a second document begins here. Muster reads files of one.".format(path, number))
        indent = len(line) - len(line.lstrip(" "))
        if line[indent] == "\t":
            raise UserErrorException("{}, line {}: indented by a tab, which YAML does not allow. Use spaces.".format(path, number))
        lines.append(Line(number, indent, line[indent:]))
    return lines
