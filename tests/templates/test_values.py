"""Tests of context values that are called where a template uses them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup
from sentry_sdk.consts import DEFAULT_OPTIONS
from sentry_sdk.utils import event_from_exception
from ways_of_sending import in_order


@pytest.fixture
def page(app: Flask) -> Callable[..., str]:
    """Return a function that gives the text of a template with some values."""
    return partial(in_order, app)


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


class Reporter(logging.Handler):
    """Report errors with the variables of their frames, as Sentry does."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            event, _ = event_from_exception(
                record.exc_info, client_options=DEFAULT_OPTIONS
            )
            self.events.append(event)


@pytest.fixture
def reporter(app: Flask) -> Any:
    """Return a handler of the application's logger that reports as Sentry does."""
    handler = Reporter()
    app.logger.addHandler(handler)
    yield handler
    app.logger.removeHandler(handler)


@pytest.mark.parametrize(
    "source",
    [
        "{% defer %}{{ slow }}{{ other }}{% onerror %}late{% enddefer %}",
        "{% defer %}{% for row in slow %}{{ other }}{% endfor %}{% onerror %}late"
        "{% enddefer %}",
    ],
)
def test_report_of_an_error_calls_nothing(
    page: Callable[..., str], reporter: Reporter, source: str
) -> None:
    """A query that failed is not run again so that Sentry can show its result."""
    called = []

    def slow() -> None:
        called.append("slow")
        raise TimeoutError

    def other() -> None:
        called.append("other")

    assert page(source, slow=slow, other=other) == "late"
    assert "<what <function" in str(reporter.events)
    assert [e["exception"]["values"][-1]["type"] for e in reporter.events] == [
        "TimeoutError"
    ]
    assert called == ["slow"]


def test_value_can_be_looked_at_by_a_template(page: Callable[..., str]) -> None:
    """A filter that shows what a value is calls the function for that."""
    assert page("{{ f|pprint|safe }}", f=lambda: ["a"]) == "['a']"


@pytest.mark.parametrize(
    "source",
    [
        "{% for row in f %}{{ row }}{% endfor %}",
        "{{ f|join }}",
        "{{ f|length }}",
        "{{ 1 in f }}",
        "{% if f %}{% endif %}",
        "{{ f.name }}",
        "{{ f }}",
    ],
)
def test_error_of_a_function_is_the_error_of_the_page(
    app: Flask, page: Callable[..., str], source: str
) -> None:
    """However a template uses it, the log has what the function raised, and once."""
    called = []

    def f() -> None:
        called.append(1)
        raise LookupError("no such table")

    app.testing = True
    with pytest.raises(LookupError, match="no such table"):
        page(source, f=f)
    assert called == [1]
