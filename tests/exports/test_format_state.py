"""Tests that streams of one format share nothing, and that overrides are honoured."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from flask_outpour import CSV
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour.formats import BUILT_IN
from flask_outpour.formats import Format
from flask_outpour.formats.streams import for_stream


class Own:
    """What a format holds of its module's own classes."""

    def __init__(self) -> None:
        self.rows: list[Any] = []


class Collected:
    """A format that keeps its rows in what ``__init__`` has made."""

    media_type = "text/x-collected"
    suffix = "collected"

    def __init__(self, kind: Any) -> None:
        self.held = kind()

    def begin(self, columns: Any) -> bytes:
        return b""

    def feed(self, batch: Any) -> bytes:
        held: Any = self.held
        for _ in range(3):
            # Down to what takes rows.
            held = held[0] if isinstance(held, tuple) else held
            held = held.setdefault("rows", []) if isinstance(held, dict) else held
            held = getattr(held, "rows", held)
        held.extend(str(row[0]).encode()[0] for row in batch)
        self.last = held
        return b""

    def finish(self) -> bytes:
        return bytes(self.last)


class Wrapped:
    """A format that lets another one write."""

    media_type = "text/x-wrapped"
    suffix = "wrapped"

    def __init__(self, inner: Format) -> None:
        self.inner = inner

    def begin(self, columns: Any) -> bytes:
        return self.inner.begin(columns)

    def feed(self, batch: Any) -> bytes:
        return self.inner.feed(batch)

    def finish(self) -> bytes:
        return self.inner.finish()


@pytest.fixture
def app() -> Flask:
    app = Flask("state")
    Outpour(app)
    return app


@pytest.mark.parametrize(
    "kind",
    [
        *(list, bytearray, deque, dict, Own),
        lambda: SimpleNamespace(rows=[]),
        lambda: ([],),
        lambda: {"rows": []},
    ],
)
def test_streams_of_one_format_share_no_state(app: Flask, kind: Any) -> None:
    """Two streams by turns each have their own rows, and the next one has none."""
    format = Collected(kind)
    with app.test_request_context():
        one, two = (
            stream_rows(iter([(n,), (n,)]), columns=["n"], format=format) for n in "12"
        )
        assert b"".join(one.response) == b"11"  # type: ignore[arg-type]
        assert b"".join(two.response) == b"22"  # type: ignore[arg-type]
        one.close()
        two.close()


@pytest.mark.parametrize("inner", [CSV(), JSON(), NDJSON(final_record=True)])
def test_format_that_wraps_another_has_its_own(app: Flask, inner: Any) -> None:
    """The state of a format inside a format is that of one stream, too."""
    format = Wrapped(inner)
    with app.test_request_context():
        alone = stream_rows([(1,), (2,)], columns=["n"], format=inner)
        expected = b"".join(alone.response)  # type: ignore[arg-type]
        one = stream_rows(iter([(1,), (2,)]), columns=["n"], format=format)
        chunks = iter(one.response)
        got = next(chunks)
        two = stream_rows(iter([("x",)] * 9), columns=["other"], format=format)
        b"".join(two.response)  # type: ignore[arg-type]
        got += b"".join(chunks)  # type: ignore[arg-type]
        for response in (alone, one, two):
            response.close()
    assert got == expected


def test_options_are_shared() -> None:
    """What is no state stays the same: functions, schemas, objects of others."""
    pa = pytest.importorskip("pyarrow")
    options = [len, pa.schema([]), object(), Flask("an option"), Own]
    format = Collected(tuple)
    format.held = (*options, {"in": options})
    copied: Any = for_stream(format)
    assert all(map(lambda one, other: one is other, copied.held, options))
    assert copied.held[-1]["in"] == options
    assert copied.held[-1]["in"] is not options


def test_format_says_itself_how_it_is_copied() -> None:
    """A ``__copy__`` of the format's own is all that is done."""

    class Sharing(Collected):
        def __copy__(self) -> Any:
            made = Sharing(list)
            made.held = self.held
            return made

    format = Sharing(list)
    assert for_stream(format).held is format.held  # type: ignore[attr-defined]


NAMES = ["csv", "tsv", "json", "ndjson", "json-seq", "html", "arrows", "parquet"]
METHODS = ["begin", "feed", "finish", "feed_arrow", "begin_arrow"]


@pytest.mark.parametrize("source", ["generator", "arrow"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_overridden_method_is_called(
    app: Flask, name: str, method: str, source: str
) -> None:
    """A subclass has its say, whatever the rows come from."""
    pa = pytest.importorskip("pyarrow")
    base: Any = type(BUILT_IN.named(name))
    if not hasattr(base, method):
        pytest.skip("the format has no such method")
    calls = []

    def override(self: Any, *args: Any) -> Any:
        calls.append(method)
        return getattr(super(kind, self), method)(*args)

    kind = type("Own", (base,), {method: override})
    rows: Any = iter([(1,), (2,)])
    if source == "arrow":
        rows = pa.table({"n": [1, 2]})
    with app.test_request_context():
        response = stream_rows(rows, columns=["n"], format=kind())
        b"".join(response.response)  # type: ignore[arg-type]
        response.close()
    assert bool(calls) == (source == "arrow" or "arrow" not in method)
