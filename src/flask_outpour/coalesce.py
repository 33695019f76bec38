"""Small items of text or bytes enter, chunks of bytes leave."""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Iterator
from time import monotonic
from typing import Any

from .errors import ItemError

#: Chunks, and the source to go on with, or nothing at its end.
_Steps = Generator[bytes, None, Iterator[Any] | None]

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
#: To read the clock takes as long as all else that an item takes. Of the items that a
#: burst has sent, for one in so many it is not read in a row (a shift, for 2,048: 1/16
#: of those that may be held); and for no more than so many.
_BLIND, _BLINDEST = 11, 7
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

    The clock is read for each item until a burst has sent 2,048 of them, then for every
    second, and so on, up to every eighth: where such a burst turns slow, what is held
    then can wait for one item more, or two, up to seven, once.

    An empty item is a look at the clock. If nothing leaves, an empty chunk shows that
    time has gone by.

    An item means what it was when it was yielded: a buffer that can be changed is
    copied before the next item is pulled.

    :param source: yields text or bytes, mixed or not.
    :param chunk_size: bytes at which joining stops; 0 never joins. An item of as many
        bytes leaves by itself, without a copy.
    :param slow: seconds.
    """

    #: Items that were joined, the empty ones included.
    items: int = 0
    #: Bytes that the burst has sent, when it began, and how many items before it.
    _sent, _begun, _first = 0, 0.0, 0

    def __init__(
        self,
        source: Iterable[Item],
        *,
        chunk_size: int,
        slow: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._source = source
        self._slow = slow
        self._clock = clock
        #: ASCII text, and other items as bytes.
        self._held: list[str | bytes] = []
        #: The most bytes that are held, and how many first items of a burst are not.
        self._most = max(chunk_size - 1, 0)
        self._alone = 1 << SHARE if self._most else sys.maxsize
        #: Is not false for what is held as it is; refuses another type by a TypeError.
        self._is_plain: Callable[[Any], object] = str.isascii

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks; if the source fails, yield what it gave, then raise.

        :raises ItemError: for an item that is neither text nor bytes.
        """
        source: Iterator[Any] | None = iter(self._source)
        del self._source
        self._begun = self._clock()
        error: BaseException | None = None
        try:
            while source is not None:
                is_first = self.items - self._first < self._alone
                step = self._one_by_one if is_first else self._joined
                source = yield from step(source)
        except GeneratorExit:
            raise
        except BaseException as caught:
            error = caught
        if self._held and (last := self._chunk()):
            yield last
        if error is not None:
            try:
                raise error
            finally:
                # Its traceback has this frame.
                del error

    def _one_by_one(self, source: Iterator[Any]) -> _Steps:
        """Yield the first items of a burst: of these, nothing may be held."""
        clock, slow = self._clock, self._slow
        seen = clock()
        for item in source:
            now = clock()
            if type(item) is str:
                chunk = item.encode()
            else:
                chunk = item if type(item) is bytes else _encode(self._as_bytes(item))
            self.items += 1
            yield chunk
            self._sent += len(chunk)
            chunk = b""
            if now - seen >= slow:
                self._end_burst(seen, now)
            elif self.items - self._first >= self._alone:
                if type(item) is bytes:
                    self._is_plain = bytes.__bytes__
                return source if type(item) in _USUAL else self._as_other(source)
            seen = clock()
        return None

    def _joined(self, source: Iterator[Any]) -> _Steps:
        """Yield items in chunks, until the burst ends or needs another loop."""
        held, clock, slow, most = self._held, self._clock, self._slow, self._most
        hold = held.append
        limit, number, blind = self._limits()
        size, left, look = 0, blind, limit + 1
        seen = clock()
        due = seen + slow
        is_plain, is_other = self._is_plain, False
        for item in source:
            try:
                if is_plain(item) is False:
                    item = item.encode()
            except TypeError:
                look = due = 0
                if item is not FLUSH:
                    is_other, item = True, self._as_bytes(item)
            hold(item)
            size += len(item) or _EMPTY
            if size < look and left:
                left -= 1
                continue
            now = clock()
            is_many = len(held) > number
            if size <= limit and now < due and not is_many and type(item) in _USUAL:
                seen, left = now, blind
                continue
            if _encodes_itself(item):
                held[-1], is_other, due = self._as_bytes(item), True, 0
            is_late = now >= due or size >= _ASKED
            is_empty = size >= _EMPTY
            size %= _EMPTY
            if is_late or size > limit or (size and is_many):
                if most < len(item) < _EMPTY and len(held) > 1:
                    held.pop()
                    if chunk := self._chunk():
                        yield chunk
                    hold(item)
                chunk = self._chunk()
                yield chunk
                self._sent += len(chunk)
                size, chunk = 0, b""
                if now - seen >= slow and self._end_burst(seen, now):
                    break
                limit, number, blind = self._limits()
                look = limit + 1
                now = clock()
                due = now + slow
            elif is_empty:
                # Who yields nothing for hours must not fill the memory by it.
                if not _encode(item):
                    held.pop()
                    self.items += 1
                yield b""
            seen, left = now, blind
            if is_other:
                break
        else:
            return None
        return self._as_other(source) if is_other else source

    def _as_other(self, source: Iterator[Any]) -> Iterator[bytes]:
        """Return a source whose items are not all of one usual type as one of bytes."""
        self._is_plain = bytes.__bytes__
        return map(self._as_bytes, source)

    def _limits(self) -> tuple[int, int, int]:
        """Return how many bytes, and items, are held; and for how many none looks."""
        number = self.items - self._first
        limit = min(self._sent >> SHARE, self._most)
        return limit, number >> SHARE, min(number >> _BLIND, _BLINDEST)

    def _end_burst(self, seen: float, now: float) -> bool:
        """End a burst by a pause, unless it is short beside how long that lasted."""
        if (now - seen) * _LULL < seen - self._begun:
            return False
        self._sent, self._begun, self._first = 0, now, self.items
        return True

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
