"""Items that are neither text nor bytes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Response

from difference.better import Better
from difference.entry import stream
from difference.entry import told
from difference.entry import view
from difference.expected import cut_after
from difference.expected import fails_early
from difference.expected import LEFT_EARLY


def wrong_at_first(item: Any) -> dict[str, Any]:
    """Return the facts of an entry whose first item is wrong."""
    facts = fails_early(500, "ItemError", notes=LEFT_EARLY)
    return {**facts, "better": Better.ITEM_ERROR}


def wrong_later() -> dict[str, Any]:
    """Return the facts of an entry whose third item is wrong."""
    body = b"1\n2\n"
    return cut_after(body, "ItemError", better=Better.ITEM_ERROR, notes=LEFT_EARLY)


for name, item in {
    "number": 7,
    "none": None,
    "list": [b"a", b"list"],
    "decimal": Decimal("1.5"),
    "dict": {"a": 1},
    "false": False,
}.items():
    stream(
        f"wrong-{name}-at-first",
        lambda item=item: (item, "never\n"),
        **wrong_at_first(item),
    )
    stream(
        f"wrong-{name}-later",
        lambda item=item: ("1\n", "2\n", item, "never\n"),
        **wrong_later(),
    )


@view(**{**fails_early(500, "ItemError"), "better": Better.ITEM_ERROR})
def wrong_asynchronous_generator() -> Response:
    """A WSGI server has no event loop for it."""

    async def generate():
        yield "never"

    return Response(generate())


class Letters:
    """A source that is iterated by number, the oldest protocol."""

    def __getitem__(self, number: int) -> str:
        return "abc"[number]


@view
def iterated_by_number() -> Response:
    """Any iterable will do."""
    return Response(told(Letters()))


@view
def iterated_bare_by_number() -> Response:
    """Any iterable will do, also one without ``__iter__`` or ``close``."""
    return Response(Letters())


class Endless:
    """An iterator without ``close``."""

    def __init__(self) -> None:
        self._left = iter("xyz")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._left)


@view
def iterator_without_close() -> Response:
    """An iterator need not be a generator."""
    return Response(Endless())
