"""Tests of links, bold rows, sheets without a filter, and options by table."""

from __future__ import annotations

from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies
from openpyxl.utils.escape import unescape

from flask_outpour import ConfigurationError
from flask_outpour import RowError
from flask_outpour import XLSX
from flask_outpour.formats.workbooks import book
from flask_outpour.formats.workbooks import sheets
from formats import cells
from formats.recorded import cut
from formats.recorded import written
from formats.workbooks import by_openpyxl
from formats.workbooks import opened_by_libreoffice
from formats.workbooks import part
from formats.workbooks import parts
from formats.workbooks import tables_written

URL = "https://example.com/orders/1?a=1&b=<2>"


def sheet_of(content: bytes, name: str | None = None) -> Any:
    """Return a sheet, by default the first, as openpyxl has it."""
    found = openpyxl.load_workbook(BytesIO(content))
    return found.active if name is None else found[name]


def links_of(content: bytes) -> dict[str, tuple[str, str | None]]:
    """Return where the cells of the first sheet lead, as openpyxl has it."""
    return {
        cell.coordinate: (
            cell.hyperlink.target,
            cell.hyperlink.location and unescape(cell.hyperlink.location),
        )
        for row in sheet_of(content).iter_rows()
        for cell in row
        if cell.hyperlink
    }


# Links


class Page(StrEnum):
    HOME = "https://example.com/"


def test_links() -> None:
    """Texts that are URLs lead there, look like it, and stay as they were."""
    rows = [(URL, 1), ("no URL", 2), (None, 3), ("mailto:ada@example.com", 4)]
    rows.append((Page.HOME, 5))
    content = written(XLSX(links=["page"]), ["page", "n"], rows)
    assert links_of(content) == {
        "A2": ("https://example.com/orders/1?a=1&b=%3C2%3E", None),
        "A5": ("mailto:ada@example.com", None),
        "A6": ("https://example.com/", None),
    }
    sheet = sheet_of(content)
    assert [cell.value for cell in sheet["A"][1:]] == [
        *(URL, "no URL", None, "mailto:ada@example.com", "https://example.com/"),
    ]
    assert [cell.font.u for cell in sheet["A"][1:]] == [
        *("single", None, None, "single", "single"),
    ]
    assert b"<f>" not in part(content)


@pytest.mark.parametrize(
    ("url", "target", "location"),
    [
        ("http://example.com", "http://example.com", None),
        ("HTTPS://example.com/A", "HTTPS://example.com/A", None),
        ("http://example.com/#top/a", "http://example.com/", "top/a"),
        ("http://example.com/#_x0041_&é", "http://example.com/", "_x0041_&é"),
        ("http://example.com/%20%zz%", "http://example.com/%20%25zz%25", None),
        (
            'http://example.com/a[1]|{2}^`"\\',
            "http://example.com/a%5B1%5D%7C%7B2%7D%5E%60%22%5C",
            None,
        ),
        ("http://bücher.example/日本", "http://bücher.example/日本", None),
        ("http://example.com/\x01\uffff", "http://example.com/%01%EF%BF%BF", None),
        (
            "http://user@example.com:8080/?x='",
            "http://user@example.com:8080/?x='",
            None,
        ),
        (f"http://example.com/{'x' * 2060}", f"http://example.com/{'x' * 2060}", None),
    ],
)
def test_targets(url: str, target: str, location: str | None) -> None:
    """What no URL has is escaped; what comes behind the # is apart, as Excel has it."""
    content = written(XLSX(links=["a"]), ["a"], [(url,)])
    assert links_of(content) == {"A2": (target, location)}


@pytest.mark.parametrize(
    "value",
    [
        *("javascript:alert(1)", "file:///etc/passwd", r"\\server\share", "ftp://x/y"),
        *("example.com", "//example.com/", "http://", "http:///x", "http://?x", "http"),
        *("see http://example.com", "http://example.com is", " http://example.com"),
        *("http://example.com\n", "http://example.com:port/", "http://x:99999/"),
        *("http://[::1]/", "http://[x/", "mailto:", "mailto:ada", "mailto:@example"),
        *('=HYPERLINK("http://x")', "#Sheet1!A1", f"http://example.com/{'x' * 2061}"),
        *(f"http://example.com/#{'x' * 2080}", 1, True, b"http://x", ["http://x/"], ""),
    ],
)
def test_what_is_no_link(value: Any) -> None:
    """Other texts, and addresses that Excel does not take, are cells as ever."""
    content = written(XLSX(links=["a"]), ["a"], [(value,)])
    assert links_of(content) == {}
    assert not any("rels/sheet" in name for name in parts(content))
    assert part(content) == part(written(XLSX(), ["a"], [(value,)]))


_urls = strategies.builds(
    lambda host, rest: f"http://{host}.example/{rest}",
    strategies.from_regex("[a-z]{1,9}", fullmatch=True),
    cells.texts,
)


@given(strategies.lists(_urls | cells.texts | strategies.none(), min_size=1))
@settings(deadline=None)
def test_any_text_may_stand_in_a_column_of_links(values: list[Any]) -> None:
    """Its cells have the same texts, and each part is XML."""
    rows = [(value,) for value in values]
    content = written(XLSX(links=["a"]), ["a"], rows)
    for xml in parts(content).values():
        ElementTree.fromstring(xml)
    assert by_openpyxl(content) == by_openpyxl(written(XLSX(), ["a"], rows))
    assert content == written(XLSX(links=["a"]), ["a"], *([row] for row in rows))
    for target, _ in links_of(content).values():
        assert target.startswith("http://")


def test_more_links_than_a_sheet_takes() -> None:
    """Those beyond are plain text, whatever rows come together."""
    rows = [(f"http://example.com/{n}", "x", f"mailto:a@{n}") for n in range(20)]
    format = XLSX(links=["a", "c"])
    with patch.object(book, "MOST_LINKS", 9):
        content = written(format, ["a", "b", "c"], rows)
        assert written(format, ["a", "b", "c"], *cut(rows, [1, 2, 9, 20])) == content
        with patch.object(sheets, "MOST_ROWS", 11):
            several = parts(written(format, ["a", "b", "c"], *cut(rows, [1, 19])))
    found = links_of(content)
    assert {*found} == {f"{column}{row}" for column in "AC" for row in range(2, 6)}
    assert found["C5"] == ("mailto:a@3", None)
    assert sheet_of(content)["A6"].value == "http://example.com/4"
    # Each sheet has its own.
    for number in (1, 2):
        xml = several[f"xl/worksheets/_rels/sheet{number}.xml.rels"]
        assert xml.count(b"<Relationship ") == 8


def test_the_limit_of_links() -> None:
    """It is that of Excel."""
    rows = [(f"http://example.com/{n}",) for n in range(65_531)]
    xml = part(written(XLSX(links=["a"]), ["a"], *cut(rows, [1000] * 66)))
    assert xml.count(b"<hyperlink ") == 65_530
    assert b'ref="A65531"' in xml
    assert b'ref="A65532"' not in xml


# Bold rows


def test_bold_rows() -> None:
    """All cells of a row that is marked are bold, and look as they did otherwise."""
    rows = [("<c r=", 1.5, URL, True, None), ("b", 2, URL, False, 'r="A1" s="7"')]
    rows.append(("c", 3, "x", True, "y"))
    names = ["a", "amount", "page", "done", "x"]
    format = XLSX(
        bold=lambda row: row["done"], links=["page"], number_formats={"amount": "0.00"}
    )
    content = written(format, names, rows)
    sheet = sheet_of(content)
    assert [[cell.font.b for cell in row] for row in sheet.iter_rows(2)] == [
        *([True] * 5, [False] * 5, [True] * 5),
    ]
    assert [sheet[f"B{n}"].number_format for n in (2, 3, 4)] == ["0.00"] * 3
    assert [sheet[f"C{n}"].font.u for n in (2, 3, 4)] == ["single", "single", None]
    plain = XLSX(links=["page"], number_formats={"amount": "0.00"})
    assert by_openpyxl(content) == by_openpyxl(written(plain, names, rows))
    assert content == written(format, names, *([row] for row in rows))


@given(cells.batches())
@settings(max_examples=60, deadline=None)
def test_bold_rows_of_any_values(table: Any) -> None:
    """Nothing but the looks of their cells changes."""
    names, batches = table
    content = written(XLSX(bold=lambda row: True), names, *batches)
    assert by_openpyxl(content) == by_openpyxl(written(XLSX(), names, *batches))


def test_errors_of_bold() -> None:
    """What the function raises is passed on; a bad value comes before it."""
    format = XLSX(bold=lambda row: row["b"] > 1)
    format.begin(["a"])
    with pytest.raises(KeyError):
        format.feed([(1,)])
    format = XLSX(bold=lambda row: row["a"] > "x")
    format.begin(["a"])
    with pytest.raises(TypeError, match="'>' not supported"):
        format.feed([(1,)])
    with pytest.raises(RowError):
        format.feed([(1, 2)])


# The filter and the pane


@pytest.mark.parametrize("filter", [True, False])
@pytest.mark.parametrize("freeze", [True, False])
def test_without_filter_or_pane(filter: bool, freeze: bool) -> None:
    """Both can be left out, of all sheets."""
    content = tables_written(
        XLSX(filter=filter, freeze=freeze),
        {"A": (["a", "b"], [[(1, 2)]]), "B": (["c"], [])},
    )
    for name, area in [("A", "A1:B2"), ("B", "A1:A1")]:
        sheet = sheet_of(content, name)
        assert sheet.auto_filter.ref == (area if filter else None)
        assert sheet.freeze_panes == ("A2" if freeze else None)
        assert sheet["A1"].font.b
    assert (b"_FilterDatabase" in part(content, "xl/workbook.xml")) == filter


# Options by table

TABLES: Any = {
    "Orders": (["id", "amount"], [[(1, 2.5)]]),
    "Items": (["id", "amount", "page"], [[(2, 3.5, URL)]]),
}


def test_options_by_table() -> None:
    """What is said of a table holds there, in place of what is said of all."""
    format = XLSX(
        titles={"id": "Number", "Items": {"id": "Item", "page": "Page"}},
        number_formats={"amount": "0.0", "Orders": {"amount": "0.00", "id": "000"}},
        widths={"Items": {"id": 30}, "id": 20},
        links={"Items": ["page"]},
        bold={"Orders": lambda row: row["id"] == 1},
    )
    content = tables_written(format, TABLES)
    orders, items = sheet_of(content, "Orders"), sheet_of(content, "Items")
    assert [cell.value for cell in orders[1]] == ["Number", "amount"]
    assert [cell.value for cell in items[1]] == ["Item", "amount", "Page"]
    assert [cell.number_format for cell in orders[2]] == ["000", "0.00"]
    assert [cell.number_format for cell in items[2]][:2] == ["General", "0.0"]
    assert [sheet.column_dimensions["A"].width for sheet in (orders, items)] == [20, 30]
    assert items["C2"].hyperlink.target.startswith("https://")
    assert [sheet["A2"].font.b for sheet in (orders, items)] == [True, False]


def test_a_table_with_the_name_of_a_column() -> None:
    """A dict is about a table, anything else about a column."""
    tables: Any = {"id": (["id"], [[(1,)]]), "b": (["id"], [[(1,)]])}
    content = tables_written(XLSX(titles={"id": {"id": "Number"}}), tables)
    assert [sheet[0] for sheet in by_openpyxl(content).values()] == [["Number"], ["id"]]


@pytest.mark.parametrize("option", ["titles", "number_formats", "widths", "totals"])
@pytest.mark.parametrize("said", [{"Items": {"nmae": 0}}, {"Itmes": {"id": 0}}])
def test_options_of_what_there_is_not(option: str, said: Any) -> None:
    """A column that the table lacks, and a table, are errors that name them."""
    values = {"widths": 9, "totals": "sum"}
    ((table, ((column, _),)),) = [(t, of.items()) for t, of in said.items()]
    format = XLSX(**{option: {table: {column: values.get(option, "0")}}})  # type: ignore[arg-type]
    odd = "'nmae' for 'Items', but.* id, amount, page"
    match = odd if table == "Items" else "'Itmes' as a table, but .* Items, Orders"
    with pytest.raises(ConfigurationError, match=f"{option}= names {match}"):
        tables_written(format, TABLES)


@pytest.mark.parametrize(
    ("options", "odd"),
    [
        ({"links": {"Itmes": ["page"]}}, "'Itmes' as a table"),
        ({"links": {"Orders": ["page"]}}, "'page' for 'Orders'"),
        ({"links": ["pgae"]}, "'pgae', but the columns are id, amount, page"),
        ({"bold": {"Itmes": bool}}, "'Itmes' as a table"),
    ],
)
def test_links_and_bold_of_what_there_is_not(options: Any, odd: str) -> None:
    """They are checked likewise."""
    with pytest.raises(ConfigurationError, match=f"= names {odd}"):
        tables_written(XLSX(**options), TABLES)


def test_options_by_table_for_one_table() -> None:
    """Its columns need no name of a table; one is an error before the first byte."""
    format = XLSX(number_formats={"Orders": {"id": "0"}}, sheet="Orders")
    with pytest.raises(
        ConfigurationError, match="'Orders' as a table, but there is one"
    ):
        format.begin(["id"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"links": "page"}, "links= takes a list"),
        ({"links": [1]}, "links="),
        ({"links": 1}, "links="),
        ({"links": {"Orders": "page"}}, "links="),
        ({"bold": "page"}, "bold= takes a function"),
        ({"bold": {"Orders": ["a"]}}, "bold="),
        ({"filter": "no"}, "filter= takes True or False"),
        ({"freeze": None}, "freeze="),
        ({"titles": {"Orders": {"a": 1}}}, "titles="),
        ({"titles": {"Orders": ["a"]}}, "titles="),
        ({"widths": {"Orders": {"a": 256}}}, "widths="),
        ({"number_formats": {"Orders": {"a": "%d"}}}, "as Excel has them"),
    ],
)
def test_options_are_checked(options: Any, message: str) -> None:
    """What an option does not take is an error that names it."""
    with pytest.raises(ConfigurationError, match=message):
        XLSX(**options)


# LibreOffice


def test_libreoffice_has_the_links(tmp_path: Path) -> None:
    """It opens a workbook with all of this, and leads where it should."""
    rows = [(URL, 1), ("http://example.com/a#b", 2), ("x", 3)]
    format = XLSX(links=["page"], totals={"n": "sum"}, bold=lambda row: row["n"] == 2)
    content = written(format, ["page", "n"], rows)
    assert opened_by_libreoffice(tmp_path, {"looks": content}) == {"looks"}
    xml = (tmp_path / "looks.fods").read_text()
    assert 'xlink:href="https://example.com/orders/1?a=1&amp;b=%3C2%3E"' in xml
    assert 'xlink:href="http://example.com/a#b"' in xml
