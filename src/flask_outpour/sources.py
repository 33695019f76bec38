"""What a response is made from enters; each leaves closed, once, by one owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2.environment import TemplateStream


class Sources:
    """The iterables behind one response, in the order in which they are closed.

    A view's streams belong to its exchange until a body is made of them, and to the
    body's delivery from then on: whoever has this object closes what is in it.
    """

    def __init__(self, *sources: Any) -> None:
        self._open: list[Any] = [*sources]

    def __bool__(self) -> bool:
        return bool(self._open)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._open)

    def add(self, source: Any) -> None:
        """Close this one after those that are here."""
        self._open.append(source)

    def move_to(self, other: Sources) -> None:
        """Leave the closing of all that is here to another owner."""
        other._open += self._open
        self._open.clear()

    def close(self) -> None:
        """Close all of them, also when one fails.

        :raises Exception: what the last one that failed raised; the others are its
            context.
        """
        try:
            while self._open:
                close_source(self._open.pop(0))
        finally:
            if self._open:
                self.close()


def close_source(source: Any) -> None:
    """Close what a response streams, if it can be closed."""
    # Jinja's own stream has no close(), and is in a cycle once it buffers.
    if isinstance(source, TemplateStream) and not hasattr(source, "close"):
        source = source._gen
    if hasattr(source, "close"):
        source.close()
