"""Items enter; an iterator of them leaves that tells what was done with it."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any


class Watched:
    """Items that know whether they were pulled and closed, and can fail at the end."""

    def __init__(
        self, items: Iterable[Any], error: BaseException | None = None
    ) -> None:
        self._items = iter(items)
        self._error = error
        self.pulled = 0
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self.pulled += 1
        for item in self._items:
            return item
        if self._error is not None:
            raise self._error
        raise StopIteration

    def close(self) -> None:
        self.closed += 1
