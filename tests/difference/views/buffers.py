"""Items that their source changes once it has yielded them.

Some servers send them as they were, some as they are later, and some refuse what is not
``bytes``. With the line each is sent as it was when it was yielded.
"""

from __future__ import annotations

import array
import ctypes
import io
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from difference.better import Better
from difference.entry import stream
from difference.expected import whole

Items = Iterator[str | bytes | bytearray | memoryview]

CONTENT = b"".join(b"%07d\n" % number for number in range(12_000))


def read_into(size: int, give: Callable[[memoryview], Any]) -> Iterator[Any]:
    """Read a file into one buffer, and yield what ``give`` makes of each part."""
    file, buffer = io.BytesIO(CONTENT), bytearray(size)
    while count := file.readinto(buffer):
        yield give(memoryview(buffer)[:count])


def buffer(items: Callable[[], Items] | None = None, **facts: Any) -> Any:
    """Add a stream of a buffer, whose items are to be sent as they were yielded."""
    if items is None:
        return lambda items: buffer(items, **facts)
    facts = {**whole(as_yielded(items())), **facts}
    stream(items.__name__, items, **facts)
    return items


def as_yielded(items: Items) -> bytes:
    """Return the bytes of the items, each copied when it is yielded."""
    return b"".join(
        item.encode() if isinstance(item, str) else bytes(item) for item in items
    )


@buffer
def buffer_read_into_8_kib() -> Items:
    """The loop of the manual: one buffer, read into again and again."""
    return read_into(8192, lambda part: part)


@buffer
def buffer_read_into_16_bytes() -> Items:
    """The same with items that are worth joining."""
    return read_into(16, lambda part: part)


@buffer
def buffer_read_into_100_kib() -> Items:
    """The same with items that are larger than any chunk."""
    return read_into(100_000, lambda part: part)


@buffer
def buffer_read_only() -> Items:
    """A view that cannot be written through, of a buffer that is."""
    return read_into(512, memoryview.toreadonly)


@buffer
def buffer_cleared() -> Items:
    """A line is collected, yielded, and cleared for the next one."""
    line = bytearray()
    for number in range(3_000):
        line += b"line %d\n" % number
        yield line
        line.clear()


@buffer
def buffer_cut_down() -> Items:
    """A block's whole lines are yielded; the rest stays in the buffer."""
    rest = bytearray()
    for part in read_into(1_000, bytes):
        rest += part
        end = rest.rindex(b"\n") + 1
        line = rest[:end]
        yield line
        del rest[:end]
        line[:] = b"#" * len(line)


@buffer
def buffer_with_text_between() -> Items:
    """Text, bytes and one buffer by turns."""
    number = bytearray(b"0000")
    for count in range(2_000):
        number[:] = b"%04d" % count
        yield number
        yield ": "
        yield b"row\n" if count % 2 else ""


def wide_items(count: int) -> Iterator[memoryview]:
    """Yield one view of numbers of eight bytes, whose length is not its size."""
    numbers = array.array("Q", [0] * 64)
    for start in range(count):
        numbers[:] = array.array("Q", range(start, start + 64))
        yield memoryview(numbers)


@buffer
def buffer_of_numbers() -> Items:
    """The bytes of numbers, in one buffer."""
    return (item.cast("B") for item in wide_items(200))


@buffer(better=Better.WIDE_ITEMS, waits=True)
def buffer_of_wide_items() -> Items:
    """The numbers themselves, of which servers count the wrong length."""
    return wide_items(200)


@buffer
def buffer_now_and_then() -> Items:
    """A buffer comes once among many lines of text."""
    line = bytearray()
    for number in range(26_000):
        if number % 1_001 != 1_000:
            yield "row\n"
        else:
            line[:] = b"row %d\n" % number
            yield line


@buffer
def buffer_of_c() -> Items:
    """A buffer of a C library, which is filled anew."""
    buffer = ctypes.create_string_buffer(32)
    for number in range(1_000):
        buffer.value = b"%031d" % number
        yield memoryview(buffer).cast("B")[:31]


@buffer
def buffer_wiped_at_the_end() -> Items:
    """What was secret is wiped as the source ends."""
    secret = bytearray(b"the secret")
    try:
        yield b"begin "
        yield secret
    finally:
        secret[:] = bytes(len(secret))


@buffer
def buffer_released() -> Items:
    """A view of a buffer is released as soon as the next item is asked for."""
    for part in read_into(64, lambda part: part):
        yield part
        part.release()


@buffer
def buffer_resized() -> Items:
    """The buffer has to grow between two items, as no view may then hold it."""
    buffer = bytearray()
    for number in range(500):
        buffer += b"%d," % number
        yield buffer
