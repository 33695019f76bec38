"""Batches of rows enter; the bytes of one way to write them leave.

``WAYS`` are the formats of Outpour, and what people write instead. A process imports
this file after it has hidden the libraries that it should do without.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from collections.abc import Iterator
from copy import copy
from functools import cache
from time import process_time
from typing import Any

from flask_outpour.formats import CSV
from flask_outpour.formats import Format
from flask_outpour.formats import NDJSON

from .orders import batches
from .orders import COLUMNS
from .orders import Order

try:
    import msgspec
except ImportError:
    msgspec = None  # type: ignore[assignment]
try:
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]

Batches = list[list[Order]]


def join_as_the_page_does(source: Batches) -> Iterator[bytes]:
    """Write the lines of Flask's documentation: fast, and no CSV."""
    for batch in source:
        yield "".join([",".join(map(str, row)) + "\n" for row in batch]).encode()


def write_csv_rows(source: Batches) -> Iterator[bytes]:
    """Write row by row to a buffer that gives back, as Django's documentation does."""

    class Echo:
        def write(self, line: str) -> str:
            return line

    writerow: Callable[[Any], Any] = csv.writer(Echo()).writerow
    for batch in source:
        yield "".join([writerow(row) for row in batch]).encode()


def write_csv_batches(source: Batches) -> Iterator[bytes]:
    """Write whole batches by the csv module."""
    for batch in source:
        text = io.StringIO()
        csv.writer(text).writerows(batch)
        yield text.getvalue().encode()


def dump_rows(source: Batches) -> Iterator[bytes]:
    """Write each row as the json module writes a dict."""
    for batch in source:
        lines = [json.dumps(row, default=str) + "\n" for row in _dicts(batch)]
        yield "".join(lines).encode()


def dump_rows_by_orjson(source: Batches) -> Iterator[bytes]:
    """Write each row by orjson."""
    for batch in source:
        yield b"".join(
            [orjson.dumps(row, str, orjson.OPT_APPEND_NEWLINE) for row in _dicts(batch)]
        )


def encode_lines(source: Batches) -> Iterator[bytes]:
    """Write batches by msgspec."""
    encoder = msgspec.json.Encoder()
    for batch in source:
        yield encoder.encode_lines(_dicts(batch))


def by_format(format_: Format) -> Callable[[Batches], Iterator[bytes]]:
    """Return a way that writes as a stream of rows does."""

    def write(source: Batches) -> Iterator[bytes]:
        begun = copy(format_)
        yield begun.begin(COLUMNS)
        for batch in source:
            yield begun.feed(batch)
        yield begun.finish()

    return write


def _dicts(batch: list[Order]) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row)) for row in batch]  # noqa: B905 - the fastest way


BASE = "','.join"
WAYS: dict[str, Callable[[Batches], Iterator[bytes]]] = {
    BASE: join_as_the_page_does,
    "Outpour CSV": by_format(CSV()),
    "Outpour NDJSON": by_format(NDJSON()),
    "csv.writer, row by row": write_csv_rows,
    "csv.writer, batches": write_csv_batches,
    "json.dumps": dump_rows,
}
if orjson is not None:
    WAYS["orjson.dumps"] = dump_rows_by_orjson
if msgspec is not None:
    WAYS["msgspec encode_lines"] = encode_lines


def time(way: str, rows: int) -> float:
    """Return the processor seconds that a way takes for rows that are there."""
    source = _prepare(rows)
    begun = process_time()
    for _ in WAYS[way](source):
        pass
    return process_time() - begun


@cache
def _prepare(rows: int) -> Batches:
    return list(batches(rows))
