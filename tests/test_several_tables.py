"""Tests of ``stream_rows`` with several tables, the sheets of one workbook."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from http.client import IncompleteRead
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import g
from flask import request
from flask.testing import FlaskClient
from python_calamine import CalamineError
from python_calamine import CalamineWorkbook
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import text

from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import RowError
from flask_outpour import Rows
from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour import XLSX
from flask_outpour.formats.workbooks import sheets

ORDERS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"}]
CUSTOMERS = [("Ada", True)]
Show = Callable[..., Any]


class Source(Iterator[tuple[int]]):
    """A number of rows, then perhaps an error; it notes when it is closed."""

    def __init__(self, log: list[str], name: str, rows: int, fails: bool = False):
        self._log, self._name, self._left, self._fails = log, name, rows, fails

    def __next__(self) -> tuple[int]:
        if f"{self._name} begins" not in self._log:
            self._log.append(f"{self._name} begins")
        if self._left:
            self._left -= 1
            return (self._left,)
        if self._fails:
            raise LookupError(self._name)
        raise StopIteration

    def close(self) -> None:
        self._log.append(f"{self._name} ends")


@pytest.fixture
def show(app: Flask, client: FlaskClient) -> Show:
    """Return a function that gives the response of stream_rows for its arguments."""

    def response(*args: Any, **kwargs: Any) -> Any:
        app.view_functions["view"] = lambda: stream_rows(*args, **kwargs)
        return client.get("/")

    app.testing = True
    app.add_url_rule("/", "view", lambda: "")
    return response


def sheets_of(content: bytes) -> dict[str, list[list[Any]]]:
    """Return the cells of each sheet, by its name."""
    with closing(CalamineWorkbook.from_filelike(io.BytesIO(content))) as book:
        return {
            name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names
        }


def test_tables_are_sheets(show: Show) -> None:
    """Each has its own columns, and a table without rows its titles."""
    tables = {"Orders": ORDERS, "Customers": CUSTOMERS, "Nobody": Rows(["a"], [])}
    response = show(tables, "xlsx", columns={"Customers": ["name", "paid"]})
    assert sheets_of(response.data) == {
        "Orders": [["id", "name"], [1, "Ada"], [2, "Bob"]],
        "Customers": [["name", "paid"], ["Ada", True]],
        "Nobody": [["a"]],
    }


def test_format_is_the_one_that_holds_several(show: Show) -> None:
    """Where the view names no format, none is chosen that holds one table alone."""
    response = show({"Orders": ORDERS})
    assert response.mimetype.endswith("spreadsheetml.sheet")
    assert 'filename="view.xlsx"' in response.headers["Content-Disposition"]
    assert list(sheets_of(response.data)) == ["Orders"]


@pytest.mark.parametrize("name", ["csv", "json", "parquet"])
def test_client_that_asks_for_one_table_is_told(
    app: Flask, client: FlaskClient, name: str
) -> None:
    """A name that the client has sent is an error of the client's, with a list."""
    app.add_url_rule(
        "/", "v", lambda: stream_rows({"Orders": ORDERS}, request.args.get("format"))
    )
    response = client.get(f"/?format={name}")
    assert response.status_code == 406
    assert f"no format &#39;{name}&#39; for several tables" in response.text
    assert "xlsx (" in response.text
    assert "parquet (" not in response.text


def test_single_row_is_no_table(app: Flask) -> None:
    """A dict of cells, given where a list of it was meant, is said to be one."""
    with (
        app.test_request_context(),
        pytest.raises(SourceError, match=r"'id' is 1\. A single row .*: \[row\]"),
    ):
        stream_rows({"id": 1, "name": "Ada"}, "csv")


def test_options_are_for_all_tables(show: Show) -> None:
    """A title is that of the column in whichever table has it."""
    tables = {"a": [{"x": 1}], "b": [{"y": 1}]}
    response = show(tables, XLSX(titles={"y": "Y!"}))
    assert [sheet[0] for sheet in sheets_of(response.data).values()] == [["x"], ["Y!"]]


def test_rows_beyond_a_sheet_follow_it(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each table has as many sheets as it needs, and the names tell which."""
    monkeypatch.setattr(sheets, "MOST_ROWS", 4)
    tables = {"many": [{"n": n} for n in range(7)], "few": [{"n": 0}]}
    assert sheets_of(show(tables, "xlsx").data) == {
        "many": [["n"], [0], [1], [2]],
        "many (2)": [["n"], [3], [4], [5]],
        "many (3)": [["n"], [6]],
        "few": [["n"], [0]],
    }


def test_table_is_opened_when_its_turn_comes(show: Show) -> None:
    """No source waits, open, for those before it; each is closed behind its rows."""
    log: list[str] = []
    tables = {name: Source(log, name, 1) for name in "ab"}
    with show(tables, "xlsx", columns={"a": ["n"], "b": ["n"]}) as response:
        assert len(sheets_of(response.data)) == 2
    assert log == ["a begins", "a ends", "b begins", "b ends"]


def test_function_sees_the_view_s_contexts(app: Flask, show: Show) -> None:
    """Also the function of the last table."""

    @app.before_request
    def note() -> None:
        g.name = "Ada"

    tables = {"first": ORDERS, "last": lambda: [{"name": g.name}]}
    assert sheets_of(show(tables, "xlsx").data)["last"] == [["name"], ["Ada"]]


def test_statements_share_a_session(show: Show) -> None:
    """Several queries of one connection follow each other."""
    engine: Engine = create_engine("sqlite://")
    with engine.connect() as connection:
        tables = {"a": text("select 1 as x"), "b": text("select 2 as y")}
        response = show(tables, "xlsx", bind=connection)
        assert sheets_of(response.data) == {"a": [["x"], [1]], "b": [["y"], [2]]}
    engine.dispose()


@pytest.mark.parametrize(
    "options", [{"format": CSV(excel=True)}, {"formats": ["csv", "json"]}]
)
def test_format_of_one_table_is_refused(show: Show, options: Any) -> None:
    """The error names what can be done, and the sources are closed."""
    log: list[str] = []
    with pytest.raises(ConfigurationError, match=r'several.* xlsx|"xlsx", or'):
        show({"a": Source(log, "a", 1), "b": Source(log, "b", 1)}, **options)
    assert log == ["a ends", "b ends"]


@pytest.mark.parametrize("name", ["csv", "json", "parquet"])
def test_view_that_asks_for_one_table_is_told(show: Show, name: str) -> None:
    """A name that the view has written is an error of the view's, with a cure."""
    with pytest.raises(ConfigurationError, match=rf'{name} holds one.*"xlsx"'):
        show({"a": [{"id": 1}]}, name)


@pytest.mark.parametrize(
    ("tables", "columns", "message"),
    [
        ({}, None, "as a dict of their names"),
        ({1: ORDERS}, None, r"it has the keys \[1\]"),
        ({"a": ORDERS}, ["id"], "columns= takes a dict"),
        ({"a": ORDERS}, {"b": ["id"]}, "the tables are a"),
        ({"a": ORDERS}, {"a": "id"}, "names of columns in their order"),
    ],
)
def test_bad_tables_are_refused(
    show: Show, tables: Any, columns: Any, message: str
) -> None:
    """What is wrong with them is said before the first byte."""
    with pytest.raises(ConfigurationError, match=message):
        show(tables, "xlsx", columns=columns)


def test_error_in_the_first_table_is_an_ordinary_one(app: Flask, show: Show) -> None:
    """It has its status, and no table is left open."""
    log: list[str] = []
    app.testing = False
    tables = {"a": Source(log, "a", 0, fails=True), "b": Source(log, "b", 1)}
    assert show(tables, "xlsx", columns={"a": ["n"]}).status_code == 500
    assert log == ["a begins", "a ends", "b ends"]


def test_error_in_a_later_table_ends_the_stream(
    app: Flask, serve: Callable[[Any], str], caplog: pytest.LogCaptureFixture
) -> None:
    """The client sees a cut file, the log the table, and no table is left open."""
    log: list[str] = []
    tables = {
        "Orders": ORDERS,
        "Bad": Source(log, "Bad", 1, fails=True),
        "Never": Source(log, "Never", 1),
    }
    app.add_url_rule(
        "/", "view", lambda: stream_rows(tables, "xlsx", columns={"Bad": ["n"]})
    )
    with (
        caplog.at_level(logging.ERROR),
        urlopen(serve(app), timeout=20) as response,
        pytest.raises(IncompleteRead) as caught,
    ):
        response.read()
    assert "This is the table 'Bad' of several." in caplog.text
    assert log == ["Bad begins", "Bad ends", "Never ends"]
    with pytest.raises(CalamineError):
        sheets_of(caught.value.partial)


def test_bad_value_names_row_and_column_of_its_table(show: Show) -> None:
    """Rows are counted in each table."""
    tables = {"a": [{"n": 1}] * 3, "b": [{"n": 1}, {"n": object()}]}
    with pytest.raises(RowError, match="Row 2, column 'n'") as caught:
        _ = show(tables, "xlsx").data
    assert caught.value.__notes__ == ["This is the table 'b' of several."]


def test_what_gives_no_rows_is_told(show: Show) -> None:
    """A dict of dicts is no table of rows."""
    with pytest.raises(SourceError, match="dict gives no rows"):
        _ = show({"a": {"x": 1}}, "xlsx").data


def test_failure_to_close_hides_no_other(show: Show) -> None:
    """Every source is closed, though the first does not want to be."""
    log: list[str] = []

    class Refusing(Source):
        def close(self) -> None:
            super().close()
            raise OSError("no")

    tables = {"a": Refusing(log, "a", 0, fails=True), "b": Source(log, "b", 1)}
    with pytest.raises(LookupError):
        show(tables, "xlsx", columns={"a": ["n"]})
    assert log == ["a begins", "a ends", "b ends"]


def test_cure_is_that_of_several_tables(show: Show) -> None:
    """Tuples without names are told how to name them here."""
    with pytest.raises(SourceError) as caught:
        _ = show({"a": ORDERS, "b": [(1, 2)]}, "xlsx").data
    assert caught.value.__notes__ == [
        "This is the table 'b' of several.",
        "Here that is columns={'b': [...]}.",
    ]


@pytest.mark.parametrize("option", ["titles", "number_formats"])
def test_option_for_a_column_that_no_table_has(show: Show, option: str) -> None:
    """A typo is told when all tables are known."""
    book = XLSX(**{option: {"name": "0", "nmae": "0"}})
    with pytest.raises(ConfigurationError, match=f"{option}= names 'nmae', but"):
        _ = show({"a": ORDERS, "b": [{"x": 1}]}, book).data


def test_options_do_not_fail_for_want_of_rows(show: Show) -> None:
    """A table that has no rows this month names no columns, and that is no typo."""
    book = XLSX(titles={"a": "A!", "b": "B!"})
    assert sheets_of(show([], book).data) == {"Sheet1": []}
    tables = {"A": lambda: iter(()), "B": [{"b": 1}]}
    assert sheets_of(show(tables, book).data) == {"A": [], "B": [["B!"], [1]]}


def test_name_of_one_sheet_is_not_that_of_several(show: Show) -> None:
    """sheet= would be lost beside the names of the tables."""
    with pytest.raises(ConfigurationError, match="sheet='X' is for one table"):
        show({"a": ORDERS}, XLSX(sheet="X"))
