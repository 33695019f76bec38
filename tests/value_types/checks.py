"""A value enters; what every format writes of it is held against what it means.

What a value means is one of Python's plain types, of which the texts are made by
:mod:`formats.reference`, which shares nothing with the package.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from decimal import Context
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour.errors import RowError
from flask_outpour.others import behind
from formats.reference import csv_bytes
from formats.reference import csv_text
from formats.reference import digits_without_limit
from formats.reference import ndjson_bytes
from value_types.cases import REFUSED

Table = list[tuple[Any, ...]]
_LEAST, _MOST = -(2**63), 2**63 - 1
_DIGITS = 38

app = Flask("tests.value_types")
app.config["PROPAGATE_EXCEPTIONS"] = True
Outpour(app)

#: Where a value stands: in rows of one column.
PLACES: dict[str, Callable[[Any], list[Any]]] = {
    "alone": lambda value: [value, value],
    "beside None": lambda value: [None, value],
    "in a list": lambda value: [[], [value, None]],
    "in a dict": lambda value: [{}, {"a": value}],
}
#: How rows come.
WAYS: dict[str, Callable[[Sequence[str], Table], Any]] = {
    "list": lambda names, rows: [dict(zip(names, row, strict=True)) for row in rows],
    "iterator": lambda names, rows: iter(
        [dict(zip(names, row, strict=True)) for row in rows]
    ),
}


def check(make: Callable[[], Any], meant: Any) -> None:
    """Assert of every format that it writes what a value means, or refuses it.

    :param make: makes the value anew, since some can be read once.
    """
    for name, expect in FORMATS.items():
        right: list[str] = []
        for place, of in PLACES.items():
            try:
                if meant is REFUSED:
                    raise ValueError
                expect([place], [(cell,) for cell in of(meant)])
            except (ValueError, TypeError, OverflowError):
                _check_refused(name, place, make, type(make()))
            else:
                right.append(place)
        for names in filter(None, (right, right[:1])):
            rows = list(zip(*(PLACES[place](meant) for place in names), strict=True))
            wanted = expect(names, rows)
            for way, source in WAYS.items():
                made = [PLACES[place](make()) for place in names]
                got = written(source(names, list(zip(*made, strict=True))), name)
                assert got == wanted, (name, way)


def _check_refused(name: str, place: str, make: Any, kind: type) -> None:
    for way, source in WAYS.items():
        first, second = PLACES[place](make())
        rows = source([place], [(first,), (second,)])
        try:
            got = written(rows, name)
        except RowError as error:
            assert error.column == place, (name, way, place, str(error))
            is_first = place == "alone"
            assert error.row == (1 if is_first else 2), (name, way, place, str(error))
            assert repr(place) in str(error), (name, way, str(error))
            outer = {"in a list": "list", "in a dict": "dict"}.get(place, "")
            names = [kind.__name__, outer or kind.__name__, "inside"]
            with suppress(Exception):
                # Of a proxy, what it stands for when it is yielded.
                value = make()
                names.append(value.__class__.__name__)
                names.append(type(behind(value)).__name__)
            assert any(each in str(error) for each in names), (name, way, str(error))
        else:
            raise AssertionError((name, way, place, "was written", got))


def written(rows: Any, name: str) -> Any:
    """Return what a format wrote, as its reader has it.

    :raises RowError: for a value that it refuses.
    """
    with app.test_request_context():
        response = stream_rows(rows, name)
        body = b"".join(response.iter_encoded())
        response.close()
    return READERS[name](body)


def _html_table(names: Sequence[str], rows: Table) -> list[str]:
    csv_bytes(names, rows)
    with digits_without_limit():
        texts = [csv_text(cell) or "" for cell in chain(*rows)]
    return [text.replace("\0", "\ufffd") for text in texts]


def _html_cells(body: bytes) -> list[str]:
    return [
        html.unescape(cell)
        for cell in re.findall("<td>(.*?)</td>", body.decode(), re.DOTALL)
    ]


def _json_array(names: Sequence[str], rows: Table) -> bytes:
    return b"[\n%s\n]\n" % ndjson_bytes(names, rows)[:-1].replace(b"}\n{", b"},\n{")


def _json_sequence(names: Sequence[str], rows: Table) -> bytes:
    return b"".join(b"\x1e" + ndjson_bytes(names, [row]) for row in rows)


def _arrow_columns(names: Sequence[str], rows: Table) -> list[list[str]]:
    with digits_without_limit():
        return [
            list(map(_seen, _arrow_column(column)))
            for column in zip(*rows, strict=True)
        ]


def _arrow_column(column: Sequence[Any]) -> list[Any]:
    """Return what a column of Arrow has of values, by the table of its types.

    :raises ValueError: where no column holds one.
    """
    cells = [value for value in column if value is not None]
    is_inside = False
    if all(isinstance(value, list) for value in cells):
        items = [each for each in chain(*cells) if each is not None]
        if len(set(map(type, items))) > 1 or any(map(_is_nested, items)):
            return list(map(csv_text, column))
        cells, is_inside = items, True
    elif any(map(_is_nested, cells)):
        return list(map(csv_text, column))
    for value in cells:
        _require_column(value, is_inside=is_inside)
    return list(map(_arrow_cell, column))


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | dict)


def _arrow_cell(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(_arrow_cell, value))
    return str(value) if isinstance(value, UUID) else value


def _require_column(value: Any, *, is_inside: bool = False) -> None:
    if isinstance(value, int) and not _LEAST <= value <= _MOST:
        raise ValueError
    if isinstance(value, timedelta):
        _require_column(value // timedelta(microseconds=1))
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError
        digits = csv_text(value).lstrip("-").replace(".", "")
        if (
            len(digits.lstrip("0")) > _DIGITS
            or abs(value.as_tuple().exponent) > _DIGITS
        ):
            raise ValueError
    if isinstance(value, time) and value.tzinfo is not None:
        raise ValueError
    if isinstance(value, datetime) and value.tzinfo is not None:
        value - datetime(1970, 1, 1, tzinfo=UTC)
        if is_inside:
            value.astimezone(UTC)
    if isinstance(value, str):
        value.encode()


def _seen(value: Any) -> str:
    """Return a text that is the same for the same value of the same type."""
    if isinstance(value, list):
        return f"[{', '.join(map(_seen, value))}]"
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if isinstance(value, datetime | time):
        # No column has it.
        value = value.replace(fold=0)
    if isinstance(value, Decimal):
        # A column has one scale, and no negative zero.
        value = f"Decimal {value.normalize(Context(_DIGITS)) or 0:f}"
    return repr(value)


def _arrow_seen(table: Any) -> list[list[str]]:
    return [list(map(_seen, _instants(column).to_pylist())) for column in table.columns]


def _instants(column: Any) -> Any:
    """Return a column with numbers for times with a zone, which Python may not have."""
    if "tz=" not in str(column.type):
        return column
    is_list = pa.types.is_list(column.type)
    return column.cast(pa.list_(pa.int64()) if is_list else pa.int64())


def _workbook(names: Sequence[str], rows: Table) -> bytes:
    # Plain values are held against readers of workbooks elsewhere.
    csv_bytes(names, rows)
    return written([dict(zip(names, row, strict=True)) for row in rows], "xlsx")


FORMATS: dict[str, Callable[[Sequence[str], Table], Any]] = {
    "csv": csv_bytes,
    "tsv": lambda names, rows: csv_bytes(names, rows, delimiter="\t"),
    "html": _html_table,
    "json": _json_array,
    "ndjson": ndjson_bytes,
    "json-seq": _json_sequence,
    "arrows": _arrow_columns,
    "parquet": _arrow_columns,
    "xlsx": _workbook,
}
READERS: dict[str, Callable[[bytes], Any]] = {
    **dict.fromkeys(FORMATS, bytes),
    "html": _html_cells,
    "arrows": lambda body: _arrow_seen(pa.ipc.open_stream(body).read_all()),
    "parquet": lambda body: _arrow_seen(pq.read_table(io.BytesIO(body))),
}
