"""Tests of pandas' frames that Arrow would read otherwise than they are."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from typing import Any

import pandas
import polars
import pytest

from flask_outpour import CSV
from flask_outpour import NDJSON
from flask_outpour import RowError
from flask_outpour import SourceError
from flask_outpour.formats import Parquet
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
        (objects(time(1, tzinfo=UTC), time(2)), ["01:00:00+00:00", "02:00:00"]),
        (objects(time(1, tzinfo=UTC), None), ["01:00:00+00:00", ""]),
        (pandas.Series(pandas.Categorical([time(1, tzinfo=UTC)] * 2)),
         ["01:00:00+00:00"] * 2),
        (objects(Decimal("Infinity"), Decimal("1.5")), ["Infinity", "1.5"]),
        (objects(Decimal("sNaN"), Decimal("1.5"), None, float("nan")),
         ["sNaN", "1.5", "", ""]),
        (objects(Decimal("1" * 80), Decimal("1e-80")),
         ["1" * 80, "0." + "0" * 79 + "1"]),
        (objects(timedelta.max, timedelta.min),
         ["P999999999DT23H59M59.999999S", "-P999999999D"]),
    ],
)  # fmt: skip
def test_values_are_those_of_the_frame(column: Any, lines: list[str]) -> None:
    """Nothing becomes a number, or loses its time, because another value is beside."""
    # Another column, since an empty cell of one alone has quotes.
    frame = pandas.DataFrame({"a": column, "b": "|"})
    found = [line.removesuffix(",|") for line in text_of(frame).splitlines()]
    assert found == lines


@pytest.mark.parametrize(
    "values",
    [
        [time(1), time(1, tzinfo=UTC)],
        [Decimal(1), Decimal("Infinity")],
        [Decimal(1), Decimal("sNaN")],
        [Decimal(1), Decimal("1" * 80)],
        [timedelta(1), timedelta.max],
        ["a", "\ud800"],
    ],
    ids=str,
)
def test_what_a_file_with_a_schema_lacks_is_named(values: list[Any]) -> None:
    """The error has the row and the column, as from dicts."""
    frame = pandas.DataFrame({"a": objects(*values)})
    with pytest.raises(RowError, match=r"Row 2, column 'a'") as error:
        text_of(frame, Parquet())
    with pytest.raises(RowError) as of_dicts:
        text_of([{"a": value} for value in values], Parquet())
    assert str(error.value) == str(of_dicts.value)


@pytest.mark.parametrize("values", [[1, 2], ["x", 1], [time(1), None]], ids=str)
def test_columns_of_one_name(values: list[Any]) -> None:
    """They stay apart, and can be renamed; what knows columns by names refuses them."""
    frame = pandas.DataFrame({"a": objects(*values), "b": objects(*values)})
    frame.columns = pandas.Index(["a", "a"])
    expected = read_of(frame.set_axis(["a", "b"], axis=1))
    assert read_of(frame) == (("a", "a"), expected[1])
    assert read_of(frame, columns=["x", "y"]) == (("x", "y"), expected[1])
    with pytest.raises(SourceError, match="the columns of the source are a, a"):
        open_rows(frame, columns=["a"])
    for format in (NDJSON(), Parquet()):
        with pytest.raises(RowError, match="More than one column has the name 'a'"):
            text_of(frame, format)


def read_of(frame: Any, **options: Any) -> Any:
    """Return the names of the columns, and the rows."""
    with closing(open_rows(frame, **options)) as rows:
        return rows.columns, [tuple(row) for batch in rows.batches for row in batch]


def test_narrow_floats_beside_objects() -> None:
    """They have the digits that they need, with gaps or without."""
    frame = pandas.DataFrame(
        {
            "mixed": objects("x", 1),
            "numpy": pandas.Series([0.1, None], dtype="float32"),
            "half": pandas.Series([0.1, 2], dtype="float16"),
            "gaps": pandas.Series([0.1, None], dtype="Float32"),
            "arrow": pandas.Series([0.1, None], dtype="float32[pyarrow]"),
        }
    )
    assert text_of(frame).splitlines() == ["x,0.1,0.1,0.1,0.1", "1,,2.0,,"]


def test_integers_of_polars_that_arrow_lacks() -> None:
    """The error names the column and a type that it has, also of a lazy frame."""
    for kind in (polars.Int128, polars.UInt128, polars.List(polars.Int128)):
        frame = polars.DataFrame({"a": [None]}, schema={"a": kind})
        for source in (frame, frame.lazy()):
            with pytest.raises(SourceError, match=r"'a' is of type .*128.*Decimal"):
                open_rows(source)


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
