"""Tests of what cannot be an entry, or an option, and of the errors that say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import abort
from flask import Flask
from flask import request
from flask.testing import FlaskClient

from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import SourceError
from flask_outpour import stream_zip
from flask_outpour import ZipEntry
from zip_exports.asking import archive
from zip_exports.asking import ask
from zip_exports.asking import ORDERS


def test_bad_name_is_an_error_of_the_view(app: Flask, client: FlaskClient) -> None:
    """It is a ``ValueError`` that the view, or an error handler, can answer."""

    @app.get("/caught")
    def caught() -> Any:
        try:
            return stream_zip({request.args["name"]: b""})
        except ValueError as error:
            return str(error), 400

    @app.errorhandler(ValueError)
    def handle(error: ValueError) -> tuple[str, int]:
        return str(error), 422

    archive(app, {"../a": b""})
    response = client.get("/caught?name=../a")
    assert (response.status_code, "climbs out" in response.text) == (400, True)
    assert client.get("/archive").status_code == 422


def test_missing_file_can_be_a_404(app: Flask, client: FlaskClient) -> None:
    """A path that leads nowhere is the ``FileNotFoundError`` that it is elsewhere."""

    @app.errorhandler(FileNotFoundError)
    def handle(error: FileNotFoundError) -> tuple[str, int]:
        return "no such file", 404

    archive(app, {"a": b"", "b": Path("/no/such/file")})
    assert client.get("/archive").status_code == 404


def test_error_of_the_first_content_has_its_status(
    app: Flask, client: FlaskClient
) -> None:
    """``abort()`` works until the first content has its first chunk."""

    def first() -> Iterator[bytes]:
        abort(403)
        yield b""

    archive(app, lambda: {"a": first()})
    response = client.get("/archive")
    assert response.status_code == 403
    assert "Content-Disposition" not in response.headers


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            ZipEntry("a", ORDERS, format="xml"),
            "there is no format 'xml'. There are",
        ),
        (ZipEntry("a", ORDERS, columns=["id"]), "the name says no format"),
        (ZipEntry("a.csv", ORDERS, extras="drop"), "'raise' or 'ignore', but it is"),  # type: ignore[arg-type]
        (ZipEntry("a.csv", ORDERS, columns="id"), "names of columns in their order"),
        (ZipEntry("a", ORDERS, format=CSV), "CSV is no format, but a class"),  # type: ignore[arg-type]
        (ZipEntry("a", 7), "int is no content for this name"),
    ],
)
def test_wrong_entry_is_an_error_of_the_view(
    app: Flask, entry: ZipEntry, words: str
) -> None:
    """Whatever is wrong with a known entry is told in the view."""
    with (
        app.test_request_context(),
        pytest.raises((ConfigurationError, SourceError), match=words),
    ):
        stream_zip([entry])


def test_rows_that_lack_an_option_tell_where_it_goes(app: Flask) -> None:
    """stream_rows would take columns= itself; here it is the entry's."""
    archive(app, {"orders.csv": [(1, 2)]})
    app.testing = True
    with pytest.raises(SourceError) as caught:
        ask(app)
    assert "ZipEntry(name, rows, columns=...)" in "".join(caught.value.__notes__)


def test_name_of_the_download_is_a_text(app: Flask) -> None:
    """A path as filename= is an error that names the option."""
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match="filename= takes a text"),
    ):
        stream_zip({}, filename=Path("a.zip"))  # type: ignore[arg-type]
