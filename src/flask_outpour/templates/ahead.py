"""Pieces of a page enter; they wait behind a block, and their size is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from sys import getsizeof
from typing import Any

from .blocks import Block

Piece = str | Block


class Ahead(deque[Piece]):
    """Pieces that wait behind a block."""

    #: Bytes.
    size = 0

    def append(self, piece: Piece) -> None:
        self.size += getsizeof(piece)
        super().append(piece)

    def popleft(self) -> Any:
        piece = super().popleft()
        self.size -= getsizeof(piece)
        return piece

    def extendleft(self, pieces: Iterable[Piece]) -> None:
        """Put the pieces in front, in their order."""
        pieces = [*pieces]
        self.size += sum(map(getsizeof, pieces))
        super().extendleft(reversed(pieces))
