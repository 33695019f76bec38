"""Small items of text or bytes enter, chunks of bytes leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from time import monotonic

from .errors import ItemError

Item = str | bytes | bytearray | memoryview


class _Flush(str):
    """An item without text that asks for what is held to be sent.

    Its length is above any threshold, so that no other item costs a look more.
    """

    __slots__ = ()

    def __len__(self) -> int:
        return 2**62


FLUSH = _Flush()

#: How often the threshold doubles until it is a full chunk. With chunks of 64 KiB
#: half of the doublings pass below one byte, so that the first items leave one by
#: one: a burst of a language model's tokens, or of log lines, is never held back.
DOUBLINGS = 32
#: The clock is read once for this part of a chunk, not for each item: it would be a
#: third of the time.
STRIDES = 128


class Coalescer:
    """Join the items of a source into chunks without holding a slow source back.

    Items are joined until they reach a threshold. It starts below one byte and
    doubles with every chunk up to ``chunk_size``: with 64 KiB the first 17 items
    of a burst leave one by one, and what can wait later is never more than was
    just sent in the same burst. What was held for ``slow`` seconds leaves with the
    item that comes then; if that item itself took as long, the threshold starts
    again.

    A WSGI body is pulled, so nothing can be sent while its source blocks: an item
    waits at most for the one after it. Only when a source that ran fast turns slow,
    up to 1/128 of what it had just sent can wait for more, once.

    :param source: yields text or bytes, mixed or not; empty items are left out.
    :param chunk_size: bytes at which the threshold stops; 0 never joins.
    :param slow: seconds.
    """

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
        #: Items that have left, the empty ones included.
        self.items: int = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks; if the source fails, yield what it gave, then raise.

        :raises ItemError: for an item that is neither text nor bytes.
        """
        source, clock, slow = self._source, self._clock, self._slow
        del self._source
        held: list[Item] = []
        hold = held.append
        lowest = self._chunk_size / 2**DOUBLINGS
        threshold, seen = lowest, clock()
        due = seen + slow
        size, look = 0, 0.0
        error: BaseException | None = None
        try:
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
        except GeneratorExit:
            raise
        except BaseException as caught:
            error = caught
        last, error = self._last(held, error)
        if last:
            yield last
        if error is not None:
            raise error

    def _last(
        self, held: list[Item], error: BaseException | None
    ) -> tuple[bytes, BaseException | None]:
        """Return the chunk of the sound items, and what the stream fails with."""
        sound: list[bytes | memoryview] = []
        try:
            for item in held:
                sound.append(_encode(item))
        except TypeError:
            error = ItemError.of_item(self.items + len(sound) + 1, item)
        except UnicodeEncodeError as not_text:
            error = not_text
        self.items += len(sound)
        return b"".join(sound), error


def _join(items: list[Item]) -> bytes:
    """Encode and join items, at the speed of one join where all are text."""
    try:
        return "".join(items).encode()  # type: ignore[arg-type]
    except TypeError:
        return b"".join(map(_encode, items))


def _encode(item: Item) -> bytes | memoryview:
    return item.encode() if isinstance(item, str) else memoryview(item)
