"""What a response is made from enters; each leaves closed, once, by one owner."""

from __future__ import annotations

from typing import Any

from jinja2.environment import TemplateStream


class Sources(list[Any]):
    """The iterables behind one response, in the order in which they are closed.

    A view's streams belong to its exchange until a body is made of them, and to the
    body's delivery from then on: whoever has this list closes what is in it.
    """

    def move_to(self, other: Sources) -> None:
        """Leave the closing of all that is here to another owner."""
        other += self
        self.clear()

    def close(self) -> None:
        """Close all of them, also when one fails.

        :raises Exception: what the last one that failed raised; the others are its
            context.
        """
        try:
            while self:
                close_source(self.pop(0))
        finally:
            if self:
                self.close()


def close_source(source: Any) -> None:
    """Close what a response streams, if it can be closed."""
    close = getattr(source, "close", None)
    if close is None and isinstance(source, TemplateStream):
        # Jinja's own stream has no close(), and is in a cycle once it buffers.
        close = source._gen.close  # type: ignore[attr-defined]
    if close is not None:
        close()
