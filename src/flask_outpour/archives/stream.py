"""Entries of any kind enter; the bytes of their archive leave, made while they go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import closing
from contextlib import ExitStack
from time import monotonic
from typing import Any

from ..errors import OutpourError
from .entries import are_known
from .plans import archive_length
from .plans import close_all
from .plans import Defaults
from .plans import explain
from .plans import Plan
from .plans import Planner
from .zip import ZipWriter

#: Seconds after which what deflate holds is sent, too. A client that sees nothing for
#: long, or a proxy, gives up; a flush costs some bytes.
_SILENCE = 1.0


class ZipStream(Iterator[bytes]):
    """The bytes of an archive; each content is opened when its turn comes.

    Entries that are known, as those of a mapping or a list are, are looked at when
    this is made; others when they are reached.

    :param source: the entries, or a function that returns them. They and their contents
        are closed when the stream ends, begun or not.
    :raises EntryError: for a name that an archive should not have.
    :raises SourceError: for what is no entry, or no content of one.
    :raises OSError: for a path without a regular file.
    """

    def __init__(
        self,
        source: Any,
        planner: Planner,
        defaults: Defaults,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._planner = planner
        self._defaults = defaults
        self._clock = clock
        self._writer = ZipWriter()
        #: Closes what was given, but for the content that is being sent.
        self._given = ExitStack()
        self._length: int | None = None
        opens_later = callable(source) and not isinstance(source, Iterable | type)
        self._chunks = (
            self._opened(source) if opens_later else self._archive(self._plans(source))
        )

    @property
    def length(self) -> int | None:
        """Bytes of the archive, where all is known of it, and nothing compressed."""
        return self._length

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """Close the entries and all their contents, whether they were sent or not."""
        self._chunks.close()
        self._given.close()

    def _plans(self, entries: Any) -> Iterator[Plan]:
        """Return the plans of entries; those that are known are looked at now."""
        try:
            if not are_known(entries):
                self._given.callback(self._planner.close, entries)
                return self._planner.one_by_one(entries)
            plans = self._planner.all(entries)
            self._given.callback(close_all, plans)
            self._length = archive_length(plans, self._defaults)
        except BaseException:
            self._given.close()
            raise
        return _taken(plans)

    def _opened(self, function: Callable[[], Any]) -> Generator[bytes, None, None]:
        yield from self._archive(self._plans(function()))

    def _archive(self, plans: Iterator[Plan]) -> Generator[bytes, None, None]:
        first = True
        for plan in plans:
            try:
                yield from self._entry(self._planner.resolved(plan), first)
            except Exception as error:
                explain(error, plan.title)
                if isinstance(error, OutpourError) and _is_of_option(str(error)):
                    error.add_note(
                        "Here such an option belongs to its entry:"
                        " ZipEntry(name, rows, columns=...)."
                    )
                raise
            first = False
        yield self._writer.finish()

    def _entry(self, plan: Plan, first: bool) -> Generator[bytes, None, None]:
        content, writer = plan.content, self._writer
        with closing(content), closing(content.pieces()) as pieces:
            ahead = writer.begin(plan.header(self._defaults))
            # The archive begins with bytes of its first content, so that an error there
            # has its own status. Other headers need not wait for theirs.
            if not first:
                yield ahead
                ahead = b""
            sent = self._clock()
            for piece in pieces:
                made = ahead + writer.feed(piece)
                if not made and self._clock() - sent >= _SILENCE:
                    made = writer.flush()
                if made:
                    yield made
                    ahead, sent = b"", self._clock()
            if made := ahead + writer.end():
                yield made


def _taken(plans: deque[Plan]) -> Iterator[Plan]:
    """Yield plans that are then no longer among these."""
    while plans:
        yield plans.popleft()


def _is_of_option(message: str) -> bool:
    """Whether a message names an option of rows, and not yet where it belongs."""
    return "ZipEntry(" not in message and (
        "columns=[" in message or "bind= " in message
    )
