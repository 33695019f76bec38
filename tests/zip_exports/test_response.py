"""Tests of the response: its headers, its length, and the name of its file."""

from __future__ import annotations

from datetime import datetime
from datetime import timedelta
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import Response
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from archives.readers import contents
from archives.readers import infos
from archives.sources import Chunks
from flask_outpour import ConfigurationError
from flask_outpour import stream_zip
from zip_exports.asking import archive


def test_response_is_an_archive(app: Flask, client: FlaskClient) -> None:
    """It has the media type of ZIP, the name of the endpoint, and all entries."""
    archive(app, {"a.txt": "größer", "b/": None, "b/c": [b"x", "y"]})
    response = client.get("/archive")
    assert (response.status_code, response.mimetype) == (200, "application/zip")
    header = 'attachment; filename="archive.zip"'
    assert response.headers["Content-Disposition"] == header
    assert "Content-Length" not in response.headers
    found = {"a.txt": "größer".encode(), "b/": b"", "b/c": b"xy"}
    assert contents(response.data) == found


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("photos", "photos.zip"),
        ("photos.zip", "photos.zip"),
        ("orders.csv", "orders.zip"),
        ("report.v2", "report.v2.zip"),
        ("Bücher/日本", "Bücher_日本.zip"),
    ],
)
def test_name_of_the_file(
    app: Flask, client: FlaskClient, filename: str, expected: str
) -> None:
    """The name is the view's, with the suffix of an archive."""
    archive(app, {"a": b""}, filename=filename, attachment=False)
    header = client.get("/archive").headers["Content-Disposition"]
    assert parse_options_header(header) == ("inline", {"filename": expected})


def test_stored_archive_tells_its_length(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    """GET and HEAD tell the exact length where nothing is compressed."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(bytes(300_000))
    entries = {"photo.jpg": path, "folder/": None, "日本.png": b"x" * 1000}
    archive(app, entries)
    response = client.get("/archive")
    assert response.content_length == len(response.data)
    assert set(contents(response.data)) == set(entries)
    head = client.head("/archive")
    assert head.content_length == len(response.data)
    assert head.data == b""


def test_compression_of_responses_leaves_archives_alone(app: Flask) -> None:
    """``OUTPOUR_COMPRESS`` does not compress an archive again, nor drop its length."""
    app.config["OUTPOUR_COMPRESS"] = True
    archive(app, {"a": b"x" * 1000}, stored=True)
    headers = {"Accept-Encoding": "gzip"}
    response = app.test_client().get("/archive", headers=headers)
    assert "Content-Encoding" not in response.headers
    assert response.content_length == len(response.data)


def test_time_of_the_response_is_that_of_entries(
    app: Flask, client: FlaskClient
) -> None:
    """What has no time of its own gets the present one, in UTC."""
    archive(app, {"a": b""})
    before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    info = infos(client.get("/archive").data)["a"]
    after = datetime.now(UTC).replace(tzinfo=None)
    # The field has steps of two seconds.
    assert before - timedelta(seconds=2) < datetime(*info.date_time) <= after


def test_options_reach_the_archive(app: Flask, client: FlaskClient) -> None:
    """``level=`` and ``stored=`` say how entries are compressed."""
    data = Path(__file__).read_bytes() * 20
    choices: dict[str, dict[str, Any]] = {
        "fast": {"level": 1},
        "small": {"level": 9},
        "none": {"level": 0},
        "stored": {"stored": True},
    }

    @app.get("/<choice>")
    def view(choice: str) -> Response:
        return stream_zip({"a": data}, **choices[choice])

    sizes = {choice: len(client.get(f"/{choice}").data) for choice in choices}
    assert sizes["small"] < sizes["fast"] < len(data) < sizes["none"]
    assert sizes["none"] == sizes["stored"]


@pytest.mark.parametrize("level", [-1, 10, "1", None, 1.5])
def test_level_that_is_none_is_the_views_mistake(app: Flask, level: Any) -> None:
    """A wrong level is refused, and everything closed."""
    source = Chunks()
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match=f"0 to 9, but it is {level!r}"),
    ):
        stream_zip({"a": source}, level=level)
    assert (source.pulled, source.closed) == (0, 1)


def test_outside_of_a_request_is_an_error(app: Flask) -> None:
    """Without a request there is no client, and the contents are closed."""
    source = Chunks()
    with app.app_context(), pytest.raises(RuntimeError, match="request"):
        stream_zip({"a": source})
    assert (source.pulled, source.closed) == (0, 1)
