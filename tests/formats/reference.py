"""Rows enter; the bytes that the value table asks for leave, made slowly and plainly.

Nothing here is shared with the package: it is what the formats are compared with.
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

Table = Sequence[Sequence[Any]]


def csv_bytes(
    columns: Sequence[str],
    rows: Table,
    *,
    delimiter: str = ",",
    line_end: str = "\n",
) -> bytes:
    """Return CSV with quotes only where RFC 4180 or the value table wants them."""
    single = len(columns) == 1

    def cell(value: Any) -> str:
        text = csv_text(value)
        if text is None:
            return '""' if single else ""
        special = any(sign in text for sign in (delimiter, '"', "\r", "\n"))
        # The last is PostgreSQL's end of data.
        if special or not text or (single and text == "\\."):
            return '"' + text.replace('"', '""') + '"'
        return text

    def name(text: str) -> str:
        # Else the file would begin with a byte order mark.
        return f'"{text}"' if text.startswith("\ufeff") else text

    with digits_without_limit():
        names = delimiter.join(name(cell(column)) for column in columns)
        lines = [names, *(delimiter.join(map(cell, row)) for row in rows)]
    return "".join(line + line_end for line in lines).encode()


def ndjson_bytes(columns: Sequence[str], rows: Table) -> bytes:
    """Return one compact JSON object a line, as ``json.dumps`` makes it."""
    with digits_without_limit():
        lines = [
            _json(dict(zip(columns, row, strict=True)), ",", ":") + "\n" for row in rows
        ]
    # All that UTF-8 lacks are lone surrogates, and this is JSON's escape of one.
    return "".join(lines).encode("utf-8", "backslashreplace")


def csv_text(value: Any) -> str | None:
    """Return the text of a cell before any quotes, or ``None`` for no value."""
    value = _simple(value)
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return "NaN" if value != value else float.__repr__(value)
        case datetime():
            return str(value)
        case list() | dict():
            text = _json(value, ", ", ": ")
            return text.encode("utf-8", "backslashreplace").decode()
        case _:
            return str(_plain(value))


def _json(value: Any, comma: str, colon: str) -> str:
    return json.dumps(
        value,
        default=_plain,
        ensure_ascii=False,
        allow_nan=False,
        separators=(comma, colon),
    )


def _simple(value: Any) -> Any:
    """Return what a wrapped value stands for."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        # What a subclass holds, not what it shows.
        return str.__str__(value)
    if type(value).__name__ in ("float16", "float32"):
        # numpy's own text has the fewest digits that read back.
        return float(str(value))
    if type(value).__module__ == "numpy":
        return value.tolist()
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, tuple):
        return list(value)
    # pandas.NaT is a datetime that is not equal to itself.
    return None if isinstance(value, datetime) and value != value else value


def _plain(value: Any) -> Any:
    """Return a value of those that json.dumps knows, which otherwise fails."""
    value = _simple(value)
    match value:
        case None | bool() | float() | list() | dict() | str() | int():
            return value
        case Decimal():
            return decimal_text(value)
        case timedelta():
            return duration_text(value)
        case datetime() | date() | time():
            return value.isoformat()
        case UUID() | IPv4Address():
            return str(value)
        case Mapping():
            return dict(value)
        case bytes() | bytearray() | memoryview():
            return b64encode(value).decode()
    raise TypeError(type(value))


def decimal_text(value: Decimal) -> str:
    """Return all digits of a decimal, its point where the exponent puts it."""
    sign, digits, exponent = value.as_tuple()
    if isinstance(exponent, str):
        return str(value)
    text = "".join(map(str, digits))
    if exponent >= 0:
        text = (text + "0" * exponent).lstrip("0") or "0"
    else:
        text = text.rjust(1 - exponent, "0")
        text = f"{text[:exponent]}.{text[exponent:]}"
    return "-" + text if sign else text


def duration_text(value: timedelta) -> str:
    """Return a duration by ISO 8601, the parts that are nothing left out."""
    microseconds = abs(value) // timedelta(microseconds=1)
    seconds, microseconds = divmod(microseconds, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    exact = str(Decimal(seconds % 60) + Decimal(microseconds) / 1_000_000)
    day = f"{days}D" if days else ""
    clock = f"{hours}H" if hours else ""
    clock += f"{minutes}M" if minutes else ""
    clock += f"{exact}S" if exact != "0" else ""
    text = f"P{day}" + (f"T{clock}" if clock else "")
    return ("-" if value < timedelta(0) else "") + (text if text != "P" else "PT0S")


@contextmanager
def digits_without_limit() -> Iterator[None]:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)
