"""The bodies of requests: JSON in UTF-8."""
import json
from typing import Any, Iterator, Tuple

from ..exceptions import UserErrorException


def encode(body: Any) -> bytes:
    """The body as JSON. UserErrorException, naming the field, for a text that UTF-8 cannot hold: a file name of other bytes is one."""
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError as error:
        for field, text in _texts("", body):
            if not is_text(text):
                raise UserErrorException("{}: {!a} is not text: UTF-8 cannot hold it.".format(field, text), error)
        raise


def is_text(text: str) -> bool:
    """Whether UTF-8 can hold it; lone surrogates, as for bytes of a file name that are not UTF-8, it cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _texts(field: str, value: Any) -> Iterator[Tuple[str, str]]:
    """All texts in the value with where they are: "tags.team", "arguments[2]"."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield field or "the body", str(key)
            yield from _texts("{}.{}".format(field, key) if field else str(key), one)
    elif isinstance(value, (list, tuple)):
        for index, one in enumerate(value):
            yield from _texts("{}[{}]".format(field, index), one)
