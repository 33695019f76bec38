"""Tests of joining the pieces of a template that come fast."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_outpour.coalesce import FLUSH
from flask_outpour.templates.joining import joined

BLOCK = object()


def generator(items: list[Any]) -> Iterator[Any]:
    yield from items


@given(
    st.lists(st.text(max_size=3) | st.sampled_from([FLUSH, BLOCK]), max_size=2_000),
    st.sampled_from([0.0, 60.0]),
)
def test_all_pieces_come_in_their_order(items: list[Any], slow: float) -> None:
    """Text, blocks and flushes stay where they were, however they are joined."""

    def parts(pieces: list[Any]) -> list[Any]:
        parted: list[Any] = [""]
        for piece in pieces:
            if piece is FLUSH or piece is BLOCK:
                parted += [piece, ""]
            else:
                parted[-1] += piece
        return parted

    assert parts([*joined(generator(items), slow)]) == parts(items)


def test_fast_pieces_are_few() -> None:
    """Of a hundred thousand pieces a few hundred are left to take."""
    assert len([*joined(generator(["x"] * 100_000), 60.0)]) < 1_500


def test_no_more_than_a_small_part_waits() -> None:
    """When a fast template turns slow, 1/128 of its pieces wait at most, and once."""
    given_out = 0

    def pieces() -> Iterator[str]:
        nonlocal given_out
        for _ in range(12_800):
            given_out += 1
            yield "x"
        for _ in range(200):
            time.sleep(0.002)
            given_out += 1
            yield "x"

    had, waited = 0, []
    for piece in joined(pieces(), 0.001):
        waited.append(given_out - had)
        had += len(piece)
    assert had == 13_000
    # The pieces of one step, the one that is asked for included.
    assert max(waited) <= 100 + 1
    assert waited[-90:] == [1] * 90


def test_what_came_before_an_error_is_there() -> None:
    """A template that fails has given all of its pieces until then."""

    def pieces() -> Iterator[str]:
        yield from map(str, range(5_000))
        raise ValueError("after five thousand")

    taken: list[str] = []
    with pytest.raises(ValueError, match="five thousand"):
        taken.extend(joined(pieces(), 60.0))
    assert "".join(taken) == "".join(map(str, range(5_000)))
