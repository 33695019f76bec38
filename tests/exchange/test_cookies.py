"""Tests of headers, cookies and the session of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import after_this_request
from flask import Flask
from flask import Response
from flask import session
from flask.testing import FlaskClient

from exchange.sources import ANY_SOURCE
from flask_outpour import stream_with_context


def test_session_written_before_the_first_item_is_saved(
    app: Flask, client: FlaskClient
) -> None:
    """What the generator puts into ``session`` before its first item is kept."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            session["count"] = session.get("count", 0) + 1
            yield str(session["count"])

        return Response(stream_with_context(generate()))

    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


@ANY_SOURCE
def test_headers_and_cookies_of_the_view_arrive(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """Status, headers and cookies that the view and its functions set all arrive."""

    @app.after_request
    def mark(response: Response) -> Response:
        response.headers["X-After"] = "yes"
        return response

    @app.get("/")
    def view() -> Response:
        session["user"] = "ada"

        @after_this_request
        def once(response: Response) -> Response:
            response.set_cookie("seen", "yes")
            return response

        return Response(wrap("ab"), 203, {"X-Unit": "km"}, mimetype="text/csv")

    response = client.get("/")
    assert response.status_code == 203
    assert response.text == "ab"
    assert response.mimetype == "text/csv"
    assert (response.headers["X-After"], response.headers["X-Unit"]) == ("yes", "km")
    cookies = [
        cookie.partition("=")[0] for cookie in response.headers.getlist("Set-Cookie")
    ]
    assert sorted(cookies) == ["seen", "session"]
