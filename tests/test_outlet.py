"""Tests of the iterable that any thread may step or close."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest

from bodies import make_body
from bodies import Witness
from flask_outpour.body import Body
from flask_outpour.outlet import Outlet


def make_outlet(source: Any, witness: Witness | None = None) -> tuple[Outlet, Body]:
    """Return an outlet, and the body whose generator of chunks it gives."""
    body = make_body(source, witness)
    return Outlet((chunk for chunk in body), body, copy_context().run), body


class GatedSource:
    """Yield items, each when the test lets it; say when one is waited for."""

    def __init__(self) -> None:
        self.waited_for = threading.Event()
        self.gate = threading.Semaphore(0)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.waited_for.set()
            assert self.gate.acquire(timeout=20)
            yield b"item"


def test_closing_while_a_step_runs_leaves_the_ending_to_it() -> None:
    """``close()`` from another thread returns at once; the running step then ends."""
    source, witness = GatedSource(), Witness()
    outlet, body = make_outlet(source, witness)
    chunks: list[bytes] = []
    reader = threading.Thread(target=lambda: chunks.append(next(outlet)))
    reader.start()
    assert source.waited_for.wait(20)
    outlet.close()
    outlet.close()
    assert body.progress.outcome is None
    source.gate.release()
    reader.join(20)
    assert witness.told == ["started", "first byte", "disconnected"]
    assert list(outlet) == []


def test_closing_by_the_source_itself_ends_after_its_step() -> None:
    """A source that closes its own body ends it without a deadlock."""
    outlets: list[Outlet] = []

    def generate() -> Iterator[str]:
        outlets[0].close()
        yield "a"
        yield "b"

    outlet, body = make_outlet(generate())
    outlets.append(outlet)
    assert list(outlet) == [b"a"]
    assert body.progress.outcome == "disconnected"


def test_many_threads_that_close_end_once() -> None:
    """However many threads close a body at once, it ends once."""
    for _ in range(50):
        witness = Witness()
        outlet, _ = make_outlet(["a", "b"], witness)
        next(outlet)
        threads = [threading.Thread(target=outlet.close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert witness.told.count("disconnected") == 1


def test_two_readers_are_an_error() -> None:
    """A second thread that reads while a step runs is told so, and harms nothing."""
    source = GatedSource()
    outlet, _ = make_outlet(source)
    chunks: list[bytes] = []
    reader = threading.Thread(target=lambda: chunks.append(next(outlet)))
    reader.start()
    assert source.waited_for.wait(20)
    with pytest.raises(RuntimeError, match="Another thread"):
        next(outlet)
    source.gate.release()
    reader.join(20)
    assert chunks == [b"item"]
    outlet.close()


def test_lost_outlet_is_closed() -> None:
    """A stream that a middleware loses without ``close()`` still ends."""
    witness = Witness()
    outlet, _ = make_outlet(["a", "b"], witness)
    next(outlet)
    del outlet, _
    gc.collect()
    assert witness.told == ["started", "first byte", "disconnected"]


def test_body_ends_where_middleware_within_loses_close() -> None:
    """A middleware that returns an iterator without ``close()`` keeps nothing open."""
    witness = Witness()
    body = make_body(["a", "b"], witness)
    outlet = Outlet(map(bytes.upper, body), body, copy_context().run)
    assert next(outlet) == b"A"
    outlet.close()
    assert witness.told == ["started", "first byte", "disconnected"]
