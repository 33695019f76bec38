"""Tests of the HTML table, read back by a parser of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import RowError
from flask_outpour.formats import HTMLTable
from formats.cells import texts
from formats.table import TABLE


class Reader(HTMLParser):
    """Collects the texts of cells, and which elements are open around them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.elements: set[str] = set()
        self._open: list[str] = []
        self._inside = False
        # As the standard has it, which this parser leaves to its caller.
        self.feed(text.replace("\r\n", "\n").replace("\r", "\n"))
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.elements.add(tag)
        if tag != "meta":
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def written(format: HTMLTable, columns: Sequence[str], *batches: Any) -> str:
    """Return all that a format writes, as text."""
    chunks = [format.begin(columns), *map(format.feed, batches), format.finish()]
    return b"".join(chunks).decode()


def test_value_table(either_way: None) -> None:
    """The texts are those of CSV; None and the empty text are an empty cell."""
    rows = [(value, "end") for value, _, _ in TABLE.values()]
    _, *read = Reader(written(HTMLTable(), ["value", "b"], rows)).rows
    for (name, (_, text, _)), cells in zip(TABLE.items(), read, strict=True):
        bare = text[1:-1].replace('""', '"') if text.startswith('"') else text
        # HTML has no NUL.
        assert cells == [bare.replace("\0", "\ufffd"), "end"], name


def test_page() -> None:
    """A page has a table with a head, a body, and nothing else to see."""
    text = written(HTMLTable(), ["id", "name"], [(1, "<b>"), (None, "")])
    assert text == (
        '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>Rows</title>\n</head>\n<body>\n"
        '<table>\n<thead>\n<tr><th scope="col">id</th><th scope="col">name</th></tr>\n'
        "</thead>\n<tbody>\n"
        "<tr><td>1</td><td>&lt;b&gt;</td></tr>\n<tr><td></td><td></td></tr>\n"
        "</tbody>\n</table>\n</body>\n</html>\n"
    )


def test_fragment() -> None:
    """A fragment is the table alone."""
    text = written(HTMLTable(fragment=True), ["a"], [(1,)], [(2,)])
    assert text == (
        '<table>\n<thead>\n<tr><th scope="col">a</th></tr>\n</thead>\n<tbody>\n'
        "<tr><td>1</td></tr>\n<tr><td>2</td></tr>\n</tbody>\n</table>\n"
    )


def test_title() -> None:
    """A title is that of the page and of the table, and is escaped."""
    text = written(HTMLTable(title='A & "B" <i>'), ["a"])
    escaped = "A &amp; &quot;B&quot; &lt;i&gt;"
    assert f"<title>{escaped}</title>" in text
    assert f"<table>\n<caption>{escaped}</caption>\n" in text
    fragment = written(HTMLTable(title="A", fragment=True), ["a"])
    assert fragment.startswith("<table>\n<caption>A</caption>\n")


def test_empty_source() -> None:
    """Without rows the body is empty; without columns there is no head."""
    assert Reader(written(HTMLTable(), ["a", "b"])).rows == [["a", "b"]]
    assert Reader(written(HTMLTable(), [])).rows == []


def test_duplicate_names() -> None:
    """Columns of the same name are all written."""
    text = written(HTMLTable(), ["a", "a"], [(1, 2)])
    assert Reader(text).rows == [["a", "a"], ["1", "2"]]


@given(strategies.lists(strategies.tuples(texts, texts), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_text_is_never_markup(rows: list[tuple[str, str]]) -> None:
    """A parser reads back every text, in names too, and finds no other elements."""
    reader = Reader(written(HTMLTable(fragment=True), rows[0], rows))
    assert reader.rows == [
        [text.replace("\0", "\ufffd") for text in row] for row in (rows[0], *rows)
    ]
    assert reader.elements == {"table", "thead", "tbody", "tr", "th", "td"}


def test_error_names_the_cell() -> None:
    """What cannot be written is an error with row, column and type."""
    format = HTMLTable()
    format.begin(["a", "b"])
    for value in (object(), "\ud800"):
        with pytest.raises(RowError) as caught:
            format.feed([(1, 2), (3, value)])
        assert (caught.value.row, caught.value.column) == (2, "b")
        assert type(value).__name__ in str(caught.value)
    with pytest.raises(RowError, match="Row 1 has 1 value"):
        format.feed([(1,)])
    with pytest.raises(RowError, match="UTF-8"):
        format.begin(["\ud800"])
