"""A block has the values that there were at its place, however late it renders."""

from __future__ import annotations

import threading
import time

import flask
import pytest
from flask import Flask
from ways_of_sending import applied
from ways_of_sending import check
from ways_of_sending import Feature
from ways_of_sending import with_blocks

from flask_outpour import stream_template_string

LATE = {
    "variable": Feature(
        "{% set a = 1 %}«{{ later() }}{{ a }}»{% set a = 2 %}{{ a }}{{ release() }}",
        "«1»2",
    ),
    "variable of a loop": Feature(
        "{% for n in range(3) %}{% set a = n %}«{{ later() }}{{ a }}{{ n }}»"
        "{% set a = 'x' %}{{ a }}{% endfor %}{{ release() }}",
        "«00»x«11»x«22»x",
    ),
    "include": Feature(
        "{% set a = 1 %}«{{ later() }}{% include 'part.html' %}»{% set a = 2 %}"
        "{{ release() }}{% include 'part.html' %}",
        "«1»2",
        {"part.html": "{{ a }}"},
    ),
    "block of Jinja": Feature(
        "{% set a = 1 %}«{{ later() }}{{ self.b() }}»{% set a = 2 %}{{ release() }}"
        "{% block b %}{{ a }}{% endblock %}",
        "«1»2",
    ),
    "macro": Feature(
        "{% set a = 1 %}{% macro m() %}{{ a }}{% endmacro %}«{{ later() }}{{ m() }}»"
        "{% set a = 2 %}{{ m() }}{{ release() }}",
        "«1»2",
    ),
    "macro in a loop": Feature(
        "{% for n in range(3) %}{% macro m() %}{{ n }}{% endmacro %}"
        "«{{ later() }}{{ m() }}»{% endfor %}{{ release() }}",
        "«0»«1»«2»",
    ),
    "macro of macros": Feature(
        "{% for n in range(2) %}{% macro a(k) %}{{ n }}{% if k %}{{ a(k - 1) }}"
        "{% endif %}{% endmacro %}{% macro b() %}<{{ a(2) }}>{% endmacro %}"
        "«{{ later() }}{{ b() }}»{% endfor %}{{ release() }}",
        "«<000>»«<111>»",
    ),
    "super": Feature(
        "{% extends 'base.html' %}"
        "{% block b %}«{{ later() }}{{ super() }}»{% endblock %}",
        "«1»2",
        {
            "base.html": "{% set a = 1 %}{% block b %}{{ a }}{% endblock %}"
            "{% set a = 2 %}{{ a }}{{ release() }}"
        },
    ),
    "super where escaping changes": Feature(
        "{% extends 'base.html' %}"
        "{% block b %}«{{ later() }}{{ super() }}»{% endblock %}",
        "«<i>&lt;»<",
        {
            "base.html": "{% block b %}{{ ['<i>' | safe, text] | join }}{% endblock %}"
            "{% autoescape false %}{{ text }}{{ release() }}{% endautoescape %}"
        },
        {"text": "<"},
    ),
}


@pytest.mark.parametrize("name", LATE)
def test_values_are_those_at_the_place(app: Flask, name: str) -> None:
    """What a page changes after a block's place, the block does not see."""
    released = threading.Event()

    def later() -> str:
        # Where blocks render at their place nobody releases them.
        released.wait(0.3)
        return ""

    def release() -> str:
        released.set()
        # So that a block comes between this and the next part of the page.
        time.sleep(0.05)
        return ""

    app.jinja_env.globals.update(later=later, release=release)
    check(app, LATE[name], released.clear)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% set a = 1 %}«{% set a = 2 %}{{ a }}»{{ a }}", "21"),
        ("{% for n in [1] %}«{% set n = 2 %}{{ n }}»{{ n }}{% endfor %}", "21"),
        ("«{% macro f() %}x{% endmacro %}»{{ f is defined }}", "False"),
    ],
)
def test_what_a_block_sets_stays_in_it(app: Flask, source: str, text: str) -> None:
    """A variable that a block sets is its own, rendered as streamed."""
    source = with_blocks(source)
    app.add_url_rule("/whole", "whole", lambda: flask.render_template_string(source))
    app.add_url_rule("/", "view", lambda: stream_template_string(source))
    client = app.test_client()
    assert client.get("/whole").text == text
    assert client.get("/?deferred=in-order").text == text
    assert applied(client.get("/").text) == text
