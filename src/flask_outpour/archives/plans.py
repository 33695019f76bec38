"""Entries of a view enter; entries that were checked and looked at leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..origins import is_of_closed
from .contents import Called
from .contents import Content
from .entries import entry_of
from .entries import given_in
from .entries import items_of
from .entries import ZipEntry
from .errors import entry_title
from .names import Names
from .opening import content_of
from .opening import EntryRows
from .zip import Header
from .zip import ZipWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds for the entries that do not say it themselves.

    :param modified: the time of what has none.
    :param level: of deflate.
    :param stored: whether entries are not compressed; ``None`` goes by their suffixes.
    """

    modified: datetime
    level: int = 1
    stored: bool | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """An entry, and what is known of its content before that is read."""

    number: int
    entry: ZipEntry
    content: Content

    @property
    def title(self) -> str:
        """How messages call the entry."""
        return entry_title(self.number, self.entry.name)

    def header(self, defaults: Defaults) -> Header:
        """Return what the archive says of the entry."""
        entry, content = self.entry, self.content
        level = 0 if self._is_stored(defaults) else defaults.level
        return Header(
            name=entry.name,
            size=content.size,
            crc=None if level else content.checksum(),
            level=level,
            modified=entry.modified or content.modified or defaults.modified,
            mode=content.mode,
        )

    def _is_stored(self, defaults: Defaults) -> bool:
        if self.entry.is_folder:
            return True
        for choice in (self.entry.stored, defaults.stored):
            if choice is not None:
                return choice
        return self.entry.is_compressed


class Planner:
    """Look at entries, and close those that are not to be sent.

    :param rows: knows the formats of rows.
    :param close: closes what was given as a content, and not looked at.
    """

    def __init__(self, rows: EntryRows, close: Callable[[Any], object]) -> None:
        self._rows = rows
        #: Closes what was given, and is not read.
        self.close = close

    def one_by_one(self, entries: Any) -> Iterator[Plan]:
        """Return an iterator that looks at each entry when it is reached.

        :raises SourceError: for what has no entries.
        """
        return self._looked_at(items_of(entries))

    def all(self, entries: Any) -> deque[Plan]:
        """Look at all entries; if one is wrong, close all.

        :raises EntryError: for a name that an archive should not have.
        :raises SourceError: for what is no entry, or no content of one.
        :raises OSError: for a path without a regular file.
        """
        items = items_of(entries)
        plans: deque[Plan] = deque()
        try:
            plans.extend(self._looked_at(items))
        except BaseException:
            with ExitStack() as stack:
                for item in items:
                    stack.callback(self.close, given_in(item))
                close_all(plans)
            raise
        return plans

    def resolved(self, plan: Plan) -> Plan:
        """Return the plan of what a content's function returns, if it is one."""
        while isinstance(plan.content, Called):
            given = plan.content.function()
            plan = Plan(
                plan.number, plan.entry, self._content(plan.number, plan.entry, given)
            )
        return plan

    def _looked_at(self, items: Iterator[Any]) -> Iterator[Plan]:
        names = Names()
        for number, item in enumerate(items, 1):
            try:
                entry = entry_of(number, item)
                names.add(number, entry.name)
            except BaseException:
                self.close(given_in(item))
                raise
            yield Plan(number, entry, self._content(number, entry, entry.content))

    def _content(self, number: int, entry: ZipEntry, given: Any) -> Content:
        try:
            return content_of(number, entry, given, self._rows)
        except BaseException as error:
            explain(error, entry_title(number, entry.name))
            self.close(given)
            raise


def close_all(plans: Iterable[Plan]) -> None:
    """Close the contents of all plans, though one may fail to close."""
    with ExitStack() as stack:
        for plan in plans:
            stack.callback(plan.content.close)


def archive_length(plans: Iterable[Plan], defaults: Defaults) -> int | None:
    """Return how many bytes an archive will have, if that can be known.

    It can where no entry is compressed, and all have a known size.
    """
    writer = ZipWriter()
    for plan in plans:
        header = plan.header(defaults)
        if header.level or header.size is None:
            return None
        writer.begin(header)
        writer.skip(header.size)
        writer.end()
    writer.finish()
    return writer.length


def explain(error: BaseException, title: str) -> None:
    """Tell which entry an error is of, and what to do about a file that is closed."""
    message, notes = str(error), getattr(error, "__notes__", [])
    if isinstance(error, ValueError) and is_of_closed(error):
        error.add_note(
            "stream_zip reads a file when its turn comes, after the view has returned"
            " and its `with` blocks have ended. Give its path, or a function that opens"
            " it."
        )
    if not any(title.lower() in told.lower() for told in (message, *notes)):
        error.add_note(f"It was raised for {title[0].lower()}{title[1:]}.")
