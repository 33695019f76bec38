"""Tests of items: what is late, by how much, and what is only noise."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from dataclasses import field

import pytest

from flask_outpour.doctor.site.items import read_items
from flask_outpour.doctor.site.visits import Piece

#: When eight items leave, and the seconds by which the clocks differ.
LEFT = [0.2 * number for number in range(8)]
OFFSET = 12.5


@dataclass
class Visited:
    """What of a visit the items are read from."""

    pieces: list[Piece]
    coding: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def line(number: int) -> bytes:
    """Return an item as the probe writes it."""
    return json.dumps({"item": number + 1, "left": LEFT[number]}).encode() + b"\n"


def visited(*delays: float) -> Visited:
    """Return a visit whose items came so much later than they left."""
    return Visited(
        [Piece(line(n), OFFSET + LEFT[n] + late) for n, late in enumerate(delays)]
    )


@pytest.mark.parametrize(
    ("delays", "delayed", "held"),
    [
        ([0.0] * 8, False, False),
        ([3.0] * 8, False, False),
        ([0.09, 0.0] * 4, False, False),
        ([0.0, 0.5, *[0.0] * 6], False, False),
        ([*[0.2] * 7, 0.0], True, False),
        ([0.6, 0.4, 0.2, 0.0] * 2, True, False),
        ([1.4 - left for left in LEFT], True, True),
        ([1.39 - left for left in LEFT[:7]] + [0.01], True, True),
    ],
    ids=[
        *("prompt", "far", "noisy", "hiccup"),
        *("one-behind", "buffer", "held", "held-in-pieces"),
    ],
)
def test_judgement(delays: list[float], delayed: bool, held: bool) -> None:
    """Two items that are half an interval late are a delay; a constant is none."""
    items = read_items(visited(*delays))  # type: ignore[arg-type]
    assert (items.delayed, items.held) == (delayed, held)


def test_moments_are_on_one_clock() -> None:
    """Times are seconds since the first item left, whatever the clocks say."""
    items = read_items(visited(0.5, 0.0, 0.25))  # type: ignore[arg-type]
    assert [moment.left for moment in items.moments] == pytest.approx(LEFT[:3])
    arrived = [moment.arrived for moment in items.moments]
    assert arrived == pytest.approx([0.5, 0.2, 0.65])
    assert items.worst.item == 1


def test_items_are_found_in_any_pieces() -> None:
    """An item has come when its last byte has; what others put in is left out."""
    data = b"<script>\n" + line(0) + line(1) + b"[1]\n</body>"
    pieces = [Piece(data[n : n + 7], OFFSET + n) for n in range(0, len(data), 7)]
    items = read_items(Visited(pieces))  # type: ignore[arg-type]
    assert [moment.item for moment in items.moments] == [1, 2]


def test_a_coding_is_read_as_a_browser_does() -> None:
    """What a compressor holds back has not arrived."""
    data = gzip.compress(line(0) + line(1))
    pieces = [Piece(data[:10], OFFSET), Piece(data[10:], OFFSET + 9)]
    items = read_items(Visited(pieces, "gzip"))  # type: ignore[arg-type]
    assert items.moments[0].arrived == pytest.approx(LEFT[1])


def test_a_coding_within_another() -> None:
    """A body that is compressed twice is told by how it begins."""
    data = gzip.compress(gzip.compress(line(0)))
    items = read_items(Visited([Piece(data, 1)], "gzip"))  # type: ignore[arg-type]
    assert (items.moments, items.inner_coding) == ([], "gzip")


@pytest.mark.parametrize("coding", ["compress", "gzip"])
def test_what_cannot_be_read(coding: str) -> None:
    """An unknown coding, or one that the body has not, is said to be unreadable."""
    items = read_items(Visited([Piece(b"noise", 1)], coding))  # type: ignore[arg-type]
    assert not items.readable
