"""Tests of the source that waits, fails and keeps a record."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import Response

from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour.testing import assert_closed
from flask_outpour.testing import open_stream
from flask_outpour.testing import Source


def record(source: Source[Any]) -> tuple[bool, int, bool, bool]:
    return source.started, source.yielded, source.exhausted, source.closed


def test_a_source_keeps_a_record() -> None:
    """It says whether it started, what it yielded, and how it ended."""
    source = Source(["a", "b"])
    assert record(source) == (False, 0, False, False)
    assert next(source) == "a"
    assert record(source) == (True, 1, False, False)
    assert list(source) == ["b"]
    assert record(source) == (True, 2, True, True)
    assert list(source) == []


def test_close_ends_a_source() -> None:
    """After close() there are no more items, and it is not exhausted."""
    source = Source(itertools.count())
    assert next(source) == 0
    source.close()
    assert list(source) == []
    assert record(source) == (True, 1, False, True)


def test_a_loop_that_is_left_lets_go() -> None:
    """A generator that reads the source and is closed has closed the source."""
    source = Source(itertools.count())

    def generate() -> Iterator[str]:
        for number in source:
            yield str(number)

    generator = generate()
    assert [next(generator), next(generator)] == ["0", "1"]
    assert not source.closed
    generator.close()
    assert record(source) == (True, 2, False, True)


@pytest.mark.parametrize(
    ("options", "before", "kind"),
    [
        ({"fail_at": 2}, ["a"], RuntimeError),
        ({"fail_at": 1, "error": KeyError("x")}, [], KeyError),
        ({"error": KeyError("x")}, ["a", "b", "c"], KeyError),
    ],
)
def test_a_source_fails_where_it_is_told(
    options: dict[str, Any], before: list[str], kind: type[Exception]
) -> None:
    """The error comes in the place of an item, or after the last one."""
    source = Source("abc", **options)
    got: list[str] = []
    with pytest.raises(kind):
        got.extend(iter(source.__next__, None))
    assert got == before
    assert record(source) == (True, len(before), True, True)


def test_the_default_error_says_where() -> None:
    """Without an error of the test's own there is one that names the item."""
    with pytest.raises(RuntimeError, match="fails at item 1, as it was told"):
        next(Source("abc", fail_at=1))


def test_a_gate_holds_each_item() -> None:
    """Items go as they are released; the end needs no release."""
    source = Source("abc", gated=True)
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.extend(source))
    source.release(2)
    assert [next(source), next(source)] == ["a", "b"]
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    source.release()
    thread.join(5)
    assert (got, source.exhausted) == (["c"], True)


def test_a_gate_holds_the_error() -> None:
    """A test can look at what came before the error."""
    source = Source("a", gated=True, error=KeyError(), timeout=0.05)
    source.release()
    assert next(source) == "a"
    with pytest.raises(TimeoutError):
        next(source)


def test_a_gate_can_be_opened_for_good() -> None:
    """``release(None)`` lets all items go."""
    source = Source("abc", gated=True)
    source.release(None)
    source.release()
    assert "".join(source) == "abc"


def test_a_forgotten_gate_is_an_error() -> None:
    """A source does not wait for ever."""
    source = Source("abc", gated=True, timeout=0.05)
    with pytest.raises(TimeoutError, match=r"waited 0\.05 s .* to release item 1"):
        next(source)


def test_closing_wakes_a_source_that_waits() -> None:
    """A gated source that is closed ends in the thread that waits."""
    source = Source("abc", gated=True)
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.extend(source))
    thread.start()
    source.close()
    thread.join(5)
    assert (thread.is_alive(), got) == (False, [])


def generated(source: Source[dict[str, int]]) -> Iterator[str]:
    for row in source:
        yield f"{row}\n"


@pytest.mark.parametrize(
    "respond",
    [
        pytest.param(lambda source: stream_rows(source, "csv"), id="rows"),
        pytest.param(lambda source: Response(generated(source)), id="generator"),
        pytest.param(lambda source: stream_with_context(generated(source)), id="ours"),
    ],
)
def test_every_kind_of_view_lets_its_source_go(
    app: Flask, serve: Callable[[Any], str], respond: Callable[[Any], Any]
) -> None:
    """However a view reads its source, that is closed when the client leaves."""
    source = Source({"number": number} for number in itertools.count())
    app.add_url_rule("/", "view", lambda: respond(source))
    with open_stream(serve(app) + "/") as response:
        assert response.take(3)
    assert_closed(source)


def test_an_open_source_is_told_of() -> None:
    """The error says which sources are open, and how far they have come."""
    closed, opened = Source("ab"), Source("ab")
    closed.close()
    next(opened)
    with pytest.raises(
        AssertionError,
        match=r"1 of 2 sources .* 2\. <Source: started, 1 yielded, not closed>",
    ):
        assert_closed(closed, opened, timeout=0.05)


def test_a_source_that_is_closed_soon_is_waited_for() -> None:
    """The thread of a server has a moment to close it."""
    source = Source("ab")
    timer = threading.Timer(0.1, source.close)
    timer.start()
    assert_closed(source)
    timer.join()
