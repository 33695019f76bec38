"""Tests beside WhiteNoise: its files pass untouched, and streams flow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from whitenoise import WhiteNoise

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_started
from flask_outpour.testing import assert_streams
from flask_outpour.testing import open_stream

STYLES = b"body { margin: 0 }\n" * 10_000


@pytest.fixture(params=["outside", "inside"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Flask:
    """Return an application that compresses streams, WhiteNoise around it or in it."""
    (tmp_path / "site.css").write_bytes(STYLES)
    app = Flask("tests.whitenoise", static_folder=None)
    app.config["OUTPOUR_COMPRESS"] = True

    def serve_files() -> None:
        app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
            app.wsgi_app, root=tmp_path, prefix="static/"
        )

    if request.param == "inside":
        serve_files()
    Outpour(app)
    if request.param == "outside":
        serve_files()
    return app


def test_files_are_served_as_they_are(app: Flask, serve: Callable[[Any], str]) -> None:
    """Each has its length and validator, and Outpour takes it for no stream."""
    streams = []

    def started(sender: Flask, **facts: Any) -> None:
        streams.append(facts["request"].path)

    url = f"{serve(app)}/static/site.css"
    with stream_started.connected_to(started, app):
        with open_stream(url, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["Content-Length"] == str(len(STYLES))
            assert "Content-Encoding" not in response.headers
            assert response.read() == STYLES
            tag = response.headers["ETag"]
        with open_stream(url, headers={"If-None-Match": tag}) as response:
            assert response.status == 304
        with open_stream(url, headers={"Range": "bytes=5-10"}) as response:
            assert (response.status, response.read()) == (206, STYLES[5:11])
    assert streams == []


def test_streams_flow(app: Flask) -> None:
    """A client has the first row before the second is made, coded or not."""
    app.add_url_rule("/n", "n", lambda: stream_rows({"n": n} for n in range(9)))
    assert_streams(app, "/n")
    assert_streams(app, "/n", headers={"Accept-Encoding": "zstd"})
