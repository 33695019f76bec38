"""Blocks stand in what Jinja puts into one string; they are rendered at their place."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask import Flask
from jinja2 import DictLoader
from ways_of_sending import with_blocks

from flask_outpour import stream_template

COLLECTED = {
    "macro": ("{% macro f(a) %}<«{{ a }}»>{% endmacro %}{{ f('&') }}", "<&amp;>"),
    "call": (
        "{% macro f() %}({{ caller() }}){% endmacro %}"
        "{% call f() %}«{{ a }}»{% endcall %}",
        "(&lt;a)",
    ),
    "filter": ("{% filter upper %}x«{{ a }}»{% endfilter %}", "X&LT;A"),
    "set": ("{% set b %}«{{ a }}»{% endset %}{{ b }}{{ b }}", "&lt;a&lt;a"),
    "recursive": (
        "{% for n in [[1]] recursive %}[«{{ a }}»{{ loop(n) if n is iterable }}]"
        "{% endfor %}",
        "[&lt;a[&lt;a]]",
    ),
}


@pytest.mark.parametrize("name", COLLECTED)
def test_block_in_what_jinja_collects(app: Flask, name: str) -> None:
    """Inside a macro and its like a block is at its place; a warning tells the line."""
    source, text = COLLECTED[name]
    app.jinja_loader = DictLoader(
        {
            "whole.html": "\n" + with_blocks(source),
            "page.html": "\n" + with_blocks(source),
        }
    )

    @app.get("/whole")
    def whole() -> str:
        with pytest.warns(UserWarning, match="stands inside") as warned:
            page = flask.render_template("whole.html", a="<a")
        assert [(each.filename, each.lineno) for each in warned] == [("whole.html", 2)]
        return page

    @app.get("/")
    def view() -> Any:
        return stream_template("page.html", a="<a")

    client = app.test_client()
    assert client.get("/whole").text == "\n" + text
    with pytest.warns(UserWarning, match="stands inside"):
        assert client.get("/").text == "\n" + text
    assert client.get("/?deferred=in-order").text == "\n" + text


def test_block_in_an_include_that_is_collected(app: Flask) -> None:
    """What a filter is to change is not taken from it by the block of an include."""
    app.jinja_loader = DictLoader(
        {
            "part.html": with_blocks("a«b»c"),
            "page.html": "{% filter upper %}{% include 'part.html' %}{% endfilter %}",
        }
    )
    app.add_url_rule("/", "view", lambda: stream_template("page.html"))
    assert app.test_client().get("/").text == "ABC"


def test_block_of_a_block_that_is_called(app: Flask) -> None:
    """``self.title()`` and ``super()`` have the text of a block at its place."""
    app.jinja_loader = DictLoader(
        {
            "base.html": with_blocks("{% block a %}1«2»3{% endblock %}"),
            "page.html": "{% extends 'base.html' %}"
            "{% block a %}{{ super() | upper | replace('2', 'two') }}{% endblock %}",
        }
    )
    app.add_url_rule("/", "view", lambda: stream_template("page.html"))
    assert app.test_client().get("/").text == "1two3"
