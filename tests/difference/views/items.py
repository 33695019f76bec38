"""Items of every type that a response may have, and of none."""

from __future__ import annotations

import array
import enum
import mmap
from collections import UserString

from flask import Response
from markupsafe import Markup

from difference.entry import stream
from difference.entry import told
from difference.entry import view
from difference.expected import whole


class Shout(str):
    """Text that reads otherwise when it is asked for itself."""

    def __str__(self) -> str:
        return self.upper()


class Latin(str):
    """Text that encodes itself in its own way, as Werkzeug lets it."""

    def encode(self, *arguments: str) -> bytes:  # type: ignore[override]
        """Encode it in Latin-1."""
        return str.encode(self, "latin-1")


class Wide(str):
    """Text that has two bytes for each character."""

    def encode(self, *arguments: str) -> bytes:  # type: ignore[override]
        """Encode it in UTF-16."""
        return str.encode(self, "utf-16-le")


class Colour(str, enum.Enum):  # noqa: UP042  (the old way is what is tried)
    """Members that are text."""

    RED = "red"


class Packet(bytes):
    """Bytes of a class of its own."""


stream("text", lambda: ("one\n", "two\n", "three\n"))
stream("text-not-ascii", lambda: ("Größe\n", "размер\n", "大小\n", "📏\n"))
stream("text-markup", lambda: (Markup("<b>one</b>"), Markup("&amp;"), "<i>"))
stream("text-subclass", lambda: (Shout("one"), Shout("two"), "three"))
stream("text-that-encodes-itself", lambda: (Latin("größe"), "ä", Latin("ä")))
stream("text-that-encodes-itself-in-ascii", lambda: map(Wide, "abc" * 500))
stream("text-that-encodes-itself-many", lambda: map(Latin, "äöü" * 500))
stream(
    "text-that-encodes-itself-now-and-then",
    lambda: ("row\n" if n % 1_001 != 1_000 else Wide("odd\n") for n in range(26_000)),
)
stream(
    "bytes-now-and-then",
    lambda: ("row\n" if n % 1_001 != 1_000 else b"\xe4\n" for n in range(26_000)),
)
stream("text-enum", lambda: (Colour.RED, "-", Colour.RED))
stream("text-one", lambda: ("alone",))
stream("text-long", lambda: ("x" * 3_000_000, "y" * 70_000, "z"))
stream("text-many", lambda: (f"{number}\n" for number in range(20_000)))
stream("text-lines-of-all-sizes", lambda: ("x" * n + "\n" for n in range(700)))
stream("bytes", lambda: (b"one\n", b"\x00\xff\xfe", b"three\n"))
stream(
    "bytes-subclass",
    lambda: (Packet(b"one"), Packet(b""), Packet(b"two")),
    **whole(b"onetwo"),
)
stream("bytes-long", lambda: (bytes(2_000_000), b"x" * 65_536, b"y"))
stream("bytes-many", lambda: (b"%d\n" % number for number in range(20_000)))
stream("text-and-bytes", lambda: ("ä", b"\xc3\xa4", Markup("ä"), b"", "ä"))
stream("text-and-bytes-many", lambda: ("ä" if n % 3 else b"-" for n in range(5_000)))


@view
def bytes_of_a_memory_map() -> Response:
    """Yield slices of a map, which are bytes, and close it at the end."""

    def generate():
        with mmap.mmap(-1, 10_000) as memory:
            memory.write(b"abcde" * 2_000)
            for start in range(0, 10_000, 1_000):
                yield memory[start : start + 1_000]

    return Response(told(generate()))


@view
def text_of_a_wrapper() -> Response:
    """Yield the text of objects that are not text themselves."""
    return Response(str(UserString(word)) for word in ("one", "two"))


@view
def bytes_of_an_array() -> Response:
    """Yield the bytes of numbers."""
    numbers = array.array("H", range(300))
    return Response(told(numbers[n : n + 7].tobytes() for n in range(0, 300, 7)))
