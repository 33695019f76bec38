"""Tests of pandas' frames that Arrow would read otherwise than they are."""

from __future__ import annotations

from datetime import date
from datetime import datetime
from datetime import UTC
from decimal import Decimal
from typing import Any

import pandas
import pytest

from flask_outpour import CSV
from flask_outpour import NDJSON
from flask_outpour.row_stream import RowStream
from flask_outpour.row_stream import Table
from flask_outpour.rows import open_rows


def text_of(frame: Any, format: Any = None) -> str:
    """Return the text of a frame's rows."""
    stream = RowStream([Table(frame, open_rows)], format or CSV(header=False))
    text = b"".join(stream).decode()
    stream.close()
    return text


def objects(*values: Any) -> Any:
    """Return a column of Python objects."""
    return pandas.Series(values, dtype=object)


@pytest.mark.parametrize(
    ("column", "lines"),
    [
        (objects(date(2026, 1, 1), datetime(2026, 1, 1, 5, 30)),
         ["2026-01-01", "2026-01-01 05:30:00"]),
        (objects(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 5)),
         ["2026-01-01 00:00:00+00:00", "2026-01-01 05:00:00"]),
        (objects("a", b"b"), ["a", "Yg=="]),
        (objects("a", 3, None, 2.5), ["a", "3", "", "2.5"]),
        (objects(1, True), ["1", "true"]),
        (objects(2**70, 1), [str(2**70), "1"]),
        (objects(Decimal("1.10"), 2), ["1.10", "2"]),
        (pandas.Series(pandas.period_range("2026-01", periods=2, freq="M")),
         ["2026-01", "2026-02"]),
        (pandas.Series(pandas.PeriodIndex(["2026Q1", None], freq="Q")), ["2026Q1", ""]),
        (pandas.Series(pandas.cut([1, 3], [0, 2, 4])), ['"(0, 2]"', '"(2, 4]"']),
        (pandas.Series(pandas.arrays.SparseArray([0, 7])), ["0", "7"]),
    ],
)  # fmt: skip
def test_values_are_those_of_the_frame(column: Any, lines: list[str]) -> None:
    """Nothing becomes a number, or loses its time, because another value is beside."""
    # Another column, since an empty cell of one alone has quotes.
    frame = pandas.DataFrame({"a": column, "b": "|"})
    found = [line.removesuffix(",|") for line in text_of(frame).splitlines()]
    assert found == lines


def test_categories_of_several_types_are_what_they_are() -> None:
    """A column of categories is mixed where its categories are."""
    frame = pandas.DataFrame({"a": pandas.Categorical(["u", 1, None, "u"])})
    assert text_of(frame).splitlines() == ["u", "1", '""', "u"]


def test_dicts_keep_their_own_keys() -> None:
    """A dict has no keys of another row's."""
    frame = pandas.DataFrame({"a": [{"x": 1}, {"y": [1, "b"]}]})
    lines = text_of(frame, NDJSON()).splitlines()
    assert lines == ['{"a":{"x":1}}', '{"a":{"y":[1,"b"]}}']


def test_other_columns_of_a_mixed_frame_are_right_too() -> None:
    """Missing numbers, times and categories are empty, and the others as ever."""
    frame = pandas.DataFrame(
        {
            "mixed": objects("x", 1, None),
            "number": [1.5, None, 2],
            "time": pandas.to_datetime(["2026-01-01 00:00", None, "2026-02-01 05:30"]),
            "kind": pandas.Categorical(["u", None, "u"]),
            "count": pandas.array([1, None, 3], dtype="Int64"),
        }
    ).set_axis([7, 8, 9])
    assert text_of(frame).splitlines() == [
        "x,1.5,2026-01-01 00:00:00,u,1",
        "1,,,,",
        ",2.0,2026-02-01 05:30:00,u,3",
    ]


def test_frame_of_many_rows_comes_in_batches() -> None:
    """A frame with a mixed column arrives whole, in its order."""
    frame = pandas.DataFrame({"a": objects(*range(1200), "end")})
    assert text_of(frame).splitlines() == [*map(str, range(1200)), "end"]


def test_columns_are_chosen_and_renamed() -> None:
    """As of any other frame, some columns are taken, or all get new names."""
    frame = pandas.DataFrame({"a": objects("x", 1), "b": [1, 2]})
    for columns, first in ((["b"], (1,)), (["c", "d"], ("x", 1))):
        rows = open_rows(frame, columns=columns)
        assert rows.columns == tuple(columns)
        assert next(iter(rows.batches))[0] == first
