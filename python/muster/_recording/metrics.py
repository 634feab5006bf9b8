"""What may be logged as a metric, its form in the journal, and how `get_metrics` gives it back. Pure."""
import json
import math
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from .segment import IS_INTEGER
from ..exceptions import UserErrorException

EXACT_INTEGER = 2 ** 53
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_TOO_LARGE = ("value: the metric {!r} was given a {} that is beyond a double (about 1.8e308), and cannot be recorded. Scale it, or log its "
              "logarithm.")
_NOT_SCALAR = "value: run.log does not support {}, and the metric {!r} was given one. Use run.{} instead."


def scalar(name: str, value: Any) -> Any:
    """A value given to `run.log` as what can be recorded: int, float, bool, str or None.

    Scalars and one-element arrays of NumPy, PyTorch and the like become Python's own; objects of unknown types become
    their repr. UserErrorException for collections, with the method that takes them, and for numbers beyond a double.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return _whole_number(name, value)
    if isinstance(value, float):
        return float(value)
    item = getattr(value, "item", None)
    if callable(item) and (hasattr(value, "dtype") or hasattr(value, "shape")):
        try:
            plain = item()
        except Exception:  # What is thrown at an array of more than one element is each library's own.
            raise UserErrorException(_NOT_SCALAR.format("array type", name, "log_list"))
        if plain is None or isinstance(plain, (bool, float, str)):
            return plain
        return _whole_number(name, plain) if isinstance(plain, int) else _as_float(name, plain)
    if isinstance(value, Mapping):
        raise UserErrorException(_NOT_SCALAR.format("dict type", name, "log_row"))
    if isinstance(value, (bytes, bytearray)):
        return repr(bytes(value))
    if isinstance(value, (list, tuple, set, frozenset, range)) or hasattr(value, "__next__"):
        raise UserErrorException(_NOT_SCALAR.format("list type", name, "log_list"))
    return repr(value)


def _whole_number(name: str, value: int) -> int:
    """Python's int of it. No reader of metrics can show a number that rounds to no double."""
    try:
        float(value)
    except OverflowError as error:
        raise UserErrorException(_TOO_LARGE.format(name, "whole number"), error)
    return int(value)


def _as_float(name: str, value: Any) -> Any:
    """NumPy's long double has no exact Python form and gives itself back; anything else unknown becomes its repr."""
    try:
        number = float(value)
    except OverflowError as error:
        raise UserErrorException(_TOO_LARGE.format(name, type(value).__name__), error)
    except (TypeError, ValueError):
        return repr(value)
    if math.isinf(number) and number != value:
        raise UserErrorException(_TOO_LARGE.format(name, type(value).__name__))
    return number


def encode(name: str, value: Any) -> Tuple[int, Optional[float], bytes]:
    """A scalar as (flags, number, b"") when it is a number that a double holds, else as (0, None, JSON)."""
    if isinstance(value, float):
        return 0, value, b""
    if isinstance(value, int) and not isinstance(value, bool) and -EXACT_INTEGER <= value <= EXACT_INTEGER:
        return IS_INTEGER, float(value), b""
    return 0, None, to_json(name, value)


def to_json(name: str, value: Any) -> bytes:
    """A value as JSON in UTF-8; numbers that are not finite become the strings "NaN", "Infinity", "-Infinity"."""
    try:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise UserErrorException("value: the metric {!r} was given a text with characters that cannot be written as UTF-8, as half of a "
                                 "surrogate pair.".format(name), error)


def list_value(name: str, values: Any) -> Dict[str, Any]:
    """What `log_list` records."""
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__iter__"):
        raise UserErrorException("value: run.log_list takes a list, and the metric {!r} was given {}. Use run.log for a "
                                 "single value.".format(name, type(values).__name__))
    return {"list": [scalar(name, value) for value in values]}


def row_value(name: str, columns: Mapping[str, Any]) -> Dict[str, Any]:
    """What `log_row` records."""
    if not columns:
        raise UserErrorException("run.log_row was given no columns for the metric {!r}. Give them as "
                                 "run.log_row(name, x=1, y=2).".format(name))
    return {"row": {column: scalar(name, value) for column, value in columns.items()}}


def table_value(name: str, columns: Any) -> Dict[str, Any]:
    """What `log_table` records: columns that are lists of one length, or all scalars."""
    if not isinstance(columns, Mapping) or not columns:
        raise UserErrorException("value: run.log_table takes a dict of columns, and the metric {!r} was given {!r}. Give "
                                 "{{\"x\": [1, 2], \"y\": [3, 4]}}.".format(name, columns))
    table: Dict[str, Any] = {}
    for column, cells in columns.items():
        if not isinstance(column, str):
            raise UserErrorException("value: a column of the table {!r} is named {!r}, which is not a string.".format(name, column))
        if hasattr(cells, "__iter__") and not isinstance(cells, (str, bytes, Mapping)) and getattr(cells, "shape", None) != ():
            table[column] = [scalar(name, cell) for cell in cells]
        else:
            table[column] = scalar(name, cells)
    lengths = {column: len(cells) if isinstance(cells, list) else 1 for column, cells in table.items()}
    if len(set(lengths.values())) > 1:
        raise UserErrorException("value: the columns of the table {!r} have different lengths: {}. Make them the same.".format(
            name, ", ".join("{} has {}".format(column, length) for column, length in lengths.items())))
    return {"table": table}


def chart_value(name: str, value: Any, kind: str, needed: Iterable[str]) -> Dict[str, Any]:
    """What `log_confusion_matrix` and its like record: the document that a chart is drawn from, whole."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise UserErrorException("value: run.log_{} takes a dict or its JSON, and the metric {!r} was given a text that is no JSON: "
                                     "{}.".format(kind, name, error), error)
    data = value.get("data") if isinstance(value, Mapping) else None
    missing = [key for key in needed if not isinstance(data, Mapping) or key not in data]
    if not isinstance(value, Mapping) or value.get("schema_type") != kind or missing:
        raise UserErrorException("value: run.log_{0} takes {{\"schema_type\": \"{0}\", \"schema_version\": …, \"data\": {{{1}, …}}}}, and "
                                 "the metric {2!r} was given something else.".format(
                                     kind, ", ".join('"{}"'.format(key) for key in needed), name))
    return {"row": json.loads(json.dumps(value, default=lambda item: item.tolist() if hasattr(item, "tolist") else repr(item)))}


def gather(points: Iterable[Mapping[str, Any]]) -> Any:
    """The points of one metric, in the order they were logged, as `get_metrics` gives them.

    One value is a scalar, several are a list; lists are joined; a row logged once is {column: scalar}, several rows or
    tables {column: list}; an image is its artifact's path.
    """
    values: List[Any] = []
    columns: Dict[str, List[Any]] = {}
    only_scalars = True
    rows = 0
    lists = False
    for point in points:
        value = point["value"]
        if not isinstance(value, dict):
            values.append(restore(value))
        elif "list" in value:
            lists = True
            values.extend(restore(item) for item in value["list"])
        elif "image" in value:
            values.append(value["image"])
        else:
            rows += 1
            for column, cells in (value.get("row") or value.get("table") or {}).items():
                if isinstance(cells, list):
                    only_scalars = False
                else:
                    cells = [cells]
                columns.setdefault(column, []).extend(restore(cell) for cell in cells)
    if columns:
        if rows == 1 and only_scalars:
            return {column: cells[0] for column, cells in columns.items()}
        return columns
    return values[0] if len(values) == 1 and not lists else values


def restore(value: Any) -> Any:
    """A value from the wire: the strings that stand for numbers that are not finite become those numbers."""
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value


def restore_curve(curve: Dict[str, Any]) -> Dict[str, Any]:
    """A curve from the wire, its numbers restored."""
    for point in [curve["last"]] + curve["points"]:
        point["value"] = restore(point["value"])
    curve.update({bound: restore(curve[bound]) for bound in ("min", "max")})
    return curve


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
