"""The head of a page is sent before its body renders."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from jinja2 import DictLoader

from flask_outpour import stream_template

HEADS = {
    "itself": {
        "page.html": "<html><head>{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}</head>'
        "<body>{{ wait() }}</body></html>"
    },
    "parent": {
        "base.html": "<html><head>{% block head %}{% endblock %}</head>\n"
        "<body>{% block body %}{% endblock %}</body></html>",
        "page.html": "{% extends 'base.html' %}{% block head %}"
        "{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}{% endblock %}'
        "{% block body %}{{ wait() }}{% endblock %}",
    },
    "include": {
        "head.html": "<head>{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}</head>',
        "page.html": "<html>{% include 'head.html' %}{{ wait() }}</html>",
    },
    "macro": {
        "page.html": "{% macro head() %}<head>{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}</head>{% endmacro %}'
        "<html>{{ head() }}{{ wait() }}</html>",
    },
    "behind a flush": {
        "page.html": "<html>{% flush %}<head>{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}</head>'
        "<body>{{ wait() }}</body></html>"
    },
}


@pytest.mark.parametrize("pieces", [1, 17, 40, 200])
@pytest.mark.parametrize("place", HEADS)
def test_head_is_sent_at_once(
    app: Flask, serve: Callable[[Any], str], place: str, pieces: int
) -> None:
    """A reader has the head, with its stylesheets, while the body is not begun."""
    app.jinja_loader = DictLoader(HEADS[place])
    begin = threading.Event()

    @app.get("/")
    def view() -> Any:
        return stream_template(
            "page.html", pieces=pieces, wait=lambda: begin.wait(20) and "body"
        )

    got = b""
    try:
        with urlopen(serve(app), timeout=10) as response:
            while b"</head>" not in got:
                got += response.read1()
            begin.set()
            rest = response.read()
    finally:
        begin.set()
    assert got.count(b"<link") == pieces
    assert b"body</" in rest
