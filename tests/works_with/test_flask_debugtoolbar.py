"""Tests beside Flask-DebugToolbar: pages get its bar, streams pass it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import abort
from flask import Flask
from flask import redirect
from flask import render_template_string
from flask_debugtoolbar import DebugToolbarExtension

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_template_string
from flask_outpour import stream_with_context
from flask_outpour.testing import assert_streams

PAGE = (
    "<!doctype html><body>{% for n in range(9) %}<p>{{ n }}</p>{% flush %}"
    "{% endfor %}</body>"
)


@pytest.fixture(params=[1, -1], ids=["outpour first", "toolbar first"])
def app(request: pytest.FixtureRequest) -> Flask:
    """Return an application in debug mode with both, set up in either order."""
    app = Flask("tests.toolbar")
    app.debug = True
    app.secret_key = "tests"
    for set_up in [Outpour, DebugToolbarExtension][:: request.param]:
        set_up(app)
    return app


def test_page_that_streams_passes_as_it_is(app: Flask) -> None:
    """It flows, without the bar, and the same page rendered whole has the bar."""
    app.add_url_rule("/stream", "stream", lambda: stream_template_string(PAGE))
    app.add_url_rule("/page", "page", lambda: render_template_string(PAGE))
    assert_streams(app, "/stream")
    client = app.test_client()
    plain = client.get("/stream").text
    assert plain.endswith("<p>8</p></body>")
    before, _ = client.get("/page").text.split("</body>", 1)
    assert before.startswith(plain.removesuffix("</body>"))
    assert 'id="flDebug"' in before


def test_rows_flow(app: Flask) -> None:
    """An export is not touched, in HTML neither."""
    app.add_url_rule(
        "/rows.<suffix>",
        "rows",
        lambda suffix: stream_rows(({"n": n} for n in range(9)), suffix),
    )
    for suffix in ("csv", "html"):
        assert_streams(app, f"/rows.{suffix}")
    assert app.test_client().get("/rows.csv").text.startswith("n\n0\n1\n")


def test_redirect_before_the_first_item_is_intercepted(app: Flask) -> None:
    """With ``DEBUG_TB_INTERCEPT_REDIRECTS`` its page takes the place of a redirect."""
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = True

    @app.get("/")
    def view() -> Any:
        def generate() -> Iterator[str]:
            abort(redirect("/elsewhere"))
            yield ""

        return stream_with_context(generate())

    response = app.test_client().get("/")
    assert response.status_code == 200
    assert "/elsewhere" in response.text
