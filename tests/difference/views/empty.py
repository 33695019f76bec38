"""Items without any text, wherever they may be."""

from __future__ import annotations

from difference.entry import stream
from difference.expected import without_items

stream("empty-first", lambda: ("", b"", "one\n", "two\n"))
stream("empty-in-the-middle", lambda: ("one\n", "", b"", "two\n"))
stream("empty-last", lambda: ("one\n", "two\n", "", b""))
stream("empty-only", lambda: ("", b"", ""))
stream("empty-one", lambda: ("",))
stream("empty-everywhere", lambda: ("" if n % 2 else f"{n}\n" for n in range(900)))
stream("empty-many-then-text", lambda: [""] * 3_000 + ["at last"])
stream("no-items", lambda: (), **without_items(200))
stream(
    "no-items-with-length-0",
    lambda: (),
    response={"headers": {"Content-Length": "0"}},
    **without_items(200, ("content-length", "0")),
)
