"""Items enter; a body of them leaves, and what an observer was told of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_outpour.body import Body
from flask_outpour.body import Progress
from flask_outpour.coalesce import Coalescer
from flask_outpour.compress import Encoder


class Witness:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.began = False
        self.error: BaseException | None = None

    def started(self) -> None:
        self.told.append("started")

    def first_byte(self) -> None:
        self.told.append("first byte")

    def ended(self, progress: Progress, *, started: bool) -> None:
        self.told.append(str(progress.outcome))
        self.began = started
        self.error = progress.error


def make_body(
    source: Iterable[Any],
    witness: Witness | None = None,
    *,
    declared: int | None = None,
    encoder: Encoder | None = None,
    longest: float | None = None,
) -> Body:
    """Return a body whose items are not joined."""
    return Body(
        Coalescer(source, chunk_size=0, slow=1),
        observer=witness or Witness(),
        declared=declared,
        encoder=encoder,
        longest=longest,
    )
