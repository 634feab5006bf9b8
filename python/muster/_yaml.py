"""Reads and writes the YAML of configuration files: mappings, lists and plain values. What else YAML has (anchors, tags, texts over several
lines) is refused with its line, rather than guessed at."""
import json
import re
from typing import Any, Dict, List, NoReturn, Tuple

from ._conda_yaml import Line, yaml_lines
from .exceptions import UserErrorException

_DEEPEST = 40
_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#&*!|>%@`{}\[\],?-][^:#]*?)[ \t]*:(?:[ \t]+(.*))?\Z""")
_PLAIN = re.compile(r"[A-Za-z_./$][\w./$=+@-]*\Z", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\Z")
_WORDS: Dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_NOT_PLAIN = ("null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan")


def read_yaml(text: str, where: str) -> Any:
    """What it says. UserErrorException with the line for what is not read; `where` names the file in it."""
    reader = _Reader(where, yaml_lines(text, where))
    return reader.all()


def write_yaml(value: Any) -> str:
    """The value's YAML: dictionaries and lists of texts, numbers, booleans and None."""
    return "\n".join(_written(value, 0)) + "\n"


def _written(value: Any, indent: int) -> List[str]:
    space = " " * indent
    if isinstance(value, dict) and value:
        lines = []
        for key, one in value.items():
            nested = isinstance(one, (dict, list)) and one
            lines.append("{}{}:{}".format(space, _scalar(key), "" if nested else " " + _scalar(one)))
            lines += _written(one, indent + 2) if nested else []
        return lines
    if isinstance(value, list) and value:
        lines = []
        for one in value:
            inner = _written(one, indent + 2)
            lines.append("{}- {}".format(space, inner[0].lstrip(" ")))
            lines += inner[1:]
        return lines
    return [space + _scalar(value)]


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _NOT_PLAIN:
        return value
    # JSON is YAML; what begins a comment is spelt so that nobody who looks for one finds it.
    return json.dumps(value, ensure_ascii=True).replace("#", "\\u0023")


class _Reader:
    def __init__(self, where: str, lines: List[Line]) -> None:
        self._where, self._lines, self._at, self._depth = where, lines, 0, 0

    def all(self) -> Any:
        if not self._lines:
            return None
        value = self._block(self._lines[0].indent)
        if self._at < len(self._lines):
            self._refuse(self._lines[self._at], "it is not indented as what it belongs to")
        return value

    def _block(self, indent: int) -> Any:
        """All lines of this indent, with what is below them."""
        self._depth += 1
        line = self._lines[self._at]
        if self._depth > _DEEPEST:
            self._refuse(line, "it is nested too deeply")
        value: Any
        if _is_item(line):
            value = self._list(indent)
        elif _KEY.match(line.text):
            value = self._mapping(indent)
        else:
            self._at += 1
            value = self._value(line, line.text)
        self._depth -= 1
        return value

    def _mapping(self, indent: int) -> Dict[str, Any]:
        found: Dict[str, Any] = {}
        while self._at < len(self._lines) and self._lines[self._at].indent == indent and not _is_item(self._lines[self._at]):
            line = self._lines[self._at]
            match = _KEY.match(line.text)
            if not match:
                self._refuse(line, "expected `key: value`")
            key = str(self._value(line, match.group(1))) if match.group(1)[0] in "\"'" else match.group(1)
            if key in found:
                self._refuse(line, "the key {!r} is given twice".format(key))
            self._at += 1
            rest = (match.group(2) or "").strip(" \t")
            found[key] = self._value(line, rest) if rest else self._below(indent, True)
        return found

    def _list(self, indent: int) -> List[Any]:
        found: List[Any] = []
        while self._at < len(self._lines) and self._lines[self._at].indent == indent and _is_item(self._lines[self._at]):
            line = self._lines[self._at]
            rest = line.text[1:].lstrip(" \t")
            if rest and (_KEY.match(rest) or rest.startswith("- ")):
                # A block that begins behind the hyphen.
                self._lines[self._at] = Line(line.number, indent + len(line.text) - len(rest), rest)
                found.append(self._block(self._lines[self._at].indent))
                continue
            self._at += 1
            found.append(self._value(line, rest) if rest else self._below(indent, False))
        return found

    def _below(self, indent: int, is_key: bool) -> Any:
        """What stands below a key or a hyphen: a key's list may be indented as the key is."""
        if self._at >= len(self._lines):
            return None
        line = self._lines[self._at]
        if line.indent > indent or (is_key and line.indent == indent and _is_item(line)):
            return self._block(line.indent)
        return None

    def _value(self, line: Line, text: str) -> Any:
        value, rest = self._flow(line, text, "", 0)
        if rest:
            self._refuse(line, "there is more behind the value")
        return value

    def _flow(self, line: Line, text: str, ends: str, depth: int) -> Tuple[Any, str]:
        """The value that the text begins with, and what is behind it; without `ends` a plain one goes to the end."""
        text = text.lstrip(" \t")
        if depth > _DEEPEST:
            self._refuse(line, "it is nested too deeply")
        if text[:1] == '"':
            match = re.match(r'"(?:[^"\\]|\\.)*"', text)
            try:
                return json.loads(match.group() if match else ""), text[match.end() if match else 0:].lstrip(" \t")
            except ValueError:
                self._refuse(line, "its quotes are not closed, or hold what JSON's may not")
        if text[:1] == "'":
            match = re.match(r"'((?:[^']|'')*)'", text)
            if not match:
                self._refuse(line, "its quotes are not closed")
            return match.group(1).replace("''", "'"), text[match.end():].lstrip(" \t")
        if text[:1] in ("[", "{"):
            return self._collection(line, text, depth)
        plain = re.match("[^{}]*".format(re.escape(ends)) if ends else ".*", text)
        word = plain.group().strip(" \t") if plain else ""
        rest = text[plain.end():] if plain else text
        if word.lower() in _WORDS:
            return _WORDS[word.lower()], rest
        if word[0] in "&*!|>%@`{}[]," or re.search(r":([ \t]|\Z)", word):
            self._refuse(line, "this is not read; give a plain value, or put it into quotes")
        if _NUMBER.match(word):
            return (float(word) if re.search("[.eE]", word) else int(word)), rest
        return word, rest

    def _collection(self, line: Line, text: str, depth: int) -> Tuple[Any, str]:
        is_list = text[0] == "["
        end = "]" if is_list else "}"
        items: List[Any] = []
        fields: Dict[str, Any] = {}
        text = text[1:].lstrip(" \t")
        while not text.startswith(end):
            value, text = self._flow(line, text, ",]}" if is_list else ":,]}", depth + 1)
            if is_list:
                items.append(value)
            elif not text.startswith(":"):
                self._refuse(line, "expected {key: value}")
            else:
                fields[str(value)], text = self._flow(line, text[1:], ",]}", depth + 1)
            text = text.lstrip(" \t")
            if text.startswith(","):
                text = text[1:].lstrip(" \t")
            elif not text.startswith(end):
                self._refuse(line, "its brackets are not closed")
        return (items if is_list else fields), text[1:].lstrip(" \t")

    def _refuse(self, line: Line, why: str) -> "NoReturn":
        raise UserErrorException("{}, line {}: {!r}: {}.".format(self._where, line.number, line.text[:200], why))


def _is_item(line: Line) -> bool:
    return line.text == "-" or line.text.startswith("- ")
