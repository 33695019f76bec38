"""Tests of context values that are called where a template uses them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from flask_outpour import stream_template_string
from flask_outpour.templates import TemplateStream


@pytest.fixture
def page(app: Flask, client: FlaskClient) -> Callable[..., str]:
    """Return a function that gives the text of a template with some values."""

    def text(source: str, **context: Any) -> str:
        def view() -> TemplateStream:
            return stream_template_string(source, deferred="in-order", **context)

        app.view_functions["view"] = view
        return client.get("/").text

    app.add_url_rule("/", "view", lambda: "")
    return text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ f }}", "[1, 2]"),
        ("{{ f() }}", "[1, 2]"),
        ("{% for i in f %}{{ i }}{% endfor %}", "12"),
        ("{% for i in f() %}{{ loop.revindex }}{% endfor %}", "21"),
        ("{{ f|length }}{{ f[0] }}{{ f|sum }}", "213"),
        ("{{ 'a' ~ g ~ '!' }}", "aAnn!"),
        ("{% if f %}yes{% endif %}{{ 2 in f }}", "yesTrue"),
        ("{% defer %}{{ f|join('-') }}{% enddefer %}", "1-2"),
    ],
)
def test_function_is_called_where_it_is_used(
    page: Callable[..., str], source: str, text: str
) -> None:
    """A template may write the function's name with parentheses or without."""
    assert page(source, f=lambda: [1, 2], g=lambda: "Ann") == text


def test_function_that_is_not_used_is_not_called(page: Callable[..., str]) -> None:
    """What no part of the page uses is never called, whatever is deferred."""
    called: list[int] = []
    source = "{% if x %}{{ f }}{% endif %}{% defer %}a{% enddefer %}"
    assert page(source, f=lambda: called.append(1), x=0) == "a"
    assert called == []


def test_function_is_called_once_for_the_page_and_each_block(
    page: Callable[..., str],
) -> None:
    """Several uses share one call, but for those of different threads."""
    threads: list[str] = []

    def f() -> int:
        threads.append(threading.current_thread().name)
        return 7

    block = "{% defer %}{{ f }}{{ f + 1 }}{% enddefer %}"
    assert page(f"{{{{ f }}}}{{{{ f }}}}{block}{block}", f=f) == "777878"
    assert len(threads) == 3
    assert threads.count("outpour-defer") == 2


def test_what_is_no_plain_function_stays_what_it_is(page: Callable[..., str]) -> None:
    """Classes, callable objects and functions with parameters are left alone."""

    class Status:
        open = "open!"

        def __call__(self) -> str:
            return "called"

    values = {
        "kind": Status,
        "object": Status(),
        "f": lambda x: x,
        "p": partial(sum, [4, 6]),
    }
    source = "{{ kind.open }}{{ object() }}{{ f(1) }}{{ p + 1 }}"
    assert page(source, **values) == "open!called111"


def test_markup_of_a_function_is_not_escaped(page: Callable[..., str]) -> None:
    """What a function returns is escaped, or not, as if it stood there."""
    source = "{{ html }}{{ text }}"
    values = {"html": lambda: Markup("<b>"), "text": lambda: "<i>"}
    assert page(source, **values) == "<b>&lt;i&gt;"
