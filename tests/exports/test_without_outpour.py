"""Tests of exports that Outpour does not serve, and of one that nobody does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any
from wsgiref.validate import validator

import pytest
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask import session
from werkzeug.middleware.lint import LintMiddleware

from exports.orders import ask
from exports.orders import BODIES
from exports.orders import export
from exports.orders import failing_after
from exports.orders import ORDERS
from exports.orders import Source
from exports.own_formats import set_up
from flask_outpour import NDJSON
from flask_outpour import Outpour
from flask_outpour import stream_rows


def without_set_up() -> Flask:
    return Flask("plain")


def switched_off() -> Flask:
    app = Flask("plain")
    app.config["OUTPOUR_ENABLED"] = False
    Outpour(app)
    return app


def with_exempt_views() -> Flask:
    app = Flask("plain")
    Outpour(app)
    app.add_url_rule = (  # type: ignore[method-assign]
        lambda rule, endpoint, view: Flask.add_url_rule(
            app, rule, endpoint, Outpour.exempt(view)
        )
    )
    return app


PLAIN = pytest.mark.parametrize(
    "make", [without_set_up, switched_off, with_exempt_views]
)


@PLAIN
def test_rows_without_outpour(make: Callable[[], Flask]) -> None:
    """The bytes, and what was chosen, do not depend on the extension."""
    app = make()
    export(app)
    client = app.test_client()
    for name, (body, content_type) in BODIES.items():
        response = client.get(f"/orders.{name}")
        assert (response.text, response.content_type) == (body, content_type)


@PLAIN
def test_contexts_without_outpour(make: Callable[[], Flask]) -> None:
    """Rows see request, session and ``g`` as under Flask's ``stream_with_context``."""
    app = make()
    app.secret_key = "tests"

    def view() -> Response:
        session["a"] = g.b = "kept"
        rows = ((request.args["q"], session["a"], g.b) for _ in range(3))
        return stream_rows(rows, columns=["q", "a", "b"])

    app.add_url_rule("/", "view", view)
    text = app.test_client().get("/?q=x").text
    assert text == "q,a,b\n" + "x,kept,kept\n" * 3


@PLAIN
@pytest.mark.parametrize("ending", ["complete", "left", "unread", "HEAD", "failed"])
def test_source_is_closed_without_outpour(
    make: Callable[[], Flask], ending: str
) -> None:
    """The source is closed once on every ending there, too; HEAD pulls nothing."""
    app = make()
    source = Source(ORDERS * 9, ValueError("gone") if ending == "failed" else None)
    export(app, source)
    *_, body = ask(app, "HEAD" if ending == "HEAD" else "GET", "/orders")
    if ending == "left":
        next(iter(body))
    elif ending == "failed":
        with pytest.raises(ValueError, match="gone"):
            list(body)
    elif ending != "unread":
        list(body)
    body.close()
    assert source.closed == 1
    assert source.pulled == 0 or ending != "HEAD"


@PLAIN
def test_406_without_outpour(make: Callable[[], Flask]) -> None:
    """What there is can be read there, too."""
    app = make()
    export(app)
    response = app.test_client().get("/orders", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert "csv (text/csv)" in response.text


@PLAIN
def test_no_empty_item_reaches_the_server_without_outpour(
    make: Callable[[], Flask],
) -> None:
    """Nobody takes an empty item out, and some servers would end the body at one."""
    app = make()
    export(app, failing_after(3), NDJSON())
    *_, body = ask(app, path="/orders")
    items = []
    with closing(body), pytest.raises(LookupError):
        items.extend(body)
    assert b"" not in items


@pytest.mark.parametrize("make", [without_set_up, switched_off])
def test_linters_find_nothing(make: Callable[[], Flask], recwarn: Any) -> None:
    """Both linters are content around exports, with Outpour and without."""
    for app in (make(), set_up("direct", [])):
        export(app, filename="Köln")
        client = linted_client(app)
        for name in BODIES:
            response = client.get(f"/orders.{name}", buffered=True)
            assert response.text == BODIES[name][0]
            assert client.head(f"/orders.{name}", buffered=True).data == b""
        refused = {"Accept": "a/b"}
        assert client.get("/orders", headers=refused, buffered=True).status_code == 406


def linted_client(app: Flask) -> Any:
    """Return a client of an application that is inside both linters."""
    app.wsgi_app = validator(LintMiddleware(app.wsgi_app))  # type: ignore
    return app.test_client()


def test_response_outside_of_a_server(app: Flask) -> None:
    """In a request context that a test has pushed, the response can be read."""
    with app.test_request_context("/?q=a"):
        response = stream_rows({"q": request.args["q"]} for _ in range(2))
        assert response.get_data(as_text=True) == "q\na\na\n"
