"""Tests that columns of Arrow become the bytes that their values as tuples become."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import UTC
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_outpour import CSV
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import RowError
from flask_outpour.formats import JSONSequence
from flask_outpour.formats import TSV
from flask_outpour.formats.streams import takes_arrow

FORMATS: list[Any] = [
    CSV(),
    TSV(),
    CSV(delimiter=";", line_end="\r\n"),
    CSV(delimiter="\x1f", bom=True),
    CSV(header=False),
    CSV(escape_formulas=True),
    CSV(excel=True, delimiter="|", header=False),
    CSV(decimal=",", delimiter=";"),
    CSV(encoding="gb18030", decimal=",", delimiter="|", separator_line=True),
    NDJSON(),
    NDJSON(decimal="number", final_record=True),
    NDJSON(nan="null"),
    JSON(),
    JSONSequence(final_record=True),
]
#: Some of their texts only a Grid writes.
COUNTRIES: list[Any] = [
    CSV(decimal=",", delimiter=";", floats=".3g"),
    TSV(floats=".0f", errors="backslashreplace"),
    CSV(dates="%d, %b %Y", times="%I:%M %p", datetimes="%d/%m/%y, %H.%M %z"),
    CSV(excel=True, datetimes="%-d.%-m.%Y %H:%M:%S,%f", encoding="utf-16"),
    CSV(encoding="iso2022_jp", errors="xmlcharrefreplace", delimiter=";"),
    CSV(encoding="cp1252", errors="ignore", escape_formulas=True),
    CSV(encoding="latin-1", header=False),
]
#: From the year 1 to 9999 in any zone, in seconds.
FIRST, LAST = -62_135_510_400, 253_402_214_399
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
ZONES = (
    *(None, "UTC", "+00:00", "Etc/UTC", "+05:30", "Europe/Berlin"),
    *("America/St_Johns", "Africa/Monrovia", "Australia/Lord_Howe"),
)
#: Around them the zones above, but for the fixed ones, change their offsets.
CHANGES = (1_711_846_800, 1_729_990_800, 1_162_087_260, 1_728_142_200, 63_593_070)

hostile = st.text(st.sampled_from("aZ0=+-@,;|\t\"'\n\r\\\0\x1f\x7fé漢🌻\ufeff\u2028."))
texts = st.one_of(hostile, st.text(max_size=8), st.sampled_from(["\\.", "=1+1", ""]))


def counts(unit: str, low: int, high: int) -> st.SearchStrategy[int]:
    """Return numbers of a unit, with a fraction of a second or without."""
    per = PER_SECOND[unit]
    seconds = st.one_of(
        st.integers(low, high),
        st.integers(max(low, 0), min(high, 2**31)),
        st.builds(
            lambda change, near: min(high, change + near),
            st.sampled_from(CHANGES),
            st.integers(-90_000, 90_000),
        ),
    )
    fractions = st.one_of(
        st.just(0),
        st.integers(0, per - 1),
        st.integers(0, 999).map(lambda n: n * per // 10**6 % per),
    )
    return st.builds(lambda second, part: second * per + part, seconds, fractions)


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    """Return decimals with this many digits."""
    most = 10**precision - 1
    return st.integers(-most, most).map(lambda n: Decimal(f"{n}e{-scale}"))


def kinds() -> list[tuple[Any, st.SearchStrategy[Any]]]:
    """Return types, with what their values are made of."""
    integers = [
        (kind, st.integers(low, high))
        for kind, low, high in (
            (pa.int8(), -(2**7), 2**7 - 1),
            (pa.int64(), -(2**63), 2**63 - 1),
            (pa.uint64(), 0, 2**64 - 1),
        )
    ]
    timestamps = [
        (
            pa.timestamp(unit, zone),
            counts(unit, max(FIRST, -(2**63) // PER_SECOND[unit] + 1), LAST)
            if unit != "ns"
            else counts(unit, -9_000_000_000, 9_000_000_000),
        )
        for unit in PER_SECOND
        for zone in ZONES
    ]
    amounts = st.integers(-(10**9), 10**9).map(lambda n: n / 1000)
    small = st.integers(-(10**4), 10**4).map(lambda n: n / 1000)
    near = st.floats(1e-5, 1e11).map(lambda number: -number)
    floats = st.one_of(st.floats(), st.integers(-9, 9).map(float), amounts, near)
    return [
        *integers,
        *timestamps,
        *((pa.time32(unit), counts(unit, 0, 86_399)) for unit in ("s", "ms")),
        (pa.time64("us"), counts("us", 0, 86_399)),
        (pa.date32(), st.integers(-719_162, 2_932_896)),
        (pa.date64(), st.integers(-719_162, 2_932_896).map(lambda n: n * 86_400_000)),
        *((pa.duration(u), st.integers(-(10**9), 10**9)) for u in ("s", "ms", "us")),
        (pa.bool_(), st.booleans()),
        (pa.null(), st.none()),
        *((kind, texts) for kind in (pa.string(), pa.large_string(), pa.string_view())),
        (pa.opaque(pa.string(), "numeric", "PostgreSQL"), texts),
        (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "", 'b"', "c,"])),
        (pa.dictionary(pa.int8(), pa.int64()), st.integers(0, 3)),
        *((pa.decimal128(p, s), decimals(p, s)) for p, s in ((12, 2), (38, 20))),
        (pa.decimal128(5, -3), decimals(5, -3)),
        (pa.decimal256(40, 5), decimals(40, 5)),
        (pa.float64(), floats),
        (pa.float64(), amounts),
        *((pa.float32(), floats) for floats in (st.floats(width=32), small)),
        (pa.float16(), st.floats(width=16)),
        *(
            (kind, st.lists(small, min_size=2, max_size=2))
            for kind in (pa.list_(pa.float32()), pa.list_(pa.float16(), 2))
        ),
        (pa.list_view(pa.float32()), st.lists(small, max_size=2)),
        (pa.dictionary(pa.int8(), pa.float32()), small),
        (pa.struct({"float": pa.float32()}), st.fixed_dictionaries({"float": small})),
        (pa.binary(), st.binary(max_size=5)),
        (pa.list_(pa.string()), st.lists(texts, max_size=2)),
        (
            pa.struct({"a": pa.int8(), 'b"': pa.string()}),
            st.fixed_dictionaries({"a": st.integers(0, 9), 'b"': texts}),
        ),
    ]


KINDS = kinds()


def array_of(kind: Any, values: Sequence[Any]) -> Any:
    """Return an array; times are given as their numbers."""
    if pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        numbers = pa.int64() if kind.bit_width == 64 else pa.int32()
        return pa.array(values, numbers).view(kind)
    return pa.array(values, kind)


@st.composite
def arrays(draw: st.DrawFn, length: int) -> Any:
    """Draw a column: a slice of a longer one, most of it hostile or little."""
    kind, values = draw(st.sampled_from(KINDS))
    nullable = draw(st.booleans())
    few = draw(st.lists(st.none() | values if nullable else values, max_size=6))
    fill = draw(values)
    drawn = [*few, *[fill] * (length + 1)]
    return array_of(kind, drawn).slice(draw(st.integers(0, 1)), length)


@st.composite
def batches(draw: st.DrawFn) -> Any:
    """Draw a record batch of any types, with names that may need quotes."""
    length = draw(st.sampled_from([0, 1, 3, 7, 300]))
    columns = draw(st.lists(arrays(length), min_size=1, max_size=4))
    names = draw(
        st.lists(texts, min_size=len(columns), max_size=len(columns), unique=True)
    )
    return pa.RecordBatch.from_arrays(columns, names)


def rows_of(batch: Any) -> list[tuple[Any, ...]]:
    """Return the rows as tuples of Python's values, as pyarrow has them.

    But floats of 16 and 32 bits are those that numpy's short texts are read as.
    """
    columns = (
        [short(column.type, value) for value in column.to_pylist()]
        for column in batch.columns
    )
    return list(zip(*columns, strict=True))


def short(kind: Any, value: Any) -> Any:
    """Return a value with the digits that a narrow float needs, and no others."""
    if isinstance(value, list):
        return [short(kind.value_type, item) for item in value]
    if isinstance(value, dict):
        return {name: short(kind.field(name).type, value[name]) for name in value}
    if isinstance(value, float) and pa.types.is_dictionary(kind):
        return short(kind.value_type, value)
    if isinstance(value, float) and kind.bit_width < 64:
        return float(str(numpy.dtype(f"float{kind.bit_width}").type(value)))
    return value


def outcome(begin: Any, feed: Any, finish: Any, batches: list[Any]) -> Any:
    """Return the bytes of a stream, or what came before an error, and the error."""
    made = begin()
    for batch in batches:
        try:
            made += feed(batch)
        except RowError as error:
            return made, str(error), error.row, error.column
    return made + finish()


def of_arrow(format: Any, *batches: Any) -> Any:
    """Return the bytes of record batches, fed as they are."""
    begun = format.begin_arrow(batches[0].schema)
    return outcome(lambda: begun, format.feed_arrow, format.finish, list(batches))


def of_tuples(format: Any, *batches: Any) -> Any:
    """Return the bytes of record batches, fed as tuples."""
    rows = [rows for batch in batches if (rows := rows_of(batch))]
    begun = format.begin(batches[0].schema.names)
    return outcome(lambda: begun, format.feed, format.finish, rows)


@pytest.mark.parametrize("format", [*FORMATS, *COUNTRIES], ids=str)
@settings(max_examples=60, deadline=None)
@given(batch=batches(), cut=st.integers(0, 5))
def test_columns_give_the_bytes_of_their_rows(
    format: Any, batch: Any, cut: int
) -> None:
    """Any table gives the same bytes, or the same error, whichever way it comes."""
    parts = [batch.slice(0, cut), batch.slice(cut)]
    assert of_arrow(format, *parts) == of_tuples(format, *parts)


def column(kind: Any, *values: Any) -> Any:
    """Return a batch of the one column ``a``, and of numbered rows beside it."""
    numbers = pa.array(range(len(values)))
    return pa.record_batch({"n": numbers, "a": array_of(kind, values)})


NANOSECONDS = (0, 1_500_000_000, 1_000_000_001)
#: Type, values, and their texts in CSV, as the value table has them.
TEXTS: list[tuple[Any, Sequence[Any], Sequence[str]]] = [
    (
        pa.timestamp("us", "UTC"),
        [0, 500_000],
        ["1970-01-01 00:00:00+00:00", "1970-01-01 00:00:00.500000+00:00"],
    ),
    (
        pa.timestamp("ms"),
        [-1, 0],
        ["1969-12-31 23:59:59.999000", "1970-01-01 00:00:00"],
    ),
    (
        pa.timestamp("ns"),
        NANOSECONDS,
        [
            *("1970-01-01 00:00:00", "1970-01-01 00:00:01.500000"),
            "1970-01-01 00:00:01.000000001",
        ],
    ),
    # The clocks of Berlin went from 2:00 to 3:00, an hour before those of London.
    (
        pa.timestamp("s", "Europe/Berlin"),
        [1_711_846_799, 1_711_846_800],
        ["2024-03-31 01:59:59+01:00", "2024-03-31 03:00:00+02:00"],
    ),
    # Those of Monrovia were the last that had no whole minutes.
    (
        pa.timestamp("s", "Africa/Monrovia"),
        [63_593_069, 63_593_070],
        ["1972-01-06 23:59:59-00:44:30", "1972-01-07 00:44:30+00:00"],
    ),
    (pa.timestamp("s", "-03:30"), [0], ["1969-12-31 20:30:00-03:30"]),
    (pa.time64("ns"), [86_399_000_001_000], ["23:59:59.000001"]),
    (pa.date32(), [-719_162, 2_932_896], ["0001-01-01", "9999-12-31"]),
    (pa.decimal128(20, 8), [Decimal("0E-8"), Decimal(1)], ["0.00000000", "1.00000000"]),
    (pa.decimal128(5, -3), [Decimal("12E3")], ["12000"]),
    (pa.string_view(), ["", None, 'a"b', "a,b"], ['""', "", '"a""b"', '"a,b"']),
    (pa.dictionary(pa.int8(), pa.string()), ["a,b", None], ['"a,b"', ""]),
    (pa.float32(), [1.0, 0.1, float("nan")], ["1.0", "0.1", "NaN"]),
    (
        pa.float32(),
        [1e-7, 3.4028235e38, 2**24],
        ["1e-07", "3.4028235e+38", "16777216.0"],
    ),
    (pa.float16(), [0.1, 65504, None], ["0.1", "65500.0", ""]),
    (pa.list_(pa.float32()), [[0.1, None], []], ['"[0.1, null]"', "[]"]),
    (pa.list_view(pa.float32()), [[0.1], None], ["[0.1]", ""]),
    (
        pa.map_(pa.string(), pa.struct({"a": pa.float16()})),
        [{"x": {"a": 0.1}}],
        ['"{""x"": {""a"": 0.1}}"'],
    ),
    (pa.binary(), [b"\0\xff"], ["AP8="]),
    (pa.duration("ms"), [90_500], ["PT1M30.5S"]),
    (pa.list_(pa.int8()), [[1, None]], ['"[1, null]"']),
    (pa.map_(pa.string(), pa.int8()), [{"a": 1}], ['"{""a"": 1}"']),
    (
        pa.month_day_nano_interval(),
        [pa.MonthDayNano([0, 1, 1_000_000_000])],
        ["P1DT1S"],
    ),
]


@pytest.mark.parametrize(("kind", "values", "expected"), TEXTS, ids=str)
def test_texts_are_those_of_the_value_table(
    kind: Any, values: Sequence[Any], expected: Sequence[str]
) -> None:
    """Times, numbers and texts of Arrow look as those of any other source."""
    lines = "".join(f"{number},{text}\n" for number, text in enumerate(expected))
    assert of_arrow(CSV(), column(kind, *values)).decode() == f"n,a\n{lines}"


@pytest.mark.parametrize("every", [1, 2, 70])
@pytest.mark.parametrize("offset", [0, 3])
def test_quotes_are_where_they_belong(every: int, offset: int) -> None:
    """The one text in many that needs them has them, in any part of a table."""
    needs = ['a"b"', "a,b", "a\nb,", "é\r"]
    texts = ["plain" if n % every else needs[n % 4] for n in range(300)]
    batch = pa.record_batch({"n": [1] * 300, "text": texts}).slice(offset)
    rows = csv.reader(io.StringIO(of_arrow(CSV(), batch).decode(), newline=""))
    assert [text for _, text in rows] == ["text", *texts[offset:]]


def test_escapes_are_those_of_json() -> None:
    """Each character that needs an escape has one, and a backslash its own."""
    texts = [*map(chr, range(160)), *(f'\\{chr(n)}"\\n' for n in range(160))]
    lines = of_arrow(NDJSON(), pa.record_batch({"a": texts})).splitlines()
    assert [json.loads(line)["a"] for line in lines] == texts


#: Values that no object of Python's has exactly.
UNFIT: list[tuple[Any, Any]] = [
    (pa.date32(), 2_932_897),
    (pa.timestamp("s"), LAST + 2 * 86_400),
    (pa.timestamp("us", "UTC"), (FIRST - 2 * 86_400) * 10**6),
    (pa.time64("us"), 86_400 * 10**6),
    (pa.time64("ns"), 1),
    (pa.duration("s"), 2**60),
    (pa.month_day_nano_interval(), pa.MonthDayNano([1, 0, 0])),
]


@pytest.mark.parametrize("format", [CSV(), NDJSON()], ids=["csv", "ndjson"])
@pytest.mark.parametrize(("kind", "value"), UNFIT, ids=str)
def test_values_that_have_no_text_are_named(format: Any, kind: Any, value: Any) -> None:
    """No time is written wrong: the error counts rows from 1 over all batches."""
    zero = pa.MonthDayNano([0, 0, 0]) if pa.types.is_interval(kind) else 0
    good, bad = column(kind, zero, zero), column(kind, zero, value)
    format.begin_arrow(good.schema)
    format.feed_arrow(good)
    for _ in range(2):
        # A batch that failed does not count as written.
        with pytest.raises(RowError, match=r"^Row 4, column 'a': .* cannot be written"):
            format.feed_arrow(bad)
    assert format.feed_arrow(bad.slice(0, 1))


def test_text_that_is_not_utf8_is_named() -> None:
    """Bytes that just claim to be text do not make a broken file."""
    kind = pa.string()
    for data in (b"ab\xc3", b"\xc3\xa9\xff", b"\xed\xa0\x80"):
        texts = pa.array([b"ok", data], pa.binary()).view(kind)
        batch = pa.record_batch({"n": [1, 2], "a": texts})
        with pytest.raises(RowError, match=r"^Row 2, column 'a'"):
            lines_of(batch)


def lines_of(batch: Any) -> bytes:
    """Return the lines of a batch."""
    format = NDJSON()
    format.begin_arrow(batch.schema)
    return format.feed_arrow(batch)


def test_names_that_are_the_same_are_refused() -> None:
    """An object of JSON cannot have both; CSV can."""
    batch = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])
    with pytest.raises(RowError, match="More than one column has the name 'a'"):
        JSON().begin_arrow(batch.schema)
    assert of_arrow(CSV(), batch) == b"a,a\n1,2\n"


def test_tables_without_rows_or_columns() -> None:
    """They are whole files with nothing in them."""
    empty = pa.record_batch({"a": pa.array([], pa.string())})
    assert of_arrow(CSV(), empty) == b"a\n"
    assert of_arrow(JSON(), empty) == b"[]\n"
    nothing = pa.record_batch({"a": [1, 2]}).select([])
    assert of_arrow(NDJSON(), nothing) == b"{}\n{}\n"


@dataclass(kw_only=True)
class Loud(NDJSON):
    """Lines in capitals."""

    def feed(self, batch: Any) -> bytes:
        return super().feed(batch).upper()


def test_what_a_subclass_writes_counts() -> None:
    """A format with its own feed() gets tuples, and so does PostgreSQL's dialect."""
    for format in (Loud(), CSV(dialect="postgresql")):
        assert not takes_arrow(format)


def test_usual_types_run_no_python_for_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole columns are written by Arrow, else it would take ten times as long."""
    batch = pa.record_batch(
        {
            "id": pa.array([1, 2, 3]),
            "at": pa.array(
                [datetime(2024, 1, 1, 1, 1, 1, micro, UTC) for micro in (0, 1, 2)]
            ),
            "local": pa.array(
                [datetime(2024, 7, 1, tzinfo=ZoneInfo("Asia/Tokyo"))] * 3
            ),
            "customer": pa.array(["Ann", 'Bob "B", Sons', ""]),
            "amount": pa.array([Decimal("12.50"), None, Decimal("0.01")]),
            "share": pa.array([0.1, 12.0, None]),
            "part": pa.array([0.1, 12.0, None], pa.float32()),
            "paid": pa.array([True, False, None]),
            "day": pa.array([date(2024, 1, 1)] * 3),
        }
    )
    expected = {str(format): of_tuples(format, batch) for format in FORMATS}
    for name in ("values_of", "tuples_of"):
        monkeypatch.setattr(f"flask_outpour.formats.arrow_text.{name}", None)
    for format in FORMATS:
        if not getattr(format, "escape_formulas", None) and not getattr(
            format, "excel", None
        ):
            assert of_arrow(format, batch) == expected[str(format)]
