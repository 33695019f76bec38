"""Small items of text or bytes enter, chunks of bytes leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from time import monotonic
from typing import Any

from .errors import ItemError

#: Beside these, whatever has a buffer of bytes is taken.
Item = str | bytes | bytearray | memoryview

#: Lengths that no item has, so that the loop over the items needs no other look at an
#: empty one, nor at ``FLUSH``.
_EMPTY, _ASKED = 2**60, 2**61


class _Flush(str):
    """An item without text that asks for what is held to be sent."""

    __slots__ = ()

    def __len__(self) -> int:
        return _ASKED


FLUSH = _Flush()

#: Of the bytes and items that a burst has sent, one in so many may wait while its
#: source blocks: a shift, for 128.
SHARE = 7
#: The clock is read for each item until a burst has sent so many. From then on it is
#: not read for so many of them in a row: each time would take as long as all else.
_LONG, _BLIND = 1 << 14, 7
#: The types of what needs no second look.
_USUAL = frozenset({str, bytes})
#: A pause ends a burst if it is longer than this part of the time that the burst has
#: lasted: in a long one, other threads and the machine make some, too.
_LULL = 32


class Coalescer:
    """Join the items of a source into chunks without holding a slow source back.

    A WSGI body is pulled: nothing can be sent while its source blocks. What is held
    then is at most 1/128 of the bytes that the same burst has sent, and of the items.
    So the first 128 leave one by one, and chunks grow with the burst up to
    ``chunk_size``. (The items of long bursts are not counted.) A
    burst ends where an item takes ``slow`` seconds to come, and 1/32 of the time that
    the burst has lasted. What is held leaves with the item that comes then, and with
    the first that comes when it was held for ``slow`` seconds.

    The clock is read for each item. Only when a burst has sent 16,384 of them, it is
    read for every eighth: where such a burst turns slow, what is held then waits for up
    to seven items more, once.

    An empty item is a look at the clock. If nothing leaves, an empty chunk shows that
    time has gone by.

    An item means what it was when it was yielded: a buffer that can be changed is
    copied before the next item is pulled.

    :param source: yields text or bytes, mixed or not.
    :param chunk_size: bytes at which joining stops; 0 never joins. An item of as many
        bytes leaves by itself, without a copy.
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
        #: ASCII text, and other items as bytes.
        self._held: list[str | bytes] = []
        #: Items that were joined, the empty ones included.
        self.items: int = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks; if the source fails, yield what it gave, then raise.

        :raises ItemError: for an item that is neither text nor bytes.
        """
        held, clock, slow = self._held, self._clock, self._slow
        hold, most = held.append, max(self._chunk_size - 1, 0)
        size = sent = limit = look = left = first = number = 0
        seen = begun = clock()
        due = seen + slow
        source: Iterator[Any] = iter(self._source)
        del self._source
        # Either method refuses another type, with a TypeError.
        is_plain: Callable[[Any], object] = str.isascii
        is_other = False
        error: BaseException | None = None
        try:
            while True:
                for item in source:
                    try:
                        if is_plain(item) is False:
                            item = item.encode()
                    except TypeError:
                        look = due = 0
                        if item is not FLUSH:
                            is_other = bool(
                                held or self.items or type(item) is not bytes
                            )
                            is_plain, item = bytes.__bytes__, self._as_bytes(item)
                    hold(item)
                    size += len(item) or _EMPTY
                    if size < look and left:
                        left -= 1
                        continue
                    now = clock()
                    is_usual = type(item) in _USUAL
                    if size <= limit and now < due and len(held) <= number and is_usual:
                        seen, left = now, _BLIND
                        continue
                    if not is_usual and _encodes_itself(item):
                        held[-1], is_plain = self._as_bytes(item), bytes.__bytes__
                        is_other, due = True, 0
                    is_late = now >= due or size >= _ASKED
                    is_empty = size >= _EMPTY
                    size %= _EMPTY
                    if is_late or size > limit or (size and len(held) > number):
                        if most < len(item) < _EMPTY and len(held) > 1:
                            held.pop()
                            if chunk := self._chunk():
                                yield chunk
                            hold(item)
                        chunk = self._chunk()
                        yield chunk
                        sent += len(chunk)
                        chunk = b""
                        if now - seen >= max(slow, (seen - begun) / _LULL):
                            sent, begun, first = 0, now, self.items
                        size, limit = 0, min(sent >> SHARE, most)
                        number = self.items - first
                        look = limit + 1 if number > _LONG else 0
                        number >>= SHARE
                        now = clock()
                        due = now + slow
                    elif is_empty:
                        # Who yields nothing for hours must not fill the memory by it.
                        if not _encode(item):
                            held.pop()
                            self.items += 1
                        yield b""
                    seen, left = now, _BLIND
                    if is_other:
                        break
                else:
                    break
                source, is_other = map(self._as_bytes, source), False
        except GeneratorExit:
            raise
        except BaseException as caught:
            error = caught
        if last := self._chunk():
            yield last
        if error is not None:
            try:
                raise error
            finally:
                # Its traceback has this frame.
                del error

    def _as_bytes(self, item: Any) -> bytes:
        """Return the bytes that an item has now.

        :raises ItemError: if it has none.
        """
        kind = type(item)
        if kind is bytes or item is FLUSH:
            return item  # type: ignore[no-any-return]
        if kind is bytearray or kind is memoryview:
            return bytes(item)
        if isinstance(item, str):
            return item.encode()
        try:
            return bytes(memoryview(item))
        except TypeError:
            number = self.items + len(self._held) + 1
            raise ItemError.of_item(number, item) from None

    def _chunk(self) -> bytes:
        """Take what is held, as one chunk."""
        held = self._held
        self.items += len(held)
        chunk = _join(held)
        held.clear()
        return chunk


def _encodes_itself(item: object) -> bool:
    """Whether this is text of a type that has an ``encode()`` of its own."""
    return isinstance(item, str) and type(item).encode is not str.encode


def _join(items: list[str | bytes]) -> bytes:
    """Join ASCII text and bytes, at the speed of one join where all are of one type."""
    if len(items) == 1:
        return _encode(items[0])
    try:
        if items and isinstance(items[0], bytes):
            return b"".join(items)  # type: ignore[arg-type]
        return "".join(items).encode()  # type: ignore[arg-type]
    except TypeError:
        return b"".join(map(_encode, items))


def _encode(item: str | bytes) -> bytes:
    return item if isinstance(item, bytes) else item.encode()
