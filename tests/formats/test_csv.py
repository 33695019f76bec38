"""Tests of CSV and TSV: each kind of value, quotes, options, the guard of formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from datetime import time
from decimal import Decimal
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies
from markupsafe import Markup

from flask_outpour import CSV
from flask_outpour import RowError
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import TSV
from formats.cells import texts
from formats.formulas import FORMULAS
from formats.formulas import HARMLESS
from formats.reference import csv_bytes
from formats.table import TABLE


def written(format: CSV, columns: Sequence[str], *batches: Any) -> str:
    """Return all that a format writes, as text."""
    chunks = [format.begin(columns), *map(format.feed, batches), format.finish()]
    return b"".join(chunks).decode()


def bare(cell: str) -> str:
    """Return the text of a cell, without its quotes if it has them."""
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def cells(values: Sequence[Any], **options: Any) -> list[str]:
    """Return the text of each value, written as the second cell of a row."""
    format = CSV(header=False, **options)
    format.begin(["first", "second"])
    return [bare(format.feed([("", value)]).decode()[3:-1]) for value in values]


def test_value_table(either_way: None) -> None:
    """Each kind of value is written as the value table says, in CSV and in TSV."""
    as_csv, as_tsv = CSV(header=False), TSV(header=False)
    as_csv.begin(["value", "next"])
    as_tsv.begin(["value", "next"])
    for name, (value, text, _) in TABLE.items():
        assert as_csv.feed([(value, "end")]).decode() == f"{text},end\n", name
        cell = as_tsv.feed([(value, "end")]).decode().removesuffix("\tend\n")
        assert bare(cell) == bare(text), name


def test_whole_columns_are_written_as_single_values(either_way: None) -> None:
    """A column of values of one kind has the same cells, with gaps and without."""
    for name, (value, text, _) in TABLE.items():
        rows = [(value, 1), (value, 2), (None, 3), (value, 4)]
        lines = f"{text},1\n{text},2\n,3\n{text},4\n"
        assert written(CSV(header=False), "ab", rows) == lines, name


def test_floats_that_are_no_numbers(either_way: None) -> None:
    """NaN and the infinities are written as databases read them."""
    row = (float("nan"), float("inf"), float("-inf"), Decimal("NaN"))
    assert written(CSV(header=False), "abcd", [row]) == "NaN,inf,-inf,NaN\n"


def test_quotes_only_where_needed() -> None:
    """Among texts that need no quotes, those that do are found wherever they are."""
    needy = ["", ",", '"', "\n", "\r", 'a"', "a,", "a\r\nb"]
    plain = ["a", " ", "'", ";", "\t", "\\.", "\\", "x y", "ä", "\0", "a\0b", "\ufeff"]
    for place in range(40):
        column = [*plain * 20]
        column.insert(place * 6, needy[place % len(needy)])
        rows = [(text, 1) for text in column]
        assert written(CSV(), "ab", rows).encode() == csv_bytes("ab", rows)


@given(
    strategies.lists(strategies.sampled_from(["a", "", ",", '"', "\n", "\0", ',"'])),
    strategies.integers(0, 30),
)
@settings(max_examples=100, deadline=None)
def test_quotes_of_any_density(column: list[str], spread: int) -> None:
    """Few or many texts that need quotes, empty ones and NUL: the same rules."""
    rows = [(text, 1) for text in [*["a"] * spread, *column, *["a"] * spread, "a"]]
    assert written(CSV(), "ab", rows).encode() == csv_bytes("ab", rows)


@given(strategies.lists(strategies.tuples(texts, texts), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_csv_module_reads_what_was_written(rows: list[tuple[str, str]]) -> None:
    """Python's csv module reads back all texts, names of columns included."""
    columns = rows[0]
    for format in (
        *(CSV(), CSV(line_end="\r\n"), CSV(delimiter=";"), CSV(delimiter="|")),
        TSV(),
    ):
        text = io.StringIO(written(format, columns, rows), newline="")
        assert list(map(tuple, csv.reader(text, delimiter=format.delimiter))) == [
            columns,
            *rows,
        ]


def test_none_and_empty_text_differ() -> None:
    """An empty cell is no value, and two quotes are an empty text."""
    rows = [(None, ""), ("", None), (None, None), ("", "")]
    assert written(CSV(), "ab", rows) == 'a,b\n,""\n"",\n,\n"",""\n'


def test_single_column() -> None:
    """A line is never blank: None and the empty text are both two quotes."""
    rows = [(None,), ("",), ("a",), (1,), (None,)]
    assert written(CSV(), ["a"], rows) == 'a\n""\n""\na\n1\n""\n'
    assert written(CSV(), [""], [(None,)]) == '""\n""\n'
    assert written(CSV(excel=True), ["a"], [(None,)]) == '\ufeffa\n""\n'


def test_end_of_data_of_postgresql() -> None:
    r"""A line ``\.``, where psql stops to read, is quoted; no other one is."""
    assert written(CSV(), ["\\."], [("\\.",), ("\\.a",)]) == '"\\."\n"\\."\n\\.a\n'
    assert written(CSV(), ["\\.", "b"], [("\\.", "\\.")]) == "\\.,b\n\\.,\\.\n"


def test_empty_source() -> None:
    """Without rows there is a header; without columns, too, there is nothing."""
    assert written(CSV(), ["a", "b c", 'd"']) == 'a,b c,"d"""\n'
    assert written(CSV(header=False), ["a"]) == ""
    assert written(CSV(), []) == ""
    assert written(CSV(excel=True), []) == "\ufeff"


def test_rows_without_columns() -> None:
    """A row without cells is a blank line."""
    assert written(CSV(), [], [(), ()], [()]) == "\n\n\n"


def test_duplicate_names() -> None:
    """Columns of the same name are all written."""
    assert written(CSV(), ["a", "a"], [(1, 2)]) == "a,a\n1,2\n"


def test_line_ends() -> None:
    """Lines end in CRLF if asked, and texts keep their own line ends."""
    text = written(CSV(line_end="\r\n"), ["a", "b"], [("x\ny", 1), ("z", 2)], [("", 3)])
    assert text == 'a,b\r\n"x\ny",1\r\nz,2\r\n"",3\r\n'


def test_other_delimiters() -> None:
    """Another delimiter is quoted where it is in a text, and a comma is not."""
    for sign in (";", "|", "\t", "~", "\x1f"):
        rows = [("a,b", f"a{sign}b", 1.5, [1, 2])]
        text = written(CSV(header=False, delimiter=sign), "abcd", rows)
        assert text == f'a,b{sign}"a{sign}b"{sign}1.5{sign}[1, 2]\n'


def test_what_cannot_be_a_delimiter() -> None:
    """What is in a number, a date or base64, or is no single byte, does not delimit."""
    for delimiter in ("", ",,", "😀", "\ud800", *'\n\r\0"5aE+-.: _/=ä\ufeff'):
        with pytest.raises(ConfigurationError, match="cannot be the delimiter"):
            CSV(delimiter=delimiter)


def test_what_cannot_end_a_line() -> None:
    """Only LF and CRLF end a line."""
    for line_end in ("", "\r", "\n\n", ";", "\u2028"):
        with pytest.raises(ConfigurationError, match="cannot end a line"):
            CSV(line_end=line_end)


def test_options_have_names() -> None:
    """Options are given by their names."""
    with pytest.raises(TypeError):
        CSV(True)  # type: ignore[misc]


def test_excel_switches_two_options_on() -> None:
    """``excel=True`` adds the mark and the guard; each can be had by itself."""
    rows = [("=1", -1)]
    assert written(CSV(), "ab", rows) == "a,b\n=1,-1\n"
    assert written(CSV(excel=True), "ab", rows) == "\ufeffa,b\n'=1,-1\n"
    assert written(CSV(excel=True, bom=False), "ab", rows) == "a,b\n'=1,-1\n"
    guarded = CSV(excel=True, escape_formulas=False)
    assert written(guarded, "ab", rows) == "\ufeffa,b\n=1,-1\n"
    assert written(CSV(escape_formulas=True), "ab", rows) == "a,b\n'=1,-1\n"
    assert written(CSV(bom=True), "ab", rows) == "\ufeffa,b\n=1,-1\n"


def test_guard_of_formulas() -> None:
    """An apostrophe stands before what a spreadsheet would run, and nothing else."""
    assert cells(FORMULAS, escape_formulas=True) == [f"'{text}" for text in FORMULAS]
    assert cells(HARMLESS, escape_formulas=True) == HARMLESS
    assert cells(FORMULAS) == FORMULAS


def test_guard_leaves_what_is_no_text() -> None:
    """Numbers, booleans, dates and times are the same with the guard."""
    kinds = (bool, int, float, Decimal, date, time)
    values = [value for value, _, _ in TABLE.values() if isinstance(value, kinds)]
    assert cells(values, escape_formulas=True) == cells(values)
    assert cells([-1, -1.5, Decimal(-1)], escape_formulas=True) == ["-1", "-1.5", "-1"]


def test_guard_covers_all_that_is_text() -> None:
    """Names of columns, base64 and text in an Enum are guarded as texts are."""
    rows = [(b"\xfb", Markup("=1"))]
    text = written(CSV(escape_formulas=True), ["=a", "+b"], rows)
    assert text == "'=a,'+b\n'+w==,'=1\n"


def test_guard_quotes_what_other_spreadsheets_separate_at() -> None:
    """No cell begins within a text, whichever of the usual delimiters is expected."""
    for sign in ",;\t":
        format = CSV(header=False, delimiter=sign, escape_formulas=True)
        for text in ("x;=1+1", ";=1+1", "x,=1+1", ",=1", "x\t=1+1"):
            assert written(format, "ab", [(text, text)]) == f'"{text}"{sign}"{text}"\n'


def test_first_name_is_no_byte_order_mark() -> None:
    """A name that begins as a byte order mark does is quoted, so that it stays."""
    assert written(CSV(), ["\ufeffa", "b"]) == '"\ufeffa",b\n'
    rows = [("\ufeffx", 1)]
    assert written(CSV(header=False), "ab", rows) == '"\ufeffx",1\n'
    assert written(CSV(), "ab", rows) == "a,b\n\ufeffx,1\n"


def test_error_names_the_cell() -> None:
    """What cannot be written is an error with row, column and type."""
    format = CSV()
    format.begin(["id", "value"])
    format.feed([(1, "a"), (2, "b")])
    unwritable = [
        *(object(), {1, 2}, 1j, "\ud800", {(): 1}, [float("nan")], range(3)),
        *(numpy.complex128(1), numpy.longdouble(1), {date.min: 1}),
    ]
    for value in unwritable:
        with pytest.raises(RowError) as caught:
            format.feed([(3, "c"), (4, value), (5, value)])
        assert (caught.value.row, caught.value.column) == (4, "value")
        for fact in ("Row 4", "'value'", type(value).__name__):
            assert fact in str(caught.value)


def test_rows_before_a_bad_one_can_still_be_written() -> None:
    """An error leaves the format as it was, for the rows before that one."""
    format = CSV()
    format.begin(["id", "value"])
    with pytest.raises(RowError):
        format.feed([(1, "a"), (2, object())])
    assert format.feed([(1, "a")]) == b"1,a\n"
    with pytest.raises(RowError, match="Row 2"):
        format.feed([(2, object())])


def test_circular_values_are_an_error() -> None:
    """A list that holds itself is named, and does not end the process."""
    circle: list[Any] = []
    circle.append(circle)
    format = CSV()
    format.begin("ab")
    with pytest.raises(RowError, match="column 'b': a value of type list"):
        format.feed([(1, circle)])


def test_rows_of_another_length() -> None:
    """A row with too few or too many values is an error, alone and among others."""
    format = CSV()
    format.begin(["a", "b"])
    for row in ((), (1,), (1, 2, 3)):
        for batch in ([row], [row, row], [(1, 2), row]):
            number = batch.index(row) + 1
            with pytest.raises(RowError, match=f"Row {number} has {len(row)} value"):
                format.feed(batch)


def test_names_that_utf_8_lacks() -> None:
    """A lone surrogate in the name of a column is an error of the row's kind."""
    with pytest.raises(RowError, match="UTF-8"):
        CSV().begin(["a", "\ud800"])


def test_tsv_is_csv_with_tabs() -> None:
    """TSV has CSV's quotes and options, and no delimiter to choose."""
    rows = [("a\tb", "a,b", None, ""), ("\n", '"', 1, 2)]
    text = 'a\tb\tc\td\n"a\tb"\ta,b\t\t""\n"\n"\t""""\t1\t2\n'
    assert written(TSV(), "abcd", rows) == text
    assert written(TSV(excel=True), "a", [("=1",)]) == "\ufeffa\n'=1\n"
