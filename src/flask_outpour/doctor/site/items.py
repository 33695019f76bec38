"""What came of a probe's stream enters; when each item left and arrived leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from ...decode import CODINGS
from ...decode import decoder
from ...decode import looks_coded
from ..findings import Moment
from .visits import Piece
from .visits import Visit

#: An item may be late by this share of the time between two; a machine that is busy
#: delays some of them, too, but not in the same visit again.
_ALLOWED = 0.5
_LATE_ITEMS = 2

#: The codings that the doctor can read here, as an Accept-Encoding.
READABLE = ", ".join(coding for coding in CODINGS if decoder(coding))


@dataclass(slots=True)
class Items:
    """The items of a probe's stream."""

    moments: list[Moment] = field(default_factory=list)
    #: What the first item says of the process and its server.
    facts: dict[str, Any] = field(default_factory=dict)
    #: The coding that they are in within the one that the headers name.
    inner_coding: str | None = None
    #: Whether the coding is one that the doctor reads.
    readable: bool = True

    @property
    def late(self) -> list[Moment]:
        """The items that came too late for how often they leave."""
        return [m for m in self.moments if delay(m) > self._allowed]

    @property
    def delayed(self) -> bool:
        """Whether more of them are late than chance brings about."""
        return len(self.late) >= _LATE_ITEMS

    @property
    def held(self) -> bool:
        """Whether none arrived before the last one had left."""
        line = self.moments
        # They may come in several pieces, one just after the other.
        return self.delayed and _arrived(line[0]) > _left(line[-1]) - self._allowed

    @property
    def worst(self) -> Moment:
        """The item that was delayed most."""
        return max(self.moments, key=delay)

    @property
    def _allowed(self) -> float:
        line = self.moments
        if len(line) < 2:
            return 0.0
        return _ALLOWED * (_left(line[-1]) - _left(line[0])) / (len(line) - 1)


def delay(moment: Moment) -> float:
    """Return the seconds from when an item left until it arrived."""
    return _arrived(moment) - _left(moment)


def decoded(visit: Visit) -> list[Piece] | None:
    """Return the pieces as a reader sees them, if their coding can be read."""
    decode = decoder(visit.coding)
    if decode is None:
        return None
    try:
        return [Piece(decode(piece.data), piece.seconds) for piece in visit.pieces]
    except Exception:
        # Each library has errors of its own for what it cannot read.
        return None


def read_items(visit: Visit) -> Items:
    """Find the items in what came so far; anything else that was put in is left out."""
    pieces = decoded(visit)
    if pieces is None:
        return Items(readable=False)
    found: list[tuple[dict[str, Any], float]] = []
    rest = b""
    for data, seconds in pieces:
        *lines, rest = (rest + data).split(b"\n")
        found += [(item, seconds) for line in lines if (item := _item(line))]
    if not found:
        inner = looks_coded(b"".join(piece.data for piece in pieces))
        return Items(inner_coding=inner)
    # The clocks differ by as much as the item says that was the fastest. So the time
    # that every item takes is not seen; nor is it a delay of the stream.
    offset = min(seconds - item["left"] for item, seconds in found)
    return Items(
        moments=[
            Moment(item["item"], item["left"], round(seconds - offset, 4))
            for item, seconds in found
        ],
        facts={key: value for key, value in found[0][0].items() if key != "left"},
    )


def _item(line: bytes) -> dict[str, Any] | None:
    try:
        item = json.loads(line)
    except ValueError:
        return None
    sound = isinstance(item, dict) and isinstance(item.get("item"), int)
    return item if sound and isinstance(item.get("left"), int | float) else None


def _left(moment: Moment) -> float:
    return moment.left or 0.0


def _arrived(moment: Moment) -> float:
    return moment.arrived or 0.0
