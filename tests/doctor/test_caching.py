"""Tests of which cached views look as if they streamed, and which are let off."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from functools import wraps
from typing import Any

import pytest
from flask import Flask
from flask import make_response
from flask import request
from flask import Response
from flask_caching import Cache

from flask_outpour import stream_rows
from flask_outpour.doctor.application.caching import cached_streams
from flask_outpour.doctor.application.places import place_of
from flask_outpour.doctor.application.verdicts import of_cached_view


def streams() -> Any:
    """Stream rows."""
    return stream_rows([(1,)], columns=["id"])


def generator() -> Any:
    """Be a generator, which Flask-Caching reads whole."""
    yield "x\n"


def expression() -> Any:
    """Return a generator expression."""
    return (f"{number}\n" for number in range(3))


def expression_with_status() -> Any:
    """Return a generator expression, and more."""
    return (f"{number}\n" for number in range(3)), 200, {"X-Kind": "lines"}


def response_of_expression() -> Any:
    """Give a generator expression to a response."""
    return Response((f"{number}\n" for number in range(3)), mimetype="text/plain")


def response_by_name() -> Any:
    """Give a generator expression to a response as its named argument."""
    return Response(status=200, response=(f"{number}\n" for number in range(3)))


def response_of_variable() -> Any:
    """Give a response what was a generator expression before."""
    lines = (f"{number}\n" for number in range(3))
    return make_response(lines)


def nested_generator() -> Any:
    """Return what a generator function inside makes."""

    def lines() -> Iterator[str]:
        yield "x\n"

    return lines(), 200


def joined() -> Any:
    """Use generator expressions up, and return a text."""
    longest = max(len(name) for name in ("a", "bc"))
    names = (name.ljust(longest) for name in ("a", "bc"))
    return Response(", ".join(names) + "".join(str(n) for n in range(3)))


def found(view: Callable[[], Any], *around: Any, **options: Any) -> bool:
    """Whether a view is found that Flask-Caching caches with some options."""
    app = Flask(__name__)
    view = Cache(app, config={"CACHE_TYPE": "SimpleCache"}).cached(**options)(view)
    for decorator in around:
        view = decorator(view)
    app.add_url_rule("/", "view", view)
    return [endpoint for endpoint, _ in cached_streams(app)] == ["view"]


def guarded(view: Callable[[], Any]) -> Callable[[], Any]:
    """Stand around a view, as a decorator of an application's own does."""

    @wraps(view)
    def guard() -> Any:
        return view()

    return guard


def is_text(response: Response) -> bool:
    """Be the filter of the documentation."""
    return not response.is_streamed


@pytest.mark.parametrize(
    "view",
    [
        *(streams, generator, nested_generator, expression, expression_with_status),
        *(response_of_expression, response_by_name, response_of_variable),
    ],
)
def test_each_way_to_stream_is_found(view: Callable[[], Any]) -> None:
    """A cached view is found in whichever way it hands out a generator."""
    assert found(view)
    assert found(view, guarded)


def test_a_generator_that_is_used_up_is_no_stream() -> None:
    """A view that joins what generator expressions make returns a text."""
    assert not found(joined)


@pytest.mark.parametrize("view", [streams, response_of_expression, nested_generator])
def test_the_cure_of_the_documentation_cures(view: Callable[[], Any]) -> None:
    """A filter that keeps streams out of the cache is honoured, behind others too."""
    assert not found(view, response_filter=is_text)
    assert not found(view, guarded, response_filter=is_text)


def test_a_filter_of_something_else_is_no_cure() -> None:
    """One that looks at the status lets streams into the cache."""
    assert found(streams, response_filter=lambda response: response.status_code == 200)


def test_a_filter_that_needs_a_request_is_trusted() -> None:
    """What a filter would do in a request is not known, and so it is not blamed."""
    assert not found(streams, response_filter=lambda response: request.args)


def test_no_filter_cures_a_view_that_is_a_generator() -> None:
    """Flask-Caching has read it whole before it asks the filter."""
    assert found(generator, response_filter=is_text)


def test_unless_is_honoured() -> None:
    """A view that bypasses the cache by a rule of its own is let off."""
    assert not found(streams, unless=lambda: True)
    assert not found(generator, unless=lambda: True)


def test_a_guess_is_told_as_one() -> None:
    """What is read from code alone is no certainty, and the finding says so."""
    finding = of_cached_view("view", place_of(streams))
    assert "looks as if it streams" in finding.seen
    assert "response_filter" in finding.cure
