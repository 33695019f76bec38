"""Tests of titles in the place of names, in every format."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest
from flask import Flask
from flask import g
from flask.testing import FlaskClient

from exports.own_formats import Lines
from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import Rows
from flask_outpour import stream_rows
from flask_outpour import stream_zip
from flask_outpour import XLSX
from flask_outpour import ZipEntry

ROWS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}]
TITLES = {"name": 'Nachname, "voll"'}
NAMES = ["id", 'Nachname, "voll"']


class Lazy:
    """Text in the language of the request, as Flask-Babel has it."""

    def __str__(self) -> str:
        return {"de": "Nummer", "fr": "Numéro"}[g.language]


def of_lines(data: bytes) -> list[str]:
    return list(json.loads(data.splitlines()[0].lstrip(b"\x1e")))


READERS: dict[str, Callable[[bytes], list[str]]] = {
    "csv": lambda data: next(csv.reader(io.StringIO(data.decode()))),
    "tsv": lambda data: next(csv.reader(io.StringIO(data.decode()), delimiter="\t")),
    "json": lambda data: list(json.loads(data)[0]),
    "ndjson": of_lines,
    "json-seq": of_lines,
    "arrows": lambda data: pyarrow.ipc.open_stream(data).schema.names,
    "parquet": lambda data: pyarrow.parquet.read_schema(io.BytesIO(data)).names,
    "xlsx": lambda data: [
        cell.value for cell in openpyxl.load_workbook(io.BytesIO(data)).active[1]
    ],
}
SOURCES: dict[str, Callable[[], Any]] = {
    "list": lambda: ROWS,
    "iterator": lambda: iter(ROWS),
    "Arrow": lambda: pyarrow.Table.from_pylist(ROWS),
    "polars": lambda: polars.DataFrame(ROWS),
}


@pytest.mark.parametrize("format", READERS)
@pytest.mark.parametrize("source", SOURCES)
def test_titles_are_written_for_names(
    app: Flask, client: FlaskClient, format: str, source: str
) -> None:
    """A reader of each format sees the titles, and the values are as they were."""
    app.add_url_rule(
        "/", "v", lambda: stream_rows(SOURCES[source](), format, titles=TITLES)
    )
    data = client.get("/").data
    assert READERS[format](data) == NAMES


def test_html_escapes_them(app: Flask, client: FlaskClient) -> None:
    """A title is text."""
    app.add_url_rule(
        "/", "v", lambda: stream_rows(ROWS, "html", titles={"id": "<b>No.</b>"})
    )
    assert "&lt;b&gt;No.&lt;/b&gt;</th>" in client.get("/").text


@pytest.mark.parametrize("format", [*READERS, "html"])
def test_lazy_titles_are_of_the_request(
    app: Flask, client: FlaskClient, format: str
) -> None:
    """The same object is another text in another request."""

    @app.route("/<language>")
    def view(language: str) -> Any:
        g.language = language
        return stream_rows(ROWS, format, titles={"id": Lazy()})

    for language, title in (("de", "Nummer"), ("fr", "Numéro")):
        data = client.get(f"/{language}").data
        if format == "html":
            assert title in data.decode()
        else:
            assert READERS[format](data) == [title, "name"]


@pytest.mark.parametrize("format", [*READERS, "html"])
@pytest.mark.parametrize("source", SOURCES)
def test_column_that_there_is_not(app: Flask, format: str, source: str) -> None:
    """It is told before the first byte, with the columns that there are."""
    errors: list[Exception] = []

    def note(error: Exception) -> tuple[str, int]:
        errors.append(error)
        return "a page", 500

    app.register_error_handler(ConfigurationError, note)
    titles = {"id": "No.", "nmae": "Name"}
    app.add_url_rule(
        "/", "v", lambda: stream_rows(SOURCES[source](), format, titles=titles)
    )
    response = app.test_client().get("/")
    assert (response.status_code, response.text) == (500, "a page")
    assert "titles= names 'nmae', but the columns are id, name" in str(errors[0])


@pytest.mark.parametrize("format", READERS)
@pytest.mark.parametrize("hold", [list, iter], ids=["list", "iterator"])
def test_source_without_rows_has_no_names_to_miss(
    app: Flask, client: FlaskClient, format: str, hold: Callable[[Any], Any]
) -> None:
    """A query that finds nothing is an export without rows, titles or not."""
    source = {"A": ROWS, "B": hold([])} if format == "xlsx" else hold([])
    titles: Any = {"B": TITLES} if format == "xlsx" else TITLES
    app.add_url_rule("/", "v", lambda: stream_rows(source, format, titles=titles))
    app.add_url_rule("/none", "n", lambda: stream_rows(hold([]), format))
    response = client.get("/")
    assert response.status_code == 200
    if format == "xlsx":
        assert list(sheets(response.data)) == ["A", "B"]
    else:
        assert response.data == client.get("/none").data


@pytest.mark.parametrize("titles", [["No."], "No.", {1: "No."}])
def test_titles_that_are_no_dict(app: Flask, titles: Any) -> None:
    """They are refused in the view."""
    with app.test_request_context(), pytest.raises(ConfigurationError, match="titles="):
        stream_rows(ROWS, "csv", titles=titles)


def sheets(data: bytes) -> dict[str, list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: [cell.value for cell in sheet[1]] for sheet in book}


def test_tables_have_titles_of_their_own(app: Flask, client: FlaskClient) -> None:
    """One name may have two titles, and those of the format are for the others."""
    titles = {"A": {"id": "Number"}, "B": {"id": "Key"}}
    format = XLSX(titles={"name": "Whole name", "id": "Id"})
    app.add_url_rule(
        "/",
        "v",
        lambda: stream_rows({"A": ROWS, "B": ROWS, "C": ROWS}, format, titles=titles),
    )
    for _ in range(2):
        assert sheets(client.get("/").data) == {
            "A": ["Number", "Whole name"],
            "B": ["Key", "Whole name"],
            "C": ["Id", "Whole name"],
        }
    assert format.titles == {"name": "Whole name", "id": "Id"}


def test_tables_that_there_are_not(app: Flask) -> None:
    """A table that has titles and is none is told in the view."""
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match="the tables are A"),
    ):
        stream_rows({"A": ROWS}, "xlsx", titles={"B": {"id": "No."}})


def test_formats_of_an_application_get_them(app: Flask, client: FlaskClient) -> None:
    """As the names of the columns."""
    app.add_url_rule("/", "v", lambda: stream_rows(ROWS, Lines(), titles={"id": "No."}))
    assert client.get("/").text.startswith("No.|name\n")


def test_entries_of_an_archive(app: Flask, client: FlaskClient) -> None:
    """Rows in a ZIP have titles, and other types, too."""

    class Odd:
        pass

    entries = [
        ZipEntry("a.csv", ROWS, titles={"id": "No."}),
        ZipEntry("b.csv", [{"odd": Odd()}], encode=lambda value: "even"),
    ]
    app.add_url_rule("/", "v", lambda: stream_zip(entries))
    archive = zipfile.ZipFile(io.BytesIO(client.get("/").data))
    assert archive.read("a.csv").decode().splitlines()[0] == "No.,name"
    assert archive.read("b.csv").decode().splitlines()[1] == "even"


def test_formulas_in_titles_are_guarded(app: Flask, client: FlaskClient) -> None:
    """A title is a cell of a CSV that people open in a spreadsheet."""
    app.add_url_rule(
        "/", "v", lambda: stream_rows(ROWS, CSV(excel=True), titles={"id": "=1+1"})
    )
    assert client.get("/").text.startswith("\ufeff'=1+1")


def test_lines_that_have_their_names(app: Flask) -> None:
    """Titles cannot come into lines that a source has written; CSV has none there."""
    app.testing = True
    rows = {
        "csv": lambda: Rows(["id"], (), lines=[b"1\n"]),
        "ndjson": lambda: Rows(["id"], (), lines=[b'{"id":1}\n']),
    }
    app.add_url_rule(
        "/<f>", "v", lambda f: stream_rows(rows[f](), f, titles={"id": "No."})
    )
    client = app.test_client()
    assert client.get("/csv").text == "No.\n1\n"
    with pytest.raises(ConfigurationError, match="lines of JSON"):
        client.get("/ndjson")
