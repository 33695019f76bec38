"""Tests of JSON, NDJSON and JSON text sequences: values, framing, options, the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import Format
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import RowError
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import JSONSequence
from formats.cells import containers
from formats.cells import surrogates
from formats.cells import texts
from formats.reference import ndjson_bytes
from formats.table import TABLE

KINDS = [JSON, NDJSON, JSONSequence]


def written(format: Format, columns: Sequence[str], *batches: Any) -> str:
    """Return all that a format writes, as text."""
    chunks = [format.begin(columns), *map(format.feed, batches), format.finish()]
    return b"".join(chunks).decode()


def read(format: Format, text: str) -> list[dict[str, Any]]:
    """Return the objects that Python's json module reads."""
    if isinstance(format, JSON):
        return json.loads(text)
    if isinstance(format, JSONSequence):
        begin, *records = text.split("\x1e")
        assert not begin
        assert all(record.endswith("\n") for record in records)
        return list(map(json.loads, records))
    assert not text or text.endswith("\n")
    # Not splitlines(), which also splits at what is within texts.
    return list(map(json.loads, text.split("\n")[:-1]))


def test_value_table(either_way: None) -> None:
    """Each kind of value is written as the value table says."""
    for name, (value, _, expected) in TABLE.items():
        rows = [(value, 1)]
        line = f'{{"value":{expected},"b":1}}'
        assert written(NDJSON(), ["value", "b"], rows) == f"{line}\n", name
        assert written(JSONSequence(), ["value", "b"], rows) == f"\x1e{line}\n", name
        assert written(JSON(), ["value", "b"], rows) == f"[\n{line}\n]\n", name


def test_whole_columns_are_written_as_single_values(either_way: None) -> None:
    """A column of values of one kind has the same texts, with gaps and without."""
    for name, (value, _, expected) in TABLE.items():
        rows = [(value,), (value,), (None,), (value,)]
        lines = [f'{{"a":{text}}}\n' for text in (expected, expected, "null", expected)]
        assert written(NDJSON(), "a", rows) == "".join(lines), name
        # Among values of other kinds, too.
        mixed = written(NDJSON(), "a", [(1.5,), *rows, ([],)])
        assert mixed == "".join(['{"a":1.5}\n', *lines, '{"a":[]}\n']), name


def test_array() -> None:
    """An array has one object a line, wherever the rows are cut into batches."""
    text = '[\n{"a":1},\n{"a":"\\n"},\n{"a":null}\n]\n'
    assert written(JSON(), "a", [(1,)], [("\n",), (None,)]) == text
    assert written(JSON(), "a", [(1,), ("\n",), (None,)]) == text


def test_empty_source() -> None:
    """Without rows there is an empty array, or nothing."""
    assert written(JSON(), ["a"]) == "[]\n"
    assert written(JSON(), []) == "[]\n"
    assert written(NDJSON(), ["a"]) == ""
    assert written(JSONSequence(), []) == ""


def test_rows_without_columns() -> None:
    """A row without cells is an empty object."""
    assert written(NDJSON(), [], [(), ()]) == "{}\n{}\n"
    assert written(JSON(), [], [()], [()]) == "[\n{},\n{}\n]\n"


def test_sequence() -> None:
    """A text begins with a record separator and ends with a line feed (RFC 7464)."""
    text = written(JSONSequence(), "a", [(1,), ("\x1e\n",)], [(2,)])
    assert text == '\x1e{"a":1}\n\x1e{"a":"\\u001e\\n"}\n\x1e{"a":2}\n'


@given(
    strategies.lists(texts | surrogates, min_size=2, max_size=2, unique=True),
    strategies.lists(
        strategies.tuples(texts | surrogates, containers | strategies.integers()),
        min_size=1,
        max_size=5,
    ),
)
@settings(max_examples=60, deadline=None)
def test_json_module_reads_what_was_written(
    columns: list[str], rows: list[tuple[Any, Any]]
) -> None:
    """Python's json module reads all texts and nested values, in each kind of JSON."""
    lines = ndjson_bytes(columns, rows).decode().split("\n")[:-1]
    expected = list(map(json.loads, lines))
    for format in (JSON(), NDJSON(), JSONSequence()):
        objects = read(format, written(format, columns, rows))
        assert objects == expected
        assert [item[columns[0]] for item in objects] == [row[0] for row in rows]


def test_lone_surrogates_are_escaped(either_way: None) -> None:
    """What UTF-8 lacks is JSON's escape, in texts, nested, and in names."""
    rows = [("a\ud800ä", {"\udfff": "\ud83d"}, "😀")]
    assert written(NDJSON(), ["\udead", "b", "c"], rows) == (
        '{"\\udead":"a\\ud800ä","b":{"\\udfff":"\\ud83d"},"c":"😀"}\n'
    )


def test_integers_of_any_size(either_way: None) -> None:
    """Integers keep all their digits, beyond those that str() would write."""
    numbers = [2**53 + 1, 2**63, 2**64, -(2**200), 10**5000, 0]
    text = written(NDJSON(), "a", [(number,) for number in numbers])
    lines = [line[5:-1] for line in text.splitlines()]
    assert lines[:4] == list(map(str, numbers[:4]))
    assert lines[4:] == ["1" + "0" * 5000, "0"]
    assert written(NDJSON(), "a", [([10**5000],)]) == f'{{"a":[1{"0" * 5000}]}}\n'


def test_decimals_as_numbers(either_way: None) -> None:
    """``decimal="number"`` writes the digits without quotes, nested ones as well."""
    rows = [(Decimal("12.50"), [Decimal("1E+2")]), (Decimal("-1E-8"), Decimal("0E+2"))]
    for kind in KINDS:
        format = kind(decimal="number")
        text = written(format, "ab", rows)
        assert '{"a":12.50,"b":[100]}' in text
        assert '{"a":-0.00000001,"b":0}' in text
        assert read(format, text)[1] == {"a": -1e-8, "b": 0}
        # Without the list, so that all columns are of types that msgspec knows.
        text = written(format, "ab", rows[1:])
        assert '{"a":-0.00000001,"b":0}' in text


def test_decimals_that_are_no_numbers(either_way: None) -> None:
    """A Decimal that is NaN is a text, or an error where decimals are numbers."""
    for value in map(Decimal, ("NaN", "-Infinity", "sNaN")):
        assert written(NDJSON(), "a", [(value,)]) == f'{{"a":"{value}"}}\n'
        with pytest.raises(RowError, match=r"Row 1, column 'a': .* Decimal"):
            written(NDJSON(decimal="number"), "a", [(value,)])
        number = NDJSON(decimal="number", nan="null")
        assert written(number, "a", [(value,), (Decimal(1),)]) == (
            '{"a":null}\n{"a":1}\n'
        )


def test_nan_is_an_error(either_way: None) -> None:
    """NaN and the infinities are an error that names the cell, also nested."""
    for number in map(float, ("nan", "inf", "-inf")):
        for value in (number, [number], {"a": {"b": number}}, {number: 1}):
            for kind in KINDS:
                with pytest.raises(RowError) as caught:
                    written(kind(), "ab", [(1, 1.5)], [(2, 2.5), (3, value)])
                assert (caught.value.row, caught.value.column) == (3, "b")
                assert f"a value of type {type(value).__name__}" in str(caught.value)


def test_nan_is_null_if_asked(either_way: None) -> None:
    """``nan="null"`` writes null for them, and numbers beside them as ever."""
    rows = [(float("nan"),), (1e16,), (float("-inf"),), ([float("inf"), 1.5],), (0.1,)]
    assert written(NDJSON(nan="null"), "a", rows) == (
        '{"a":null}\n{"a":1e+16}\n{"a":null}\n{"a":[null,1.5]}\n{"a":0.1}\n'
    )
    assert json.loads(written(JSON(nan="null"), "a", rows[:3]))[1] == {"a": 1e16}


def test_final_record() -> None:
    """If asked, the last line tells how the rows ended, and how many there were."""
    lines = NDJSON(final_record=True)
    text = written(lines, "a", [(1,), (2,)], [(3,)])
    assert text.split("\n")[2:] == ['{"a":3}', '{"outcome":"complete","rows":3}', ""]
    assert lines.interrupt() == b'{"outcome":"failed","rows":3}\n'
    assert written(lines, "a") == '{"outcome":"complete","rows":0}\n'
    sequence = JSONSequence(final_record=True)
    assert written(sequence, "a", [(1,)]).endswith(
        '\x1e{"outcome":"complete","rows":1}\n'
    )
    assert sequence.interrupt() == b'\x1e{"outcome":"failed","rows":1}\n'


def test_final_record_counts_what_was_written(either_way: None) -> None:
    """The rows of a batch that failed are not among those of the final record."""
    format = NDJSON(final_record=True)
    format.begin(["a"])
    format.feed([(1,), (2.5,)])
    with pytest.raises(RowError, match="Row 4"):
        format.feed([(3,), (object(),)])
    format.feed([(3,)])
    assert format.interrupt() == b'{"outcome":"failed","rows":3}\n'


def test_no_final_record_unless_asked() -> None:
    """Without it, the lines just end, and an interrupted array has no bracket."""
    for format in (NDJSON(), JSONSequence()):
        format.begin(["a"])
        format.feed([(1,)])
        assert format.finish() == format.interrupt() == b""
    assert not hasattr(JSON(), "interrupt")
    with pytest.raises(TypeError):
        JSON(final_record=True)  # type: ignore[call-arg]


def test_duplicate_names_are_an_error() -> None:
    """An object holds one member of a name, so that two columns of it are an error."""
    for kind in KINDS:
        with pytest.raises(RowError, match="'a', 'c'"):
            kind().begin(["a", "b", "a", "c", "c"])


def test_names_of_any_kind(either_way: None) -> None:
    """Names are escaped as texts are, an empty one and odd ones included."""
    columns = ["", '"', "\\", "\n", "ä", "\0", "%s", "{}", "a b", "__struct_fields__"]
    rows = [tuple(range(len(columns)))]
    assert json.loads(written(NDJSON(), columns, rows)) == dict(
        zip(columns, rows[0], strict=True)
    )


def test_rows_of_another_length(either_way: None) -> None:
    """A row with too few or too many values is an error, alone and among others."""
    format = NDJSON()
    format.begin(["a", "b"])
    for row in ((), (1,), (1, 2, 3)):
        for batch in ([row], [row, row], [(1, 2), row]):
            number = batch.index(row) + 1
            with pytest.raises(RowError, match=f"Row {number} has {len(row)} value"):
                format.feed(batch)


def test_error_names_the_cell(either_way: None) -> None:
    """What cannot be written is an error with row, column and type."""
    circle: list[Any] = []
    circle.append(circle)
    for value in (object(), {1}, 1j, {(): 1}, [object()], circle, {"a": {b"": 1}}):
        format = NDJSON()
        format.begin(["id", "value"])
        format.feed([(1, "a"), (2, "b")])
        with pytest.raises(RowError) as caught:
            format.feed([(3, "c"), (4, value), (5, value)])
        assert (caught.value.row, caught.value.column) == (4, "value")
        assert type(value).__name__ in str(caught.value)


def test_other_options_are_refused() -> None:
    """A wrong value of an option is an error that lists the right ones."""
    for kind in KINDS:
        with pytest.raises(ConfigurationError, match="'string' or 'number'"):
            kind(decimal="float")
        with pytest.raises(ConfigurationError, match="'error' or 'null'"):
            kind(nan=None)
