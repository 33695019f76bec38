"""Tests of the schemas of rows: inferred or given, and what has no place in one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy
import pandas
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import RowError
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats.schemas import RecordBatches
from formats.recorded import as_read
from formats.recorded import KEPT
from formats.table import TABLE

MOMENT = datetime(2020, 2, 29, 12, 30, 15, 250_000)
AWARE = MOMENT.replace(tzinfo=ZoneInfo("Europe/Berlin"))
#: Values, the type that is inferred from them, and what is read.
INFERRED: dict[str, tuple[list[Any], Any, list[Any] | None]] = {
    "bool": ([True, None, False], pa.bool_(), None),
    "int": ([1, None, -(2**63), 2**63 - 1], pa.int64(), None),
    "float": ([0.1, None, float("inf"), -0.0], pa.float64(), None),
    "int and float": ([1, 2.5, None, 2**53], pa.float64(), [1.0, 2.5, None, 2.0**53]),
    "Decimal": (
        [Decimal("1.5"), Decimal("2.125"), Decimal("1E+3"), None],
        pa.decimal128(38, 3),
        None,
    ),
    "int and Decimal": (
        [1, Decimal("2.50")],
        pa.decimal128(38, 2),
        [Decimal("1.00"), Decimal("2.50")],
    ),
    "str": (["", "ä\0", None], pa.string(), None),
    "bytes": ([b"", b"\xff\0", None], pa.binary(), None),
    "buffers": ([bytearray(b"a"), memoryview(b"b")], pa.binary(), [b"a", b"b"]),
    "aware": (
        [AWARE, AWARE.replace(tzinfo=UTC), None],
        pa.timestamp("us", "UTC"),
        [AWARE.astimezone(UTC), AWARE.replace(tzinfo=UTC), None],
    ),
    "naive": ([MOMENT, datetime.min, datetime.max], pa.timestamp("us"), None),
    "date": ([date.min, None, date.max], pa.date32(), None),
    "time": ([time(1, 2, 3, 4), None], pa.time64("us"), None),
    "timedelta": ([timedelta(-1, 2, 3), None], pa.duration("us"), None),
    "UUID": ([UUID(int=1)], pa.string(), ["00000000-0000-0000-0000-000000000001"]),
    "list of int": ([[1, None], [], None], pa.list_(pa.int64()), None),
    "list of int and float": ([[1], [2.5]], pa.list_(pa.float64()), [[1.0], [2.5]]),
    "tuple": ([("a",), ["b"]], pa.list_(pa.string()), [["a"], ["b"]]),
    "list of Decimal": (
        [[Decimal("1.5")], [Decimal("0.25")]],
        pa.list_(pa.decimal128(38, 2)),
        None,
    ),
    "list of aware": (
        [[AWARE]],
        pa.list_(pa.timestamp("us", "UTC")),
        [[AWARE.astimezone(UTC)]],
    ),
    "array": ([numpy.array([1, 2])], pa.list_(pa.int64()), [[1, 2]]),
    "empty lists": ([[], None], pa.list_(pa.string()), None),
    "list of kinds": ([[1, "a"], []], pa.string(), ['[1, "a"]', "[]"]),
    "lists of kinds": ([[1], ["a"]], pa.string(), ["[1]", '["a"]']),
    "nested list": ([[[1]], None], pa.string(), ["[[1]]", None]),
    "list of dict": ([[{"a": 1}]], pa.string(), ['[{"a": 1}]']),
    "dict": ([{"a": MOMENT.date()}], pa.string(), ['{"a": "2020-02-29"}']),
    "dict and list": ([{}, [1]], pa.string(), ["{}", "[1]"]),
    "numpy": ([numpy.int64(3), numpy.float64(0.5)], pa.float64(), [3.0, 0.5]),
    "pandas": (
        [pandas.Timestamp("2020-01-01"), pandas.NaT, None],
        pa.timestamp("us"),
        [datetime(2020, 1, 1), None, None],
    ),
    "nothing": ([None, pandas.NaT], pa.string(), [None, None]),
}


def batch_of(values: Sequence[Any], schema: Any = None) -> Any:
    """Return the record batch of one column."""
    batches = RecordBatches(["a"], schema)
    made = batches.add([(value,) for value in values])
    batch = batches.finish() if made is None else made
    batch.validate(full=True)
    return batch


def schema_of(kind: Any, *, nullable: bool = True) -> Any:
    return pa.schema([pa.field("a", kind, nullable=nullable)])


@pytest.mark.parametrize("name", INFERRED)
def test_inferred_types(name: str) -> None:
    """Each kind of value has the type that holds all of it."""
    values, kind, expected = INFERRED[name]
    column = batch_of(values).column(0)
    assert column.type == kind
    assert column.to_pylist() == (values if expected is None else expected)


def test_not_a_number_is_not_none() -> None:
    """NaN stays a number that is none, beside None."""
    column = batch_of([float("nan"), None, numpy.nan]).column(0)
    assert column.null_count == 1
    assert column[0].as_py() != column[0].as_py()


def test_every_value_of_the_table_has_a_type() -> None:
    """What CSV and JSON can write, a column of Arrow can, but for a few."""
    refused = set()
    for name, (value, _, _) in TABLE.items():
        try:
            batch_of([value, None])
        except RowError as error:
            assert (error.row, error.column) == (1, "a")
            refused.add(name)
    assert refused == {
        *("int of 65 bits", "time, UTC", "nested surrogate"),
        # Those of pandas have nanoseconds.
        *("short duration", "nanoseconds"),
    }


#: Values of which the last does not fit to those before it, and what its error says.
UNLIKE: dict[str, tuple[list[Any], str]] = {
    "str in int": ([1, "a"], "type str .* of int"),
    "int in str": (["a", 1], "type int .* of str"),
    "bool in int": ([1, True], "type bool .* of int"),
    "int in bool": ([True, 0], "type int .* of bool"),
    "bool in float": ([1.5, True], "type bool .* of float"),
    "naive in aware": ([AWARE, MOMENT], "type datetime .* of datetime with a zone"),
    "aware in naive": ([MOMENT, AWARE], "type datetime .* of datetime without a zone"),
    "datetime in date": ([date(2020, 1, 1), MOMENT], "type datetime .* of date"),
    "date in datetime": ([MOMENT, date(2020, 1, 1)], "type date .* of datetime wi"),
    "bytes in str": (["a", b"a"], "type bytes .* of str"),
    "float in Decimal": ([Decimal(1), 0.5], "type float .* of Decimal"),
    "str in list": ([[1], "a"], "type str .* of list of int"),
    "dict in str": (["a", {}], "type dict .* of str"),
    "int in UUID": ([UUID(int=1), 1], "type int .* of str"),
    "long int": ([1, 2**63], "type int .* of int64: .*too large"),
    "long int as float": ([0.5, 2**53 + 1], "type int .* of double: .*2|represent"),
    "long Decimal": ([Decimal(1), Decimal(10**38)], r"Decimal .* decimal128\(38, 0\)"),
    "no number": ([Decimal(1), Decimal("NaN")], "type Decimal .* of decimal128"),
    "fine Decimal": ([Decimal("1E-39")], "type Decimal .* of decimal128"),
    "surrogate": (["a", "\ud800"], "type str .* of string: .*surrogates"),
    "zone of time": ([time(1), time(1, tzinfo=UTC)], "type time .*: it has a zone"),
    "long timedelta": ([timedelta(0), timedelta.max], "type timedelta .* too large"),
    "NaN in JSON": ([{}, {"a": float("nan")}], "type dict .* of string: JSON has no"),
    "nanoseconds": (
        [pandas.Timestamp("2020-01-01"), pandas.Timestamp(1, unit="ns")],
        r"type Timestamp .* of timestamp\[us\]: it has nanoseconds",
    ),
    "fine Timedelta": ([pandas.Timedelta(1, unit="ns")], "it has nanoseconds"),
}


@pytest.mark.parametrize("name", UNLIKE)
def test_what_is_unlike_the_others_is_named(name: str) -> None:
    """Row, column, type and what was expected are named, and how to cure it."""
    values, message = UNLIKE[name]
    with pytest.raises(
        RowError, match=f"^Row {len(values)}, column 'a': a value of"
    ) as e:
        batch_of(values)
    assert e.match(message)
    assert e.match("by schema=")
    assert (e.value.row, e.value.column) == (len(values), "a")


@pytest.mark.parametrize("name", [n for n in UNLIKE if len(UNLIKE[n][0]) > 1])
def test_a_late_value_that_does_not_fit_is_named(name: str) -> None:
    """The number of the row is right in a later batch, which then was not added."""
    *sound, bad = UNLIKE[name][0]
    batches = RecordBatches(["x", "a"])
    many = [(0, value) for value in sound * 600]
    assert batches.add(many[:600]) is None
    made = batches.add(many * 2)
    number = 600 + 2 * len(many)
    assert made.num_rows == number
    with pytest.raises(
        RowError, match=f"^Row {number + 3}, column 'a': a val"
    ) as error:
        batches.add([(1, sound[0]), (2, None), (3, bad), ("x", sound[0])])
    assert error.value.row == number + 3
    assert batches.add([(1, sound[0]), (2, None)]).num_rows == 2
    with pytest.raises(RowError, match=f"^Row {number + 3}, column 'a'"):
        batches.add([(3, bad)])


def test_the_first_of_several_errors_is_named() -> None:
    """Row by row, and in a row from the left."""
    rows = [(1, 1, 1), (1, "b", 1), ("c", 1, 1), (1, 1)]
    for many in (1, 700):
        batches = RecordBatches(["a", "b", "c"])
        with pytest.raises(RowError, match=r"Row \d+, column 'b'") as error:
            for _ in range(many):
                batches.add(rows[:1])
            batches.add(rows[1:3])
            batches.finish()
        assert error.value.row == many + 1


def test_unwritable_values() -> None:
    """A first value that no column can have is named, without a cure that is none."""
    with pytest.raises(RowError, match="Row 2, column 'a': a value of type set cannot"):
        batch_of([None, {1}])


def test_rows_of_the_wrong_length() -> None:
    """A row with too few or too many values is named, at any time."""
    batches = RecordBatches(["a", "b"])
    with pytest.raises(RowError, match="Row 3 has 1 value, but there are 2 columns"):
        batches.add([(1, 2), (1, 2), (1,), *[(1, 2)] * 1000])
    batches.add([(1, 2)] * 1000)
    with pytest.raises(RowError, match="Row 1002 has 3 values") as error:
        batches.add([(1, 2), (1, 2, 3)])
    assert error.value.row == 1002


def test_the_schema_is_that_of_the_first_thousand_rows() -> None:
    """However rows come, the same ones say what the schema is."""
    rows = [(1,)] * 999 + [(0.5,)] + [("a",)]
    for sizes in ([1001], [1, 998, 2], [500, 501]):
        batches, begin = RecordBatches(["a"]), 0
        with pytest.raises(RowError, match=r"Row 1001, .* of type str .* of double"):
            for size in sizes:
                batches.add(rows[begin : begin + size])
                begin += size
    batches = RecordBatches(["a"])
    with pytest.raises(RowError, match=r"Row 1001, .* of type float .* of int64"):
        batches.add([(1,)] * 1000 + [(0.5,)])


def test_fewer_rows_are_held_where_there_are_many_columns() -> None:
    """A hundred thousand cells are enough."""
    names = [str(number) for number in range(1000)]
    batches = RecordBatches(names)
    assert batches.add([range(1000)] * 99) is None
    assert batches.add([range(1000)]).num_rows == 100


@given(strategies.data())
@settings(max_examples=100, deadline=None)
def test_whole_columns_and_single_values_are_the_same(
    data: strategies.DataObject,
) -> None:
    """A column has what each of its values has alone, whatever the offset."""
    kind = data.draw(strategies.sampled_from([*KEPT]))
    values = data.draw(strategies.lists(strategies.none() | KEPT[kind], min_size=1))
    schema = batch_of(values).schema
    column = batch_of(values, schema).column(0).to_pylist()
    assert column == [as_read(value) for value in values]
    assert column == [batch_of([v], schema).column(0)[0].as_py() for v in values]


#: Types that are given, and values that they hold.
GIVEN: list[tuple[Any, list[Any]]] = [
    (pa.int8(), [127, -128, None]),
    (pa.uint64(), [2**64 - 1]),
    (pa.float32(), [0.5, 1, None, float("inf")]),
    (pa.float16(), [0.5, 65504]),
    (pa.decimal128(5, 2), [Decimal("999.99"), Decimal("1.5"), 7]),
    (pa.decimal256(60, 0), [Decimal(10**50), 10**45]),
    (pa.large_string(), ["a"]),
    (pa.string_view(), ["a"]),
    (pa.binary(2), [b"ab"]),
    (pa.large_binary(), [b"ab"]),
    (pa.timestamp("s"), [datetime(2020, 1, 1, 1, 1, 1)]),
    (pa.timestamp("ms", "UTC"), [datetime(2020, 1, 1, 1, 1, 1, 5000, UTC)]),
    (pa.timestamp("ns"), [MOMENT]),
    (pa.date64(), [date(2020, 1, 1)]),
    (pa.time32("s"), [time(1, 2, 3)]),
    (pa.time64("ns"), [time(1, 2, 3, 4)]),
    (pa.duration("s"), [timedelta(days=1)]),
    (pa.duration("ns"), [timedelta(microseconds=1)]),
    (pa.list_(pa.int8()), [[1, None], None, []]),
    (pa.list_(pa.int8(), 2), [[1, 2], None]),
    (pa.large_list(pa.list_(pa.string())), [[["a"], None]]),
    (pa.struct([("a", pa.int8()), ("b", pa.list_(pa.date32()))]), [
        {"a": 1, "b": [date(2020, 1, 1)]}, None,
    ]),
    (pa.dictionary(pa.int8(), pa.string()), ["a", "b", "a", None]),
    (pa.null(), [None]),
    (pa.uuid(), [UUID(int=7), None]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values"), GIVEN, ids=lambda value: str(value)[:30])
def test_given_types(kind: Any, values: list[Any]) -> None:
    """A column is of the type that is given, and has the values that it can hold."""
    batch = batch_of(values, schema_of(kind))
    assert batch.schema == schema_of(kind)
    assert batch.column(0).to_pylist() == values


def test_what_given_types_make_of_values() -> None:
    """What is no value of a type but has one exact form of it takes that form."""
    nanosecond = pandas.Timestamp("2020-01-01 00:00:00.000000001", tz="UTC")
    for kind, value, expected in [
        (pa.timestamp("us", "Europe/Berlin"), AWARE, AWARE),
        (pa.timestamp("ns", "UTC"), nanosecond, nanosecond),
        (pa.duration("ns"), pandas.Timedelta(1, "ns"), pandas.Timedelta(1, "ns")),
        (pa.map_(pa.string(), pa.int8()), {"a": 1}, [("a", 1)]),
        (pa.string(), {"a": [1]}, '{"a": [1]}'),
        (pa.large_string(), [1, "a"], '[1, "a"]'),
        (pa.struct([("a", pa.int8()), ("b", pa.int8())]), {"b": 1},
         {"a": None, "b": 1}),
        (pa.list_(pa.struct([("a", pa.string())])), [{"a": UUID(int=0)}],
         [{"a": "00000000-0000-0000-0000-000000000000"}]),
    ]:  # fmt: skip
        assert batch_of([value], schema_of(kind)).column(0).to_pylist() == [expected]


#: Types that are given, a value that they do not hold, and what its error says.
MISFITS: list[tuple[Any, Any, str]] = [
    (pa.int64(), True, "bool .* of int64"),
    (pa.int64(), 1.0, "float .* of int64"),
    (pa.int64(), "1", "str .* of int64"),
    (pa.int8(), 128, "int .* of int8: .*128"),
    (pa.uint8(), -1, "int .* of uint8"),
    (pa.bool_(), 1, "int .* of bool"),
    (pa.float32(), 1e300, "float .* beyond the type's largest"),
    (pa.float16(), 70000, "int .* beyond the type's largest"),
    (pa.float32(), 2**24 + 1, "int .* of float"),
    (pa.float64(), Decimal("0.5"), "Decimal .* of double"),
    (pa.decimal128(5, 2), Decimal("1.005"), r"decimal128\(5, 2\)"),
    (pa.decimal128(5, 2), Decimal("1000"), r"decimal128\(5, 2\)"),
    (pa.decimal128(5, 2), 0.5, r"float .* decimal128\(5, 2\)"),
    (pa.string(), b"a", "bytes .* of string"),
    (pa.string(), 1, "int .* of string"),
    (pa.binary(), "a", "str .* of binary"),
    (pa.binary(2), b"a", r"bytes .* of fixed_size_binary\[2\]"),
    (pa.date32(), MOMENT, "datetime .* of date32"),
    (pa.timestamp("us"), date(2020, 1, 1), "date .* of timestamp"),
    (pa.timestamp("us"), AWARE, "it has a zone, and the column has none"),
    (pa.timestamp("us", "UTC"), MOMENT, "it has no zone, and the column has one"),
    (pa.timestamp("s"), MOMENT, "a fraction that the column's unit has not"),
    (pa.timestamp("ms"), datetime(2020, 1, 1, 0, 0, 0, 1), "a fraction that the col"),
    (pa.timestamp("ns"), datetime(1, 1, 1), r"datetime .* of timestamp\[ns\]"),
    (pa.time32("s"), time(1, 2, 3, 4), "a fraction that the column's unit has not"),
    (pa.time64("us"), time(1, tzinfo=UTC), "it has a zone"),
    (pa.duration("s"), timedelta(milliseconds=1), "a fraction that the column's"),
    (pa.duration("ns"), timedelta.max, r"timedelta .* of duration\[ns\]"),
    (pa.list_(pa.date32()), [date(2020, 1, 1), MOMENT], "it has a datetime inside"),
    (pa.list_(pa.int8()), [300], r"list .* of list<item: int8>"),
    (pa.list_(pa.int8()), {"a": 1}, "dict .* of list"),
    (pa.list_(pa.list_(pa.int8())), [[1, "a"]], "it has a str inside"),
    (pa.list_(pa.int8(), 2), [1], "list .* of fixed_size_list"),
    (pa.list_(pa.field("x", pa.int8(), nullable=False)), [None], "list .* no value"),
    (pa.struct([("a", pa.int8())]), {"a": 1, "b": 2}, "it has 'b' beyond the fields"),
    (pa.struct([("a", pa.int8())]), {"a": True}, "it has a bool inside"),
    (pa.struct([pa.field("a", pa.int8(), nullable=False)]), {}, "no value is there"),
    (pa.map_(pa.string(), pa.int8()), {1: 1}, "it has a int inside"),
    (pa.dictionary(pa.int8(), pa.string()), 1, "int .* of dictionary"),
    (pa.uuid(), "urn:uuid:00000000-0000-0000-0000-000000000007", "another way to wr"),
    (pa.null(), 1, "int .* of null"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "message"), MISFITS, ids=str)
def test_what_a_given_type_would_lose_is_named(
    kind: Any, value: Any, message: str
) -> None:
    """What pyarrow would cut, round or drop without a word is an error, too."""
    with pytest.raises(RowError, match=f"^Row 2, column 'a': .*{message}") as error:
        batch_of([None, value], schema_of(kind))
    assert error.value.row == 2


def test_none_where_the_schema_has_no_room_for_it() -> None:
    """A field that is not nullable takes no None, nor what stands for it."""
    schema = schema_of(pa.int64(), nullable=False)
    assert batch_of([1, 2], schema).column(0).to_pylist() == [1, 2]
    for nothing in (None, pandas.NaT, pandas.NA):
        with pytest.raises(RowError, match=r"Row 2, .* of int64 not null: no value is"):
            batch_of([1, nothing], schema)


def test_a_schema_of_other_columns() -> None:
    """Columns are matched by name and order, and what differs is said."""
    schema = pa.schema([("a", pa.int8()), ("b", pa.int8())])
    for columns in (["a"], ["b", "a"], ["a", "b", "c"], []):
        with pytest.raises(
            ConfigurationError, match="schema= has the columns a, b, bu"
        ):
            RecordBatches(columns, schema)


def test_a_type_that_rows_cannot_fill() -> None:
    """A schema of such a type is refused before the rows."""
    for kind in (
        pa.run_end_encoded(pa.int32(), pa.int8()),
        pa.month_day_nano_interval(),
        pa.dense_union([pa.field("x", pa.int8())]),
    ):
        with pytest.raises(
            ConfigurationError, match=r"column 'a' of type .* do not fill"
        ):
            RecordBatches(["a"], schema_of(kind))
