"""Tests of contents: open to the last byte, and closed on every ending."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import got_request_exception
from flask import request
from flask import Response
from flask import session
from flask.testing import FlaskClient

from archives.readers import contents
from archives.sources import Chunks
from flask_outpour import Outpour
from flask_outpour import stream_zip
from zip_exports.asking import archive
from zip_exports.asking import ask


def test_contexts_stay_until_the_last_byte(app: Flask, client: FlaskClient) -> None:
    """Functions and generators have ``request`` and ``g``; teardown comes once."""
    seen = []

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append("teardown")

    def chunks() -> Iterator[str]:
        yield request.args["q"]
        yield g.user
        seen.append("read")

    @app.get("/archive")
    def view() -> Response:
        g.user = "Ada"
        session["seen"] = True
        return stream_zip(
            lambda: ((g.user, content) for content in (lambda: chunks(),))
        )

    data = client.get("/archive?q=b").data
    assert contents(data) == {"Ada": b"bAda"}
    assert seen == ["read", "teardown"]


@pytest.mark.parametrize("ending", ["complete", "left", "unread", "failed"])
def test_contents_are_closed_on_every_ending(app: Flask, ending: str) -> None:
    """Read to the end, left in the middle or before the start, failed: closed once."""
    error = ValueError("gone") if ending == "failed" else None
    sources = [Chunks([b"x"]), Chunks([b"x"], error), Chunks([b"x"])]
    archive(app, [(str(number), source) for number, source in enumerate(sources)])
    *_, body = ask(app)
    chunks = iter(body)
    if ending == "left":
        next(chunks)
    elif ending == "complete":
        assert len(contents(b"".join(chunks))) == 3
    elif ending == "failed":
        with pytest.raises(ValueError, match="gone"):
            list(chunks)
    body.close()
    assert [source.closed for source in sources] == [1, 1, 1]


def test_head_reads_nothing(app: Flask) -> None:
    """HEAD has the headers of GET; nothing is read, and all is closed."""
    source = Chunks()
    archive(app, {"a": source, "b": lambda: pytest.fail("called")})
    status, headers, body = ask(app, "HEAD")
    with closing(body):
        assert (status, b"".join(body)) == ("200 OK", b"")
    assert headers["Content-Type"] == "application/zip"
    assert (source.pulled, source.closed) == (0, 1)


def test_unchanged_archive_is_not_made(app: Flask) -> None:
    """A conditional request that matches gets a 304, and the contents are closed."""
    sources = []

    @app.get("/archive")
    def view() -> Response:
        sources.append(Chunks())
        response = stream_zip({"a": sources[-1]})
        response.set_etag("v1")
        return response.make_conditional(request)

    _, headers, body = ask(app)
    assert len(contents(b"".join(body))) == 1
    body.close()
    status, _, body = ask(app, **{"If-None-Match": headers["ETag"]})
    with closing(body):
        assert (status, b"".join(body)) == ("304 NOT MODIFIED", b"")
    assert [(source.pulled > 0, source.closed) for source in sources] == [
        (True, 1),
        (False, 1),
    ]


def test_failing_entry_is_reported(app: Flask) -> None:
    """The error of a later entry reaches the application's own reporting."""
    reported = []

    def report(sender: Flask, exception: Exception, **extra: Any) -> None:
        reported.append(exception)

    archive(app, {"a": b"x", "b": Chunks([b"x"], LookupError("gone"))})
    with got_request_exception.connected_to(report, app):
        *_, body = ask(app)
        with pytest.raises(LookupError, match="gone"):
            list(body)
        body.close()
    assert [type(error) for error in reported] == [LookupError]


def test_stored_archive_that_falls_short_fails(app: Flask, tmp_path: Path) -> None:
    """With a length told already, a file that shrank meanwhile fails the stream."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(1000))

    def shrinks() -> Iterator[bytes]:
        yield b""

    @app.get("/archive")
    def view() -> Response:
        response = stream_zip({"first": b"x", "a.bin": path}, stored=True)
        path.write_bytes(bytes(10))
        return response

    _, headers, body = ask(app)
    with pytest.raises(ValueError, match="had 1000 bytes"):
        list(body)
    body.close()
    assert int(headers["Content-Length"]) > 1000


@pytest.mark.parametrize("served", ["without Outpour", "exempt"])
def test_views_that_outpour_does_not_serve(served: str) -> None:
    """The archive is the same, and what is not begun is closed."""
    app = Flask("plain")
    if served == "exempt":
        outpour = Outpour(app)
    sources = [Chunks([b"x"]), Chunks([b"y"])]

    def view() -> Response:
        return stream_zip({"a": sources[0], "b": sources[1], "c": lambda: request.path})

    if served == "exempt":
        view = outpour.exempt(view)
    app.add_url_rule("/archive", "archive", view)
    data = app.test_client().get("/archive").data
    assert contents(data) == {"a": b"x", "b": b"y", "c": b"/archive"}
    assert [source.closed for source in sources] == [1, 1]
    sources = [Chunks(), Chunks()]
    *_, body = ask(app)
    body.close()
    assert [source.closed for source in sources] == [1, 1]
