"""What a notebook shows of an object: one row of a table."""
import html
from typing import Any, Iterable, Tuple


class Link(str):
    """An address that can be followed."""


def html_table(columns: Iterable[Tuple[str, Any]]) -> str:
    """A table of one row; what comes from outside cannot be more than text in it."""
    head, row = "", ""
    for title, value in columns:
        head += "<th>{}</th>".format(html.escape(title))
        text = html.escape(str(value))
        if isinstance(value, Link) and value.startswith(("http://", "https://")):
            text = '<a href="{}" target="_blank" rel="noopener">Link</a>'.format(text)
        row += "<td>{}</td>".format(text)
    return '<table style="width:100%"><tr>{}</tr><tr>{}</tr></table>'.format(head, row)
