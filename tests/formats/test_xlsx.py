"""Tests of workbooks: their bytes, and the options."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from random import Random
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import stream_rows
from flask_outpour import XLSX
from flask_outpour.archives import deflate
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats.workbooks import book
from flask_outpour.row_stream import RowStream
from flask_outpour.row_stream import Table
from flask_outpour.rows import open_rows
from formats import cells
from formats.recorded import cut
from formats.recorded import written
from formats.workbook_values import table_cells
from formats.workbooks import by_calamine
from formats.workbooks import by_openpyxl
from formats.workbooks import parts

#: Rows whose XML is several of the blocks that are compressed at once.
MANY = [
    (n, n * 0.5 if n % 7 else None, f"name {n % 11} é", "x" * (n % 90))
    for n in range(2500)
]
COLUMNS = ["id", "amount", "name", "note"]


def sheet_of(content: bytes) -> Any:
    """Return the first sheet as openpyxl has it."""
    return openpyxl.load_workbook(BytesIO(content)).active


# Bytes


def test_bytes_leave_with_the_first_rows(app: Flask) -> None:
    """A source that has more rows is not read to its end before bytes leave."""
    read = []

    def rows() -> Iterator[dict[str, int]]:
        for number in range(100_000):
            read.append(number)
            yield {"id": number}

    with (
        app.test_request_context(),
        closing(RowStream([Table(rows(), open_rows)], XLSX())) as stream,
    ):
        assert next(stream).startswith(b"PK\3\4")
        assert len(read) < 3000


def test_rows_leave_while_others_come() -> None:
    """What was fed is sent as soon as it fills a block of the compressor."""
    # What is compressed to much less is held a little longer.
    random = Random(7)
    rows = [(random.random(), random.randbytes(150)) for _ in range(5000)]
    format = XLSX()
    format.begin(["a", "b"])
    sent = [format.feed(rows[n : n + 500]) for n in range(0, 5000, 500)]
    assert sum(map(bool, sent)) >= 5


def test_rows_of_a_slow_source_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing was sent for ten seconds, all that was fed can be read."""
    seconds = iter([0.0, 4.0, 9.9, 10.0, 19.9, 20.0])
    monkeypatch.setattr(book, "monotonic", lambda: next(seconds))
    format = XLSX()
    sent = [format.begin(["a"])]
    sent += [format.feed([(f"row {n}",)]) for n in range(5)]
    assert [bool(part) for part in sent] == [True, False, False, True, False, True]
    content = b"".join(sent)
    # Behind the name of the sheet's part.
    packed = content.rpartition(b"sheet1.xml")[2]
    xml = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed)
    assert xml.endswith(b"row 4</t></is></c></row>")
    rows = by_calamine(content + format.finish())
    assert rows == {"Sheet1": [["a"], *([f"row {n}"] for n in range(5))]}


@given(cells.batches())
@settings(max_examples=80, deadline=None)
def test_batches_do_not_matter(table: Any) -> None:
    """Values of all types give the same bytes, whatever rows come with them."""
    names, batches = table
    rows = [row for batch in batches for row in batch]
    whole = written(XLSX(), names, rows)
    assert written(XLSX(), names, *batches) == whole
    assert written(XLSX(), names, *([row] for row in rows)) == whole


@given(strategies.lists(strategies.integers(1, 1200), min_size=1))
@settings(max_examples=30, deadline=None)
def test_batches_of_many_rows_do_not_matter(sizes: list[int]) -> None:
    """Also where the rows fill more than one block."""
    batches = cut(MANY, [*sizes, len(MANY)])
    assert written(XLSX(), COLUMNS, *batches) == MANY_WRITTEN


MANY_WRITTEN = written(XLSX(), COLUMNS, MANY)


def test_without_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another compressor makes other bytes of the same parts."""
    monkeypatch.setattr(deflate, "_library", lambda names: zlib)
    assert parts(written(XLSX(), COLUMNS, MANY)) == parts(MANY_WRITTEN)


def test_without_msgspec(without_msgspec: Any) -> None:
    """It makes no other bytes, for values of all kinds and for columns of one."""
    mixed = [(value, "end") for value, _ in table_cells().values()]
    before = written(XLSX(), ["a", "b"], mixed)
    with without_msgspec():
        assert written(XLSX(), ["a", "b"], mixed) == before
        assert written(XLSX(), COLUMNS, MANY) == MANY_WRITTEN


def test_levels() -> None:
    """A higher level makes a smaller file of the same parts."""
    small = written(XLSX(level=9), COLUMNS, MANY)
    assert len(small) < len(MANY_WRITTEN)
    assert parts(small) == parts(MANY_WRITTEN)


_WHOLE = """
import sys
from datetime import datetime, timedelta, UTC
from flask_outpour import XLSX

format = XLSX(titles={"a": "A"}, number_formats={"b": "0.00"})
at = datetime(2013, 7, 1, 5, 15, tzinfo=UTC)
rows = [({"b": {1, 2} == {2, 1}, "a": 2}, 1.5, at, timedelta(1), "\xe9")] * 300
chunks = [format.begin("abcde"), format.feed(rows), format.finish()]
sys.stdout.buffer.write(b"".join(chunks))
"""


def test_nothing_of_the_machine() -> None:
    """Processes with other zones, languages and users make the same bytes."""
    environments = [
        {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1", "USER": "ada"},
        {"TZ": "Asia/Kolkata", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "2"},
    ]
    here, there = (
        subprocess.run(
            [sys.executable, "-c", _WHOLE],
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            timeout=100,
        ).stdout
        for environment in environments
    )
    assert here == there
    assert set(parts(here)) == {
        *("[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"),
        *("xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"),
    }
    with ZipFile(BytesIO(here)) as archive:
        facts = {(entry.date_time, entry.external_attr) for entry in archive.filelist}
    assert facts == {((1980, 1, 1, 0, 0, 0), 0)}


# Options


def test_titles() -> None:
    """A title stands in place of the name; hostile ones come back as they were."""
    titles = {"b": '<"&_x0041_\x01> ', "c": ""}
    _, *rows = content = by_openpyxl(
        written(XLSX(titles=titles), ["a", "b", "c"], [(1, 2, 3)])
    )["Sheet1"]
    assert content[0] in (["a", titles["b"], ""], ["a", titles["b"], None])
    assert rows == [[1, 2, 3]]


def test_number_formats() -> None:
    """A column's numbers and times have its format; texts and others have theirs."""
    formats = {"amount": '#,##0.00 "€ & <x>"', "at": "dd/mm/yyyy", "more": "0.0%"}
    rows = [
        (12.5, datetime(2020, 1, 31, 5), 1),
        (Decimal("1E+20"), "text", date(2020, 1, 1)),
        (3, time(5), timedelta(hours=1)),
    ]
    sheet = sheet_of(written(XLSX(number_formats=formats), list(formats), rows))
    shown = [[cell.number_format for cell in row] for row in sheet.iter_rows(2)]
    amount, at, more = formats.values()
    assert shown == [
        [amount, at, more],
        ["General", "General", more],
        [amount, at, more],
    ]
    assert sheet["A2"].value == 12.5


def test_name_of_the_sheet() -> None:
    """It is Sheet1, or as it is given, mended."""
    for name, mended in [(None, "Sheet1"), ("Orders", "Orders"), ("a/b", "a_b")]:
        content = written(XLSX(sheet=name), ["a"], [(1,)])
        assert list(by_openpyxl(content)) == [mended]


@pytest.mark.parametrize(
    "code",
    [
        *("General", "@", "0.00E+00", "[Red]0.00;[Blue]-0.00", "#,##0.00 [$€-407]"),
        *("h:mm AM/PM", "h:mm am/pm", "[h]:mm", '0 "EUR"', "0\\x", "_-* #,##0 €_-"),
    ],
)
def test_format_codes_of_excel_are_taken(code: str) -> None:
    """What Excel offers itself, in any case of letters, is no error."""
    sheet = sheet_of(written(XLSX(number_formats={"a": code}), ["a"], [(1,)]))
    assert sheet["A2"].number_format == code


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"zones": "local"}, "zones="),
        ({"long_text": "drop"}, "long_text="),
        ({"level": 0}, "level="),
        ({"level": 10}, "level="),
        ({"level": "1"}, "level="),
        ({"titles": ["a"]}, "titles="),
        ({"titles": {"a": 1}}, "titles="),
        ({"titles": {1: "a"}}, "titles="),
        ({"number_formats": "0.0"}, "number_formats="),
        ({"number_formats": {"a": None}}, "number_formats="),
        ({"number_formats": {"a": ""}}, "number_formats="),
        ({"number_formats": {"a": "0\x01"}}, "number_formats="),
        ({"number_formats": {"a": "\ud800"}}, "number_formats="),
        ({"number_formats": {"a": "0" * 256}}, "number_formats="),
        ({"number_formats": {"a": "%d.%m.%Y"}}, "as Excel has them.*dd.mm.yyyy"),
        ({"number_formats": {"a": "{:.2f}"}}, "as Excel has them"),
        ({"number_formats": {"a": '0 "EUR'}}, "as Excel has them"),
        ({"number_formats": {"a": "0.00 EUR"}}, "as Excel has them"),
        ({"number_formats": {"a": "TT.MM.JJJJ"}}, "as Excel has them"),
        ({"widths": {"a": 0}}, "widths="),
        ({"widths": {"a": "9"}}, "widths="),
        ({"widths": [9]}, "widths="),
        ({"sheet": 1}, "sheet="),
    ],
)
def test_options_are_checked(options: Any, message: str) -> None:
    """What an option does not take is an error that names it."""
    with pytest.raises(ConfigurationError, match=message):
        XLSX(**options)


@pytest.mark.parametrize("option", ["titles", "number_formats"])
def test_options_for_columns_that_there_are_not(option: str) -> None:
    """A name that is no column's is an error that names it, and the columns."""
    format = XLSX(**{option: {"id": "0", "nmae": "0"}})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=f"{option}= names 'nmae'.* id, name"):
        format.begin(["id", "name"])


# Responses


def test_response(app: Flask, client: FlaskClient) -> None:
    """A workbook is asked for by its suffix, and saved by its name."""

    @app.route("/orders.xlsx")
    def orders() -> Any:
        return stream_rows([{"id": 1, "name": "a"}])

    with client.get("/orders.xlsx") as answer:
        assert answer.mimetype == XLSX.media_type
        assert 'filename="orders.xlsx"' in answer.headers["Content-Disposition"]
        assert by_calamine(answer.data) == {"Sheet1": [["id", "name"], [1, "a"]]}


def test_two_streams_of_one_format() -> None:
    """An object with options serves two streams at a time."""
    format = XLSX(sheet="S")
    streams = [RowStream([Table([{"n": n}], open_rows)], format) for n in (1, 2)]
    begun = [next(stream) for stream in streams]
    rest = [b"".join(stream) for stream in streams]
    for stream in streams:
        stream.close()
    assert [by_calamine(b + r)["S"][1] for b, r in zip(begun, rest, strict=True)] == [
        [1],
        [2],
    ]
