"""Tests of templates that are sent as they render."""

from __future__ import annotations

import gc
import io
import queue
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import flask
import pytest
from flask import before_render_template
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask import session
from flask import template_rendered
from flask.testing import FlaskClient
from jinja2 import TemplateNotFound
from jinja2 import TemplateSyntaxError
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_outpour import stream_template
from flask_outpour import stream_template_string
from flask_outpour.templates import TemplateStream

ROW = "{% for row in rows %}{{ row }},{% endfor %}"


@pytest.fixture
def page(app: Flask) -> str:
    """Return the page at ``/``, as it renders when it is not streamed."""
    app.context_processor(lambda: {"unit": "km"})

    @app.before_request
    def bind() -> None:
        g.unit = "miles"
        session["user"] = "ada"

    @app.get("/whole")
    def whole() -> str:
        return flask.render_template("rows.html", title="<Rows>", rows=range(50))

    @app.get("/")
    def streamed() -> TemplateStream:
        return stream_template("rows.html", title="<Rows>", rows=range(50))

    return app.test_client().get("/whole").text.replace("/whole", "/")


def test_page_is_streamed_as_it_is_rendered(client: FlaskClient, page: str) -> None:
    """A streamed page has the same text as a rendered one, and escapes as it does."""
    response = client.get("/")
    assert response.text == page
    assert response.mimetype == "text/html"
    assert "<h1>&lt;Rows&gt; km</h1>" in page
    assert "<li>49 / ada miles</li>" in page


def test_template_may_come_from_a_string(app: Flask, client: FlaskClient) -> None:
    """``stream_template_string`` renders its source, with the same values."""

    @app.get("/")
    def view() -> TemplateStream:
        return stream_template_string(ROW + "{{ request.path }}", rows=["<a>", "b"])

    assert client.get("/").text == "&lt;a&gt;,b,/"


def test_template_may_be_a_list_or_an_object(app: Flask, client: FlaskClient) -> None:
    """Of a list of names the first that exists is rendered; a template is itself."""
    own = app.jinja_env.from_string("own {{ name }}")

    @app.get("/list")
    def by_list() -> TemplateStream:
        return stream_template(["none.html", own], name="x")

    @app.get("/object")
    def by_object() -> TemplateStream:
        return stream_template(own, name="x")

    assert client.get("/list").text == "own x"
    assert client.get("/object").text == "own x"


def test_tags_without_outpour_name_the_line_that_brings_them() -> None:
    """Who has forgotten ``Outpour(app)`` is told so by Jinja's error."""
    app = Flask("tests.forgetful")
    with app.test_request_context(), pytest.raises(TemplateSyntaxError) as caught:
        stream_template_string("{% defer %}x{% enddefer %}")
    assert "Outpour(app)" in "".join(caught.value.__notes__)


def test_missing_template_is_an_error_of_the_view(
    app: Flask, client: FlaskClient
) -> None:
    """A template that does not exist is found out before anything is sent."""

    @app.get("/")
    def view() -> TemplateStream:
        return stream_template("none.html")

    app.register_error_handler(TemplateNotFound, lambda error: (str(error), 410))
    response = client.get("/")
    assert (response.status_code, response.text) == (410, "none.html")


@pytest.mark.parametrize("by", ["ours", "jinja"])
def test_error_in_the_first_piece_is_an_error_of_the_view(
    app: Flask, client: FlaskClient, by: str
) -> None:
    """What fails before the first piece has its status, in Jinja's own stream too."""

    @app.get("/")
    def view() -> Any:
        source = "{{ 1 // 0 }}"
        if by == "jinja":
            return Response(app.jinja_env.from_string(source).stream())
        return stream_template_string(source)

    app.register_error_handler(ZeroDivisionError, lambda error: ("zero", 418))
    response = client.get("/")
    assert (response.status_code, response.text) == (418, "zero")


def test_signals_are_those_of_flask(app: Flask) -> None:
    """Flask's template signals come before the first piece and after the last."""
    told: list[Any] = []

    @app.get("/")
    def view() -> TemplateStream:
        def rows() -> Iterator[str]:
            for row in "ab":
                told.append(row)
                yield row

        return stream_template_string(ROW, rows=rows())

    def before(sender: Flask, template: Any, context: Any, **_: Any) -> None:
        told.append(("before", context["request"].path))

    def after(sender: Flask, template: Any, context: Any, **_: Any) -> None:
        told.append(("after", context["request"].path, request.path))

    with (
        before_render_template.connected_to(before, app),
        template_rendered.connected_to(after, app),
    ):
        assert app.test_client().get("/").text == "a,b,"
    assert told == [("before", "/"), "a", "b", ("after", "/", "/")]


def test_template_that_fails_was_not_rendered(app: Flask) -> None:
    """``template_rendered`` is not sent for a page that broke off."""
    told = []

    @app.get("/")
    def view() -> TemplateStream:
        return stream_template_string(
            "{{ 'a' }}{% for i in [1, 0] %}{{ 1 // i }}{% endfor %}"
        )

    def after(sender: Flask, **_: Any) -> None:
        told.append("rendered")

    with template_rendered.connected_to(after, app):
        body, _, _ = run_wsgi_app(app, create_environ("/"))
        with pytest.raises(ZeroDivisionError):
            list(body)
        body.close()  # type: ignore[attr-defined]
    assert told == []


def test_first_rows_arrive_while_the_template_renders(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """A reader sees the first rows of a page before the next rows exist."""
    rows: queue.Queue[str | None] = queue.Queue()

    @app.get("/")
    def view() -> TemplateStream:
        return stream_template_string(
            "<h1>Rows</h1>\n{% for row in rows %}{{ row }}\n{% endfor %}",
            rows=iter(rows.get, None),
        )

    with urlopen(serve(app), timeout=20) as response:
        assert response.readline() == b"<h1>Rows</h1>\n"
        for number in range(5):
            rows.put(f"row {number}")
            assert response.readline() == f"row {number}\n".encode()
        rows.put(None)
        assert response.read() == b""


def test_page_is_fast_without_a_call(app: Flask) -> None:
    """Many small pieces are joined, whether buffering was enabled or not."""
    # On a machine that is busy no piece is to count as late.
    app.config["OUTPOUR_SLOW"] = 60
    app.add_url_rule(
        "/", "view", lambda: stream_template_string(ROW, rows=range(20_000))
    )
    body, _, _ = run_wsgi_app(app, create_environ("/"))
    assert len(list(body)) < 20_000 // 10
    body.close()  # type: ignore[attr-defined]


def make_stream() -> TemplateStream:
    return stream_template_string(ROW, rows=range(7))


WHOLE = "0,1,2,3,4,5,6,"


def test_stream_can_be_buffered(app: Flask, client: FlaskClient) -> None:
    """``enable_buffering`` and ``disable_buffering`` do what they do in Jinja."""
    pieces: dict[str, list[str]] = {}

    @app.get("/")
    def view() -> str:
        for name in ("plain", "buffered", "disabled"):
            stream = make_stream()
            if name != "plain":
                stream.enable_buffering(5)
            if name == "disabled":
                stream.disable_buffering()
            pieces[name] = list(stream)
        return ""

    client.get("/")
    assert {"".join(each) for each in pieces.values()} == {WHOLE}
    assert len(pieces["disabled"]) == len(pieces["plain"])
    assert len(pieces["buffered"]) == -(-len(pieces["plain"]) // 5)


def test_buffering_of_one_piece_is_refused(app: Flask, client: FlaskClient) -> None:
    """A buffer that is too small is an error, as it is for Jinja's stream."""
    app.testing = True

    @app.get("/")
    def view() -> TemplateStream:
        stream = make_stream()
        stream.enable_buffering(1)
        return stream

    with pytest.raises(ValueError, match="buffer size too small"):
        client.get("/")


def test_buffered_stream_is_sent(app: Flask, client: FlaskClient) -> None:
    """A response of a buffered stream has all of its text."""

    @app.get("/")
    def view() -> TemplateStream:
        stream = make_stream()
        stream.enable_buffering(3)
        return stream

    assert client.get("/").text == WHOLE


def test_begun_stream_goes_on(app: Flask, client: FlaskClient) -> None:
    """A stream of which the view took a piece sends the rest."""

    @app.get("/")
    def view() -> Response:
        stream = make_stream()
        first = next(stream)
        return Response(stream, headers={"X-First": first})

    response = client.get("/")
    assert response.headers["X-First"] + response.text == WHOLE


def test_stream_can_be_dumped(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    """``dump`` writes the page to a file or a path, as Jinja's stream does."""
    file = io.BytesIO()

    @app.get("/")
    def view() -> str:
        make_stream().dump(file, "utf-8")
        make_stream().dump(str(tmp_path / "page.html"), "utf-8")
        return ""

    client.get("/")
    assert file.getvalue() == WHOLE.encode()
    assert (tmp_path / "page.html").read_text() == WHOLE


def test_head_renders_nothing(app: Flask, client: FlaskClient) -> None:
    """HEAD of a streamed page has its headers and calls nothing in the template."""
    called = []

    @app.get("/")
    def view() -> TemplateStream:
        return stream_template_string("{{ call() }}", call=lambda: called.append(1))

    with client.head("/") as response:
        assert response.mimetype == "text/html"
        assert response.data == b""
    assert called == []


def test_left_page_ends_its_rendering(app: Flask) -> None:
    """A reader who leaves ends the rows that the template was reading."""
    ended = []

    def rows() -> Iterator[str]:
        try:
            while True:
                yield "row"
        finally:
            ended.append(request.path)

    app.add_url_rule("/", "view", lambda: stream_template_string(ROW, rows=rows()))
    body, _, _ = run_wsgi_app(app, create_environ("/"))
    assert next(iter(body))
    body.close()  # type: ignore[attr-defined]
    assert ended == ["/"]


def test_closed_stream_ends_its_rendering(app: Flask) -> None:
    """Whoever holds a stream can end its rendering, with or without a request."""
    ended = []

    def rows() -> Iterator[str]:
        try:
            while True:
                yield "row"
        finally:
            ended.append(True)

    with app.app_context():
        stream = stream_template_string(ROW, rows=rows())
        assert next(stream) == "row"
        stream.close()
    assert ended == [True]
    assert list(stream) == []


def test_page_outside_of_a_request(app: Flask) -> None:
    """With an application context alone a template is streamed as well."""
    with app.app_context():
        assert "".join(make_stream()) == WHOLE


def test_page_without_outpour_is_flasks() -> None:
    """In an application without Outpour the page streams with Flask's contexts."""
    plain = Flask("tests.plain")
    plain.add_url_rule(
        "/", "view", lambda: stream_template_string("{{ request.path }}!")
    )
    assert plain.test_client().get("/").text == "/!"


@pytest.mark.parametrize("buffered", [True, False])
def test_recipe_of_flasks_page(app: Flask, client: FlaskClient, buffered: bool) -> None:
    """Flask's documented recipe for streaming a template works under Outpour."""

    @app.get("/")
    def view() -> Response:
        context: dict[str, Any] = {"rows": range(7)}
        app.update_template_context(context)
        stream = app.jinja_env.from_string(ROW + "{{ g.unit }}").stream(context)
        if buffered:
            stream.enable_buffering(5)
        return Response(stream)

    @app.before_request
    def bind() -> None:
        g.unit = "km"

    assert client.get("/").text == f"{WHOLE}km"


def test_recipe_lets_go_of_its_rows_when_the_client_leaves(
    app: Flask, client: FlaskClient
) -> None:
    """A reader who leaves the recipe's page closes its rows, buffered as they are."""
    closed: list[bool] = []

    def rows() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    @app.get("/")
    def view() -> Response:
        stream = app.jinja_env.from_string(ROW).stream(rows=rows())
        stream.enable_buffering(5)
        return Response(stream)

    # Without this the collector might close them, some time.
    gc.disable()
    try:
        client.get("/").close()
        assert closed == [True]
    finally:
        gc.enable()
