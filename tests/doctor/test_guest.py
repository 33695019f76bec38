"""Tests of the probe as a guest: what lets it in, and what it leaves behind."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from applications import listing
from applications import Plain
from applications import shop
from flask import abort
from flask import Flask
from flask import redirect
from flask import Response
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_outpour.doctor.application import examine_application
from flask_outpour.doctor.errors import DoctorError


@pytest.mark.parametrize("how", ["answer", "abort", "raise"])
def test_a_wall_before_the_views_is_no_obstacle(how: str) -> None:
    """A function that asks for a login, or fails, runs and does not answer."""
    app, calls = shop(), []

    @app.before_request
    def wall() -> Any:
        calls.append(how)
        if how == "abort":
            abort(401)
        if how == "raise":
            raise ValueError("no user")
        return redirect("/login")

    report = examine_application(app)
    assert report.findings == []
    assert len(report.sound) == 5
    assert len(calls) == report.requests


def test_nothing_is_left_behind() -> None:
    """The application, its logging and its map of URLs are what they were before."""
    app = shop(listing)
    app.add_url_rule("/", "home", lambda: "home")
    app.after_request(lambda response: response)

    def picture() -> Any:
        state: dict[str, Any] = dict(vars(app))
        state["view_functions"] = dict(app.view_functions)
        state["functions"] = repr(
            [
                *(app.before_request_funcs, app.after_request_funcs),
                *(app.teardown_request_funcs, app.url_value_preprocessors),
            ]
        )
        state["rules"] = [str(rule) for rule in app.url_map.iter_rules()]
        state["config"] = dict(app.config)
        # Flask makes it when it is first asked for.
        state.pop("logger", None)
        return state, logging.root.manager.disable

    before = picture()
    examine_application(app)
    assert picture() == before
    app.add_url_rule("/later", "later", lambda: "later")
    assert app.test_client().get("/later").text == "later"
    assert app.test_client().get("/outpour-doctor").status_code == 404


def test_the_errors_of_the_probe_are_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is raised on purpose is nothing for the application's log."""
    examine_application(shop(outpour=True))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        ("404 NOT FOUND", [], "404"),
        ("302 FOUND", [("Location", "https://x.example/?token=secret")], "x.example"),
        ("500 INTERNAL SERVER ERROR", [], "500"),
    ],
)
def test_a_layer_that_answers_itself_cannot_be_examined(
    status: str, headers: list[tuple[str, str]], said: str
) -> None:
    """The error says which layer answered what, and shows no query."""

    def gate(app: Any) -> Any:
        def closed(environ: Any, start_response: Any) -> Any:
            start_response(status, headers)
            return [b"" if app else b"never"]

        return closed

    with pytest.raises(DoctorError) as caught:
        examine_application(shop(Plain, gate, Plain))
    assert "gate.<locals>.closed" in caught.value.message
    assert said in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.exit_code == 2


def test_a_layer_that_raises_cannot_be_examined() -> None:
    """Its name and the error's are said, not the error's text."""

    class Failing(Plain):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            raise ValueError("a password")

    said = r"Failing .*raised ValueError in \S*test_\w+\.py:\d+, so"
    with pytest.raises(DoctorError, match=said) as caught:
        examine_application(shop(Failing))
    assert "password" not in caught.value.message


def test_a_function_after_the_view_that_fails_cannot_be_examined() -> None:
    """It is told that the view was reached, and in which line the function failed."""
    app = shop()

    @app.after_request
    def fail(response: Response) -> Response:
        raise ValueError("a password")

    line = fail.__code__.co_firstlineno + 2
    said = rf"was reached, .* made 500 .*: ValueError in \S*:{line}\. Mend what runs"
    with pytest.raises(DoctorError, match=said) as caught:
        examine_application(app)
    assert "password" not in caught.value.message


@pytest.mark.parametrize("outer", [Plain, DispatcherMiddleware])
def test_another_application_cannot_be_examined(outer: Any) -> None:
    """A callable that leads to another application is told from its own."""
    with pytest.raises(DoctorError) as caught:
        examine_application(shop(), outer(Flask("other")))
    assert "<Flask 'other'> answered the probe with 404" in caught.value.message
    assert "on to <Flask 'shop'>" in caught.value.message
