"""A range of a PostgreSQL driver enters; the text that PostgreSQL has for it leaves."""

from __future__ import annotations

import re
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any

_ENDS = ("lower", "upper", "lower_inc", "upper_inc")
#: What has to be quoted; an end without a text would else be none at all.
_SPECIAL = re.compile(r'[\s"\\()\[\],]|^$')
_NO_MINUTES = re.compile(r"([+-]\d\d):00$")


def is_range(value: Any) -> bool:
    """Whether this is a range, or some of them, of psycopg, asyncpg or SQLAlchemy."""
    # Of its class: some objects, such as mocks, have any attribute.
    kind = type(value)
    if all(hasattr(kind, name) for name in _ENDS):
        return True
    return kind.__name__.lower() == "multirange"


def range_text(value: Any) -> str:
    """Return ``[1,5)``, ``empty`` or ``{[1,5),[7,9)}``.

    So does PostgreSQL write it ("Range Types", section 8.17.5, and 8.17.6).
    """
    if not hasattr(value, "lower_inc"):
        return f"{{{','.join(map(range_text, value))}}}"
    if _is_empty(value):
        return "empty"
    # An end that is not there is never part of it, whatever its driver says.
    begin = "[" if value.lower_inc and value.lower is not None else "("
    end = "]" if value.upper_inc and value.upper is not None else ")"
    return f"{begin}{_end_text(value.lower)},{_end_text(value.upper)}{end}"


def _is_empty(value: Any) -> bool:
    # Of asyncpg, psycopg and SQLAlchemy; the last had another name at first.
    for name in ("isempty", "is_empty", "empty"):
        if isinstance(found := getattr(value, name, None), bool):
            return found
    return False


def _end_text(value: Any) -> str:
    if value is None:
        return ""
    text = _text(value)
    if not _SPECIAL.search(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        text = value.isoformat(" ")
        seconds, dot, rest = text.partition(".")
        if dot:
            text = f"{seconds}.{rest[:6].rstrip('0')}{rest[6:]}"
        return _NO_MINUTES.sub(r"\1", text)
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
