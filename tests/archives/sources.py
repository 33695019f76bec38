"""What a view gives enters; streams without Flask leave, and what was closed."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_outpour import ZipEntry
from flask_outpour.archives import ZipStream
from flask_outpour.archives.plans import Defaults
from flask_outpour.archives.plans import Planner
from watched import Watched

MOMENT = datetime(2024, 5, 6, 7, 8, 10)


class Chunks(Watched):
    """One chunk, if no others are given."""

    def __init__(
        self, chunks: Iterable[Any] = (b"x",), error: Exception | None = None
    ) -> None:
        super().__init__(chunks, error)


class Lines:
    """Rows as one line each, for names that end in ``.rows``."""

    def are(self, content: Any) -> bool:
        """Whether this is a set, which only rows come as here."""
        return isinstance(content, set)

    def of(self, title: str, entry: ZipEntry, content: Any) -> Iterator[bytes] | None:
        """Return the lines."""
        if entry.format is None and not entry.name.endswith(".rows"):
            return None
        return (f"{row}\n".encode() for row in content)


def close(given: Any) -> None:
    """Close what was given, if it can be closed."""
    if hasattr(given, "close"):
        given.close()


def planner() -> Planner:
    """Return what looks at entries."""
    return Planner(Lines(), close)


def stream(entries: Any, **options: Any) -> ZipStream:
    """Return the stream of an archive."""
    defaults = {
        name: options.pop(name) for name in ("level", "stored") if name in options
    }
    return ZipStream(
        entries, planner(), Defaults(modified=MOMENT, **defaults), **options
    )


def archive(entries: Any, **options: Any) -> bytes:
    """Return a whole archive."""
    made = stream(entries, **options)
    try:
        return b"".join(made)
    finally:
        made.close()
