"""Tests of errors behind the first row, which cut the stream."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from http.client import IncompleteRead
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import got_request_exception
from flask.testing import FlaskClient
from sqlalchemy import Column
from sqlalchemy import create_engine
from sqlalchemy import Date
from sqlalchemy import Integer
from sqlalchemy import MetaData
from sqlalchemy import select
from sqlalchemy import StaticPool
from sqlalchemy import Table

from exports.orders import ask
from exports.orders import export
from exports.orders import failing_after
from exports.orders import ORDERS
from exports.orders import Source
from exports.own_formats import Lines
from flask_outpour import CSV
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import Rows
from flask_outpour import stream_rows
from flask_outpour.formats import HTMLTable
from flask_outpour.formats import JSONSequence


def received(url: str) -> tuple[int, bytes, bool]:
    """Return the status and body of an answer, and whether it came to a sound end."""
    with urlopen(url, timeout=20) as response:
        try:
            return response.status, response.read(), True
        except IncompleteRead as error:
            return response.status, error.partial, False


class Stuck(Source):
    """A source that cannot be closed either."""

    def close(self) -> None:
        super().close()
        raise OSError("the connection is closed already")


def test_source_that_fails_and_does_not_close(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The page, and what is reported, is of the first error; the log has both."""
    source = Stuck([], LookupError("no such table"))
    reported = []
    app.register_error_handler(LookupError, lambda error: (error.args[0], 410))
    export(app, source)

    def report(sender: Any, exception: Any) -> None:
        reported.append(exception)

    with got_request_exception.connected_to(report, app):
        response = client.get("/orders")
    assert (response.status_code, response.text) == (410, "no such table")
    assert (source.closed, reported) == (1, [])
    assert "the connection is closed already" in caplog.text


def test_source_that_only_does_not_close(app: Flask) -> None:
    """An error of closing is the stream's own, where there was no other."""
    export(app, Stuck())
    *_, body = ask(app, path="/orders")
    with closing(body), pytest.raises(OSError, match="closed already"):
        list(body)


def test_caveat_of_a_source_is_logged_once(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """What is to be said of a source is said once for an application."""

    def rows() -> Rows:
        return Rows(["a"], [[(1,)]], caveat="All rows are in memory.")

    export(app, rows)
    for _ in range(3):
        assert client.get("/orders").text == "a\n1\n"
    assert caplog.text.count("All rows are in memory.") == 1


FAILED = {
    "csv": (CSV(), "id\n1\n2\n3\n"),
    "json": (JSON(), '[\n{"id":1},\n{"id":2},\n{"id":3}'),
    "ndjson": (NDJSON(), '{"id":1}\n{"id":2}\n{"id":3}\n'),
    "json-seq": (JSONSequence(), '\x1e{"id":1}\n\x1e{"id":2}\n\x1e{"id":3}\n'),
    "ndjson with a final record": (
        NDJSON(final_record=True),
        '{"id":1}\n{"id":2}\n{"id":3}\n{"outcome":"failed","rows":3}\n',
    ),
    "json-seq with a final record": (
        JSONSequence(final_record=True),
        '\x1e{"id":1}\n\x1e{"id":2}\n\x1e{"id":3}\n\x1e{"outcome":"failed","rows":3}\n',
    ),
    "html": (
        HTMLTable(fragment=True),
        '<table>\n<thead>\n<tr><th scope="col">id</th></tr>\n</thead>\n<tbody>\n'
        "<tr><td>1</td></tr>\n<tr><td>2</td></tr>\n<tr><td>3</td></tr>\n",
    ),
}


@pytest.mark.parametrize("case", FAILED)
def test_error_in_a_later_row(
    app: Flask, serve: Callable[[Any], str], caplog: Any, case: str
) -> None:
    """All rows before the error arrive, nothing that looks whole, and it is cut."""
    format, body = FAILED[case]
    source = failing_after(3)
    export(app, source, format)
    assert received(f"{serve(app)}/orders") == (200, body.encode(), False)
    assert source.closed == 1
    errors = [record for record in caplog.records if record.name == app.name]
    assert [str(record.exc_info[1]) for record in errors] == ["the database is gone"]


@pytest.mark.parametrize("case", FAILED)
def test_value_that_cannot_be_written_in_a_later_row(
    app: Flask, serve: Callable[[Any], str], caplog: Any, case: str
) -> None:
    """The sound rows of its batch arrive, and the log names the cell."""
    format, body = FAILED[case]
    rows = [{"id": 1}, {"id": 2}, {"id": 3}, {"id": object()}, {"id": 5}]
    export(app, rows, format)
    assert received(f"{serve(app)}/orders") == (200, body.encode(), False)
    assert "Row 4, column 'id': a value of type object cannot be written" in caplog.text


@pytest.mark.parametrize("case", FAILED)
def test_row_of_another_shape_later(
    app: Flask, serve: Callable[[Any], str], caplog: Any, case: str
) -> None:
    """The sound rows before it arrive, and the log names the row."""
    format, body = FAILED[case]
    rows: list[Any] = [{"id": 1}, {"id": 2}, {"id": 3}, {"name": "Ada"}]
    export(app, rows, format)
    assert received(f"{serve(app)}/orders") == (200, body.encode(), False)
    assert "Row 4 lacks 'id'" in caplog.text


@pytest.mark.parametrize("count", [999, 1000, 1001, 2500])
def test_bad_row_far_down(
    app: Flask, serve: Callable[[Any], str], caplog: Any, count: int
) -> None:
    """Whatever the batches, exactly the rows before the bad one arrive."""
    rows: list[Any] = [(number,) for number in range(count)]
    export(app, [*rows, ("\ud800",), (0,)], columns=["id"])
    expected = "id\n" + "".join(f"{number}\n" for number in range(count))
    assert received(f"{serve(app)}/orders.csv") == (200, expected.encode(), False)
    assert f"Row {count + 1}, column 'id'" in caplog.text


@pytest.mark.parametrize("count", [100, 999, 1517, 5003])
def test_error_far_down(app: Flask, serve: Callable[[Any], str], count: int) -> None:
    """However many rows were fetched at once, each before the error arrives."""
    export(app, failing_after(count))
    expected = "id\n" + "".join(f"{number}\n" for number in range(1, count + 1))
    assert received(f"{serve(app)}/orders.csv") == (200, expected.encode(), False)


def test_error_in_a_later_row_is_reported(app: Flask) -> None:
    """Error trackers get the error, once, as Flask's own signal tells it."""
    error = LookupError("gone")
    app.add_url_rule("/", "view", lambda: stream_rows(Source(error=error), "csv"))
    reported = []

    def report(sender: Any, exception: Any) -> None:
        reported.append(exception)

    with got_request_exception.connected_to(report, app):
        *_, body = ask(app)
        with closing(body), pytest.raises(LookupError):
            list(body)
    assert reported == [error]


class Silent(Lines):
    """A format that writes all at the end, and has a word for failure."""

    def begin(self, columns: Any) -> bytes:
        self.rows: list[Any] = []
        return b""

    def feed(self, batch: Any) -> bytes:
        self.rows += batch
        return b""

    def finish(self) -> bytes:
        return b"%d" % len(self.rows)

    def interrupt(self) -> bytes:
        return b"failed"


def test_format_that_writes_late(app: Flask, client: FlaskClient) -> None:
    """A format may write nothing before its end; until then errors have a page."""
    export(app, ORDERS * 9, Silent())
    app.add_url_rule(
        "/failing", "failing", lambda: stream_rows(failing_after(9), Silent())
    )
    assert client.get("/orders").text == "18"
    response = client.get("/failing")
    assert response.status_code == 500
    assert "failed" not in response.text


def test_error_of_a_value_says_how_many_rows_came(app: Flask) -> None:
    """A text that is no date, which SQLite may have, is looked for behind them."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    table = Table("days", MetaData(), Column("id", Integer), Column("day", Date))
    with engine.begin() as connection:
        table.create(connection)
        values = "(1, '2024-01-01'), (2, '2024-01-02'), (3, 'soon')"
        connection.exec_driver_sql(f"INSERT INTO days VALUES {values}")
    app.add_url_rule("/", "v", lambda: stream_rows(select(table), "csv", bind=engine))
    with (
        app.test_client().get("/", buffered=False) as response,
        pytest.raises(ValueError, match="soon") as caught,
    ):
        list(response.response)
    assert any(note.endswith("before this: 2.") for note in caught.value.__notes__)
    engine.dispose()
