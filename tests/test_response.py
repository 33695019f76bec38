"""Tests of a view's own choice of how its response streams."""

from __future__ import annotations

from collections.abc import Iterator

import flask
import pytest
from flask import Flask

from chunks import chunks_of
from chunks import ROWS
from flask_outpour import Response
from flask_outpour import stream_with_context


@pytest.mark.parametrize("keep", [iter, stream_with_context])
def test_items_stay_apart_if_asked(app: Flask, keep: type) -> None:
    """``Response(..., coalesce=False)`` sends each item as a chunk of its own."""
    app.add_url_rule("/", "view", lambda: Response(keep(ROWS), coalesce=False))
    assert chunks_of(app) == [row.encode() for row in ROWS]


def test_items_are_joined_by_default(app: Flask) -> None:
    """Without a choice, our response is joined as Flask's own is."""
    app.add_url_rule("/", "view", lambda: Response(iter(ROWS)))
    chunks = chunks_of(app)
    assert len(chunks) < len(ROWS)
    assert b"".join(chunks) == "".join(ROWS).encode()


def test_empty_items_are_left_out_of_unjoined_responses(app: Flask) -> None:
    """An empty item would end a body on some servers; it is never sent."""
    app.add_url_rule(
        "/", "view", lambda: Response(iter(["a", "", "b"]), coalesce=False)
    )
    assert chunks_of(app) == [b"a", b"b"]


def test_response_is_flasks_in_all_else() -> None:
    """Our response takes what Flask's takes, and is one."""
    response = Response("é", 203, {"X-Unit": "km"}, mimetype="text/csv")
    assert isinstance(response, flask.Response)
    assert (response.status_code, response.headers["X-Unit"]) == (203, "km")
    assert response.mimetype == "text/csv"
    assert response.data == "é".encode()


def test_response_works_as_the_applications_class(app: Flask) -> None:
    """An application may use it as ``response_class``, for all of its views."""
    app.response_class = Response

    @app.get("/")
    def view() -> tuple[Iterator[str], int]:
        return iter(ROWS), 203

    with app.test_client().get("/") as response:
        assert response.status_code == 203
        assert response.text == "".join(ROWS)


def test_subclass_may_decide(app: Flask) -> None:
    """A class of responses can set ``coalesce`` for all of them."""

    class Lines(flask.Response):
        coalesce = False

    app.add_url_rule("/", "view", lambda: Lines(iter(ROWS)))
    assert len(chunks_of(app)) == len(ROWS)
