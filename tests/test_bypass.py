"""Tests of streams that Outpour does not serve although it is set up: it says so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask import Response
from flask import send_file
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_outpour import Outpour

WARNING = "Outpour is set up, but does not serve this stream"


class Keeps:
    """Middleware that keeps the callable it was given."""

    def __init__(self, wsgi_app: Any) -> None:
        self.wsgi_app = wsgi_app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.wsgi_app(environ, start_response)


WRAPPINGS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda wsgi_app: wsgi_app,
    "ProxyFix": ProxyFix,
    "two layers": lambda wsgi_app: ProxyFix(Keeps(wsgi_app)),
    "a partial": partial,
    "a lambda": lambda wsgi_app: lambda environ, start: wsgi_app(environ, start),
    "a dispatcher": lambda wsgi_app: DispatcherMiddleware(wsgi_app),
}


def make_app() -> Flask:
    app = Flask("tests.bypass")
    app.add_url_rule("/", "stream", lambda: Response(iter("ab")))
    app.add_url_rule("/whole", "whole", lambda: "ab")
    app.add_url_rule("/file", "file", lambda: send_file(__file__))
    app.add_url_rule("/exempt", "exempt", Outpour.exempt(lambda: Response(iter("ab"))))
    return app


@pytest.mark.parametrize("name", WRAPPINGS)
def test_wsgi_app_taken_before_is_warned_about_once(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A stream that comes past Outpour is one warning, which says the cure."""
    app = make_app()
    served = WRAPPINGS[name](app.wsgi_app)
    Outpour(app)
    for _ in range(3):
        assert Client(served).get("/").data == b"ab"
    (record,) = [r for r in caplog.records if WARNING in r.getMessage()]
    assert record.levelname == "WARNING"
    assert "Call Outpour(app) first" in record.getMessage()


def test_wsgi_app_put_back_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    """So is one that was taken before, and put back wrapped afterwards."""
    app = make_app()
    taken = app.wsgi_app
    Outpour(app)
    app.wsgi_app = Keeps(taken)  # type: ignore[method-assign]
    assert app.test_client().get("/").data == b"ab"
    assert WARNING in caplog.text


@pytest.mark.parametrize("path", ["/whole", "/file", "/exempt", "/nowhere"])
def test_what_is_no_stream_of_outpours_is_not_warned_about(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Texts, files, exempt views and error pages are the same without Outpour."""
    app = make_app()
    served = ProxyFix(app.wsgi_app)
    Outpour(app)
    Client(served).get(path).close()
    assert WARNING not in caplog.text


@pytest.mark.parametrize("name", WRAPPINGS)
def test_wsgi_app_taken_afterwards_is_served(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With the cure there is no warning, and Outpour serves the stream."""
    app = make_app()
    Outpour(app)
    assert Client(WRAPPINGS[name](app.wsgi_app)).get("/").data == b"ab"
    assert Client(WRAPPINGS[name](app)).get("/").data == b"ab"
    assert WARNING not in caplog.text


def test_switched_off_is_not_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    """Who has switched Outpour off knows it."""
    app = make_app()
    served = ProxyFix(app.wsgi_app)
    app.config["OUTPOUR_ENABLED"] = False
    Outpour(app)
    assert Client(served).get("/").data == b"ab"
    assert WARNING not in caplog.text


def test_application_inside_another_is_warned_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An application that another one calls past its own Outpour says so, too."""
    inner = make_app()
    taken = inner.wsgi_app
    Outpour(inner)
    outer = Flask("tests.outer")
    Outpour(outer)
    outer.add_url_rule("/", "view", lambda: taken)
    assert outer.test_client().get("/").data == b"ab"
    assert [r.name for r in caplog.records if WARNING in r.getMessage()] == [inner.name]


def test_without_a_server_nothing_is_warned_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a test, or a view, asks of the application itself has come past nothing."""
    app = make_app()
    Outpour(app)

    @app.get("/sub")
    def sub() -> str:
        with app.test_request_context("/"):
            return app.full_dispatch_request().get_data(as_text=True)

    with app.test_request_context("/"):
        assert app.full_dispatch_request().data == b"ab"
        assert app.process_response(Response(iter("ab"))).data == b"ab"
    assert app.test_client().get("/sub").data == b"ab"
    assert WARNING not in caplog.text
