"""Tests beside Flask-Login: the user is known to the last byte."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import Response
from flask.testing import FlaskClient
from flask_login import current_user
from flask_login import login_required
from flask_login import login_user
from flask_login import LoginManager
from flask_login import logout_user
from flask_login import UserMixin
from werkzeug.http import parse_cookie

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_template_string
from flask_outpour import stream_with_context
from flask_outpour.testing import open_stream
from flask_outpour.testing import Source


class User(UserMixin):
    """A user who is called as the cookie says."""

    def __init__(self, name: str) -> None:
        self.id = name


def log_in(name: str) -> str:
    login_user(User(name))
    return ""


def log_out() -> str:
    logout_user()
    return ""


@pytest.fixture(params=[1, -1], ids=["outpour first", "login first"])
def app(request: pytest.FixtureRequest) -> Flask:
    """Return an application with both, set up in either order."""
    app = Flask("tests.login")
    app.secret_key = "tests"
    for set_up in [Outpour, LoginManager][:: request.param]:
        set_up(app)
    app.login_manager.user_loader(User)  # type: ignore[attr-defined]
    app.add_url_rule("/login/<name>", "in", log_in)
    app.add_url_rule("/logout", "out", log_out)
    return app


def cookie_of(url: str, name: str) -> str:
    """Log in over a socket, and return the cookie."""
    with open_stream(f"{url}/login/{name}") as response:
        key, _, value = response.headers["Set-Cookie"].partition(";")[0].partition("=")
    return f"{key}={value}"


def test_user_is_the_same_in_the_last_item(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """Each item of two streams at a time has the user of its own request."""
    gates = {name: Source(range(3), gated=True) for name in ("ada", "bo")}

    @app.get("/")
    @login_required
    def view() -> Response:
        def generate() -> Iterator[str]:
            for _ in gates[current_user.id]:
                yield f"{current_user.id}\n"

        return Response(stream_with_context(generate()))

    url = serve(app)
    for gate in gates.values():
        gate.release()
    streams = {
        name: open_stream(url, headers={"Cookie": cookie_of(url, name)})
        for name in gates
    }
    for _ in range(3):
        for name, stream in streams.items():
            assert next(stream).data == f"{name}\n".encode()
            gates[name].release()
    for stream in streams.values():
        assert stream.read() == b""
        stream.close()


def test_stranger_is_refused_before_the_stream(app: Flask, client: FlaskClient) -> None:
    """``login_required`` answers 401, and nothing of the rows is opened."""
    opened = []

    def rows() -> Iterator[dict[str, str]]:
        opened.append(current_user.id)
        yield {"user": current_user.id}

    app.add_url_rule("/", "rows", login_required(lambda: stream_rows(rows)))
    assert client.get("/").status_code == 401
    assert opened == []
    client.get("/login/ada")
    assert client.get("/").text == "user\nada\n"


def test_cookie_goes_with_the_headers_of_a_stream(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """A view that logs in and streams sends its cookie before the second item."""
    gate = Source(["a\n", "b\n"], gated=True)

    @app.get("/")
    def view() -> Response:
        login_user(User("ada"), remember=True)
        return Response(stream_with_context(gate))

    gate.release()
    with open_stream(serve(app)) as response:
        cookies = parse_cookie("; ".join(response.headers.getlist("Set-Cookie")))
        assert {"session", "remember_token"} <= cookies.keys()
        assert next(response).data == b"a\n"
        gate.release()
        assert response.read() == b"b\n"


@pytest.mark.parametrize("deferred", ["in-place", "in-order"])
def test_user_is_known_in_a_deferred_block(
    app: Flask, client: FlaskClient, deferred: str
) -> None:
    """A block that runs in a thread of its own has the request's user."""
    page = "{% defer %}<b>{{ current_user.id }}</b>{{ name() }}{% enddefer %}"
    app.add_url_rule(
        "/",
        "page",
        lambda: stream_template_string(
            page, deferred=deferred, name=lambda: f"<i>{current_user.id}</i>"
        ),
    )
    client.get("/login/ada")
    text = client.get("/").text
    assert "<b>ada</b>" in text
    assert "ada&lt;/i&gt;" in text
