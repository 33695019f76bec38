"""Items enter; chunks leave, as Outpour joined them until it held 1/128 at most.

Kept as a record, to compare the present rule with. Items were joined up to a threshold
that began below one byte and doubled with every chunk up to a full one, so that up to
half of a burst could wait for what came after it. What was held was joined as it was
when the chunk left, not as it was when it was yielded.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from time import monotonic

Item = str | bytes | bytearray | memoryview

DOUBLINGS = 32
STRIDES = 128


class DoublingCoalescer:
    """Join items by the doubling threshold; the parameters are ``Coalescer``'s."""

    def __init__(
        self,
        source: Iterable[Item],
        *,
        chunk_size: int,
        slow: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._source = source
        self._chunk_size = chunk_size
        self._slow = slow
        self._clock = clock
        self.items: int = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks."""
        source, clock, slow = self._source, self._clock, self._slow
        held: list[Item] = []
        hold = held.append
        lowest = self._chunk_size / 2**DOUBLINGS
        threshold, seen = lowest, clock()
        due = seen + slow
        size, look = 0, 0.0
        for item in source:
            hold(item)
            size += len(item)
            if size >= look:
                now = clock()
                if now >= due or size >= threshold:
                    chunk = _join(held)
                    self.items += len(held)
                    held.clear()
                    size = 0
                    if chunk:
                        yield chunk
                        if now >= seen + slow:
                            threshold = lowest
                        elif now < due:
                            threshold = min(threshold * 2, self._chunk_size)
                        now = clock()
                        due = now + slow
                seen = now
                look = size + threshold // STRIDES
        self.items += len(held)
        yield b"".join(map(_encode, held))


def _join(items: list[Item]) -> bytes:
    try:
        return "".join(items).encode()  # type: ignore[arg-type]
    except TypeError:
        return b"".join(map(_encode, items))


def _encode(item: Item) -> bytes | memoryview:
    return item.encode() if isinstance(item, str) else memoryview(item)
