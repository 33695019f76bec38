"""Tests that narrow floats have the same text, whichever way they came."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy
import pandas
import polars
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import CSV
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour.formats import HTMLTable
from flask_outpour.formats import TSV
from flask_outpour.row_stream import RowStream
from flask_outpour.row_stream import Table
from flask_outpour.rows import open_rows

numbers = strategies.lists(
    strategies.none()
    | strategies.floats(width=32, allow_nan=False, allow_infinity=False)
    | strategies.integers(-9999, 9999).map(lambda n: float(numpy.float32(n / 100))),
    max_size=5,
)


def in_duckdb(values: Sequence[Any]) -> Any:
    """Return a relation of a column of values."""
    narrow = in_arrow(values)  # noqa: F841
    return duckdb.sql("SELECT x FROM narrow")


def in_arrow(values: Sequence[Any]) -> Any:
    """Return a table of a column of values."""
    return pa.table({"x": pa.array(values, pa.float32())})


def in_cursor(values: Sequence[Any]) -> Any:
    """Return a connection of DuckDB's on which a query has run."""
    connection = duckdb.connect()
    connection.register("narrow", in_arrow(values))
    return connection.execute("SELECT x FROM narrow")


def in_pandas(values: Sequence[Any]) -> Any:
    """Return a frame that is read value by value."""
    frame = pandas.DataFrame({"x": pandas.Series(values, dtype="Float32")})
    return frame.assign(y=[{} for _ in values])


SOURCES: dict[str, Callable[[Sequence[Any]], Any]] = {
    "arrow": in_arrow,
    "dictionary": lambda values: pa.table(
        {"x": pa.array(values, pa.float32()).dictionary_encode()}
    ),
    "polars": lambda values: polars.DataFrame({"x": values}, {"x": polars.Float32}),
    "pandas": lambda values: in_pandas(values)[["x"]],
    "objects": in_pandas,
    "duckdb": in_duckdb,
    "cursor": in_cursor,
}


def text_of(source: Any, format: Any) -> bytes:
    """Return the bytes of a source."""
    table = Table(source, lambda source: open_rows(source, columns=["x"]))
    stream = RowStream([table], format)
    content = b"".join(stream)
    stream.close()
    return content


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=30, deadline=None)
@given(values=numbers)
def test_each_way_has_the_text_of_numpy(name: str, values: list[Any]) -> None:
    """The text is the shortest that reads back as a number of 32 bits."""
    short = [
        value if value is None else float(str(numpy.float32(value))) for value in values
    ]
    rows = [(value,) for value in short]
    for format in (CSV(), TSV(), JSON(), NDJSON(), HTMLTable()):
        assert text_of(SOURCES[name](values), format) == text_of(rows, format)


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_no_number_stays(name: str) -> None:
    """NaN and infinities have their names, where a source does not mean none by it."""
    lines = text_of(SOURCES[name]([math.inf, -0.0, 0.1]), CSV()).decode().split()
    assert lines == ["x", "inf", "-0.0", "0.1"]
