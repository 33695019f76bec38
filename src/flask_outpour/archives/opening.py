"""What a view gives as a content enters; the kind of content that it is leaves."""

from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import Protocol

from ..errors import SourceError
from .contents import Called
from .contents import Chunks
from .contents import Content
from .contents import Data
from .contents import DiskFile
from .contents import Folder
from .contents import Made
from .contents import OpenFile
from .entries import ZipEntry
from .errors import entry_title

_TAKES = (
    "An entry's content is bytes, text, a path, an open file, an iterator of chunks of"
    " bytes or text, a response, or a function that returns one of these; rows where"
    ' the name ends in the suffix of a format, or as ZipEntry(name, rows, format="csv")'
)


class EntryRows(Protocol):
    """What knows rows, and the formats that they can be written in."""

    def of(self, title: str, entry: ZipEntry, content: Any) -> Iterator[bytes] | None:
        """Return rows in the entry's format, or ``None`` where it has none.

        :raises ConfigurationError: for a format that there is not.
        """

    def are(self, content: Any) -> bool:
        """Whether this is what only rows come as, such as a cursor."""


def content_of(number: int, entry: ZipEntry, given: Any, rows: EntryRows) -> Content:
    """Find out what a content is, and look at it; its bytes are not read.

    :raises SourceError: for what is no content.
    :raises OSError: for a path without a regular file.
    """
    title = entry_title(number, entry.name)
    if entry.is_folder:
        if given is not None or entry.format is not None:
            raise SourceError(
                f"{title}: a name that ends in '/' is that of a folder, which has no"
                " content. Leave one of the two out."
            )
        return Folder()
    _require_no_event_loop(title, given)
    wants_rows = entry.format or entry.columns is not None or entry.bind is not None
    plain = None if wants_rows else _file_content(given)
    if plain is None and not wants_rows and not rows.are(given):
        plain = _made_content(title, entry.name, given)
    return _rows_content(title, entry, given, rows) if plain is None else plain


def _file_content(given: Any) -> Content | None:
    """Return a content in memory or in a file, or ``None``."""
    if isinstance(given, str | bytes | bytearray | memoryview):
        return Data(given)
    if isinstance(given, os.PathLike):
        return DiskFile(given)
    if hasattr(given, "read") and not isinstance(given, type):
        return OpenFile(given)
    return None


def _made_content(title: str, name: str, given: Any) -> Content | None:
    """Return a content that a function or an iterator makes, or ``None``."""
    if hasattr(given, "iter_encoded"):
        # A response of Flask's, such as another archive.
        return Chunks(title, name, given.iter_encoded(), given)
    if callable(given) and not isinstance(given, Iterable | type):
        return Called(given)
    if isinstance(given, Iterator) or _is_list_of_chunks(given):
        return Chunks(title, name, given)
    return None


def _rows_content(title: str, entry: ZipEntry, given: Any, rows: EntryRows) -> Content:
    made = rows.of(title, entry, given)
    if made is None:
        if entry.columns is not None or entry.bind is not None:
            raise SourceError(
                f"{title}: columns= and bind= are those of rows, and the name says no"
                " format to write them in. Give one:"
                f' ZipEntry({entry.name!r}, rows, format="csv").'
            )
        if isinstance(given, list | tuple) and not given:
            return Chunks(title, entry.name, given)
        raise SourceError(
            f"{title}: {type(given).__name__} is no content for this name. {_TAKES}."
        )
    return Made(made)


def _is_list_of_chunks(given: Any) -> bool:
    is_list = isinstance(given, list | tuple) and given
    return bool(is_list) and isinstance(given[0], str | bytes | bytearray | memoryview)


def _require_no_event_loop(title: str, given: Any) -> None:
    if isinstance(given, Iterable):
        # Some are both, such as a QuerySet of Django.
        return
    if hasattr(given, "__aiter__") or hasattr(given, "__await__"):
        raise SourceError(
            f"{title}: {type(given).__name__} is asynchronous, and a WSGI server has no"
            " event loop to read it with. Collect it in the async view, or yield from a"
            " plain generator."
        )
