"""Tests of workbooks as archives and as XML, and of those that were broken off."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile
from zipfile import ZipFile

import pandas
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies
from python_calamine import CalamineError

from flask_outpour import XLSX
from flask_outpour.row_stream import RowStream
from flask_outpour.row_stream import Table
from flask_outpour.rows import open_rows
from formats.packages import installed_apart
from formats.workbook_values import NUMBERS
from formats.workbook_values import TEXTS
from formats.workbook_values import TIMES
from formats.workbooks import by_calamine
from formats.workbooks import by_openpyxl
from formats.workbooks import changed
from formats.workbooks import MAIN
from formats.workbooks import parts
from formats.workbooks import tables_written

ROWS = [
    *((value, "end") for value, *_ in (*NUMBERS, *TIMES)),
    *((text, "end") for text in TEXTS),
]
BOOK = tables_written(
    XLSX(number_formats={"value": '0.00 "<&>"'}),
    {
        "A & 'B' <C>": (["value", "end"], [ROWS]),
        "日本": (["<&>", "_x0041_\r"], [[(True, None)]]),
        "Nothing": (["n"], []),
        "Less": ([], []),
    },
)
#: With all that can be asked of a sheet.
LOOKS = tables_written(
    XLSX(
        totals={"Orders": {"amount": "sum", "id": "count", "day": "max"}},
        number_formats={"Items": {"amount": "0.0"}},
        links=["page", "mail"],
        bold=lambda row: row["id"] == 2,
        filter=False,
        freeze=False,
    ),
    {
        "Orders": (
            ["id", "amount", "day", "page"],
            [[(1, 2.5, None, "https://example.com/?a=<1>&b#c"), (2, 1, None, "x")]],
        ),
        "Items": (["id", "amount", "mail"], [[(2, 2.5, "mailto:ada@example.com")]]),
        "None": (["id", "page"], []),
    },
)
DIRECTORY = BOOK.index(b"PK\1\2")

# The archive

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_DEFLATE, _HAS_DESCRIPTOR = 8, 1 << 3


def test_every_entry_is_as_excel_takes_it() -> None:
    """All are deflated, their sizes behind them, and none has a field of ZIP64."""
    with ZipFile(BytesIO(BOOK)) as archive:
        entries = archive.infolist()
        assert archive.testzip() is None
    assert entries[0].filename == "[Content_Types].xml"
    for entry in entries:
        assert (entry.extract_version, entry.flag_bits) == (20, _HAS_DESCRIPTOR)
        assert (entry.compress_type, entry.extra) == (_DEFLATE, b"")
        begin = entry.header_offset
        _, version, flags, method, _, _, *sizes, name, extra = _LOCAL.unpack_from(
            BOOK, begin
        )
        assert (version, flags, method) == (20, _HAS_DESCRIPTOR, _DEFLATE)
        assert (sizes, extra) == ([0, 0, 0], 0)
        packed = BOOK[begin + _LOCAL.size + name :]
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        assert zlib.crc32(stream.decompress(packed)) == entry.CRC
        assert stream.eof
        # The data descriptor, with its signature and fields of 32 bits.
        assert stream.unused_data[:16] == struct.pack(
            "<4s3I", b"PK\7\x08", entry.CRC, entry.compress_size, entry.file_size
        )
    assert b"PK\6\6" not in BOOK[DIRECTORY:]


def test_entries_follow_each_other_without_gaps() -> None:
    """A reader that goes by local headers finds the entries of the directory."""
    at = 0
    with ZipFile(BytesIO(BOOK)) as archive:
        for entry in archive.infolist():
            assert entry.header_offset == at
            at += _LOCAL.size + len(entry.filename) + entry.compress_size + 16
    assert at == DIRECTORY


@pytest.mark.skipif(not shutil.which("file"), reason="libmagic's file is not installed")
def test_the_file_is_known_for_a_workbook(tmp_path: Path) -> None:
    """What looks at the first bytes alone says that it is one of Excel."""
    for name, content in [("whole", BOOK), ("begun", BOOK[:5000])]:
        file = tmp_path / name
        file.write_bytes(content)
        said = subprocess.run(
            ["file", "--brief", str(file)], check=True, capture_output=True, text=True
        )
        assert said.stdout.startswith("Microsoft Excel")


# XML

#: In the order of CT_Worksheet, ISO/IEC 29500-1, section 18.3.1.99.
CHILDREN = [
    *("sheetViews", "sheetFormatPr", "cols", "sheetData", "autoFilter", "hyperlinks"),
]


def test_parts_are_xml() -> None:
    """Each part is UTF-8, well formed, and says that it stands alone."""
    for xml in parts(BOOK).values():
        head = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<'
        assert xml.startswith(head)
        xml.decode()
        ElementTree.fromstring(xml)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_elements_are_in_their_order(number: int) -> None:
    """Excel refuses a sheet whose elements are in another order."""
    sheet = ElementTree.fromstring(parts(BOOK)[f"xl/worksheets/sheet{number}.xml"])
    names = [element.tag.removeprefix(MAIN) for element in sheet]
    without = {"cols", "autoFilter"} if number == 4 else set()
    without.add("hyperlinks")
    assert names == [name for name in CHILDREN if name not in without]


def test_links_are_in_their_order() -> None:
    """They come last."""
    with_links = ElementTree.fromstring(parts(LOOKS)[SHEET])
    names = [element.tag.removeprefix(MAIN) for element in with_links]
    assert names == [name for name in CHILDREN if name != "autoFilter"]


def test_workbook_in_its_order() -> None:
    """The names of sheets come before those that are defined."""
    workbook = ElementTree.fromstring(parts(BOOK)["xl/workbook.xml"])
    names = [element.tag.removeprefix(MAIN) for element in workbook]
    assert names == ["bookViews", "sheets", "definedNames"]


def test_styles_count() -> None:
    """Lists are as long as they say; formats have numbers that are not Excel's own."""
    styles = ElementTree.fromstring(parts(BOOK)["xl/styles.xml"])
    for element in styles.iter():
        assert element.get("count") in (None, str(len(element)))
    numbers = [
        int(format.get("numFmtId", "")) for format in styles.iter(f"{MAIN}numFmt")
    ]
    assert min(numbers) >= 164
    assert len(set(numbers)) == len(numbers)
    cells = styles.find(f"{MAIN}cellXfs")
    assert cells is not None
    used = {int(cell.get("numFmtId", "")) for cell in cells}
    assert used == {0, *numbers}


def test_parts_are_named() -> None:
    """Each part has a type, and is found from the one that needs it."""
    found = parts(BOOK)
    types = ElementTree.fromstring(found["[Content_Types].xml"])
    kinds = {each.get("PartName"): each.get("ContentType", "") for each in types}
    assert kinds["/xl/workbook.xml"].endswith("sheet.main+xml")
    assert kinds["/xl/styles.xml"].endswith("styles+xml")
    assert found.keys() >= {name[1:] for name in kinds if name}
    relations = ElementTree.fromstring(found["xl/_rels/workbook.xml.rels"])
    targets = {each.get("Id"): each.get("Target") for each in relations}
    workbook = ElementTree.fromstring(found["xl/workbook.xml"])
    sheets = [list(each.attrib.values())[-1] for each in workbook.iter(f"{MAIN}sheet")]
    assert [targets[name] for name in sheets] == [
        f"worksheets/sheet{number}.xml" for number in range(1, 5)
    ]
    assert all(f"xl/{target}" in found for target in targets.values())


#: Prints what a validator finds in files, for each one.
_VALIDATE = """
import json, sys
from openxml_audit import OpenXmlValidator

found = [OpenXmlValidator().validate(file).errors for file in sys.argv[1:]]
print(json.dumps([{error.id: error.description for error in each} for each in found]))
"""
#: What it warns of and misses: text in the cells, which Excel moves to a table when it
#: saves, and a theme, which ISO/IEC 29500-1, section 12.3, permits.
KNOWN = {"Excel_InlineStrCells", "Sem_MissingRelationshipType"}


SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
#: In which part, and what stands there instead of what.
WRONG = [
    (SHEET, b"<sheetFormatPr ", b"<sheetFormat "),
    (SHEET, b"<cols>", b'<autoFilter ref="A1:B2"/><cols>'),
    (SHEET, b' t="inlineStr"', b' t="inline"'),
    (STYLES, b" fontId=", b" font="),
]


def test_schemas(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
) -> None:
    """Elements and attributes are those of the format; what is not so is found."""
    folder = installed_apart("openxml-audit", request.config, tmp_path_factory)
    wrong = [changed(BOOK, *change) for change in WRONG]
    wrong.append(changed(LOOKS, SHEET, b"<hyperlink ref=", b"<hyperlink cell="))
    wrong.append(changed(LOOKS, SHEET, b"<f>(.*?)</f>", rb"<formula>\1</formula>"))
    contents = [BOOK, LOOKS, *wrong]
    files = [tmp_path / f"{number}.xlsx" for number in range(len(contents))]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", _VALIDATE, *map(str, files)],
        env={**os.environ, "PYTHONPATH": str(folder)},
        check=True,
        capture_output=True,
        timeout=100,
    )
    found = json.loads(done.stdout)
    assert [each.keys() - KNOWN for each in found[:2]] == [set(), set()]
    assert all(each.keys() - KNOWN for each in found[2:])


# Broken off


def by_pandas(content: bytes, engine: Any) -> object:
    return pandas.read_excel(BytesIO(content), engine=engine)


READERS: dict[str, Callable[[bytes], object]] = {
    "zipfile": lambda content: ZipFile(BytesIO(content)).close(),
    "openpyxl": by_openpyxl,
    "openpyxl, read only": lambda content: by_openpyxl(content, read_only=True),
    "calamine": by_calamine,
    "pandas, openpyxl": lambda content: by_pandas(content, "openpyxl"),
    "pandas, calamine": lambda content: by_pandas(content, "calamine"),
}
REFUSALS = (BadZipFile, CalamineError, ValueError)


@pytest.mark.parametrize("reader", READERS)
def test_what_was_broken_off_is_refused(reader: str) -> None:
    """No reader takes a part of a workbook for a whole one, wherever it ends."""
    cuts = {len(BOOK) * part // 20 for part in range(20)}
    cuts |= {DIRECTORY, DIRECTORY + 46, len(BOOK) - 22, len(BOOK) - 1}
    for cut in cuts:
        with pytest.raises(REFUSALS):
            READERS[reader](BOOK[:cut])
    READERS[reader](BOOK)


@given(strategies.integers(0, len(BOOK) - 1))
@settings(max_examples=100, deadline=None)
def test_what_was_broken_off_anywhere_is_refused(cut: int) -> None:
    """The two readers that parse archives themselves find no end in what was cut."""
    for reader in ("zipfile", "calamine"):
        with pytest.raises(REFUSALS):
            READERS[reader](BOOK[:cut])


@pytest.mark.parametrize("good", [1, 300, 5000])
def test_a_source_that_fails_leaves_no_workbook(app: Flask, good: int) -> None:
    """The bytes of a stream that failed are refused, however many rows came before."""

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(good):
            yield {"id": number, "text": str(number) * 20}
        raise RuntimeError("the source broke")

    sent = []
    with (
        app.test_request_context(),
        closing(RowStream([Table(rows(), open_rows)], XLSX())) as stream,
        pytest.raises(RuntimeError, match="the source broke"),
    ):
        sent.extend(stream)
    for read in READERS.values():
        with pytest.raises(REFUSALS):
            read(b"".join(sent))
