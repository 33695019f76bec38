"""Entries enter; a response that streams a ZIP archive of them leaves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from datetime import UTC
from typing import Any
from typing import cast

from flask import Response

from .archives import ZipEntry
from .archives import ZipStream
from .archives.plans import Defaults
from .archives.plans import Planner
from .downloads import download
from .downloads import name_of
from .errors import ConfigurationError
from .exports import known_formats
from .formats import Format
from .formats import Formats
from .formats import require_format
from .negotiation import Choice
from .negotiation import file_name
from .row_stream import RowStream
from .rows import Rows
from .rows.arrow import is_arrow
from .rows.cursors import is_cursor
from .tables import close_unread
from .tables import tables_of


class _Zip:
    """What a file's name needs to know of a format."""

    media_type = "application/zip"
    suffix = "zip"


def stream_zip(
    entries: Any,
    *,
    filename: str | None = None,
    attachment: bool = True,
    level: int = 1,
    stored: bool | None = None,
) -> Response:
    """Return a response that streams a ZIP archive, made while it is sent.

    ::

        @app.route("/archive.zip")
        def archive():
            return stream_zip({"orders.csv": select(Order), "a.png": Path("a.png")})

    Entries that are all there, as in a mapping, a list or a tuple, are checked at once:
    their names, and that their paths lead to files. Others are checked when they are
    reached, the first of them before the headers go. Contents are opened one after
    another, inside the view's contexts, which stay open until the last byte. All are
    closed at the end, read or not. Memory grows with the number of entries alone, by
    the length of a name and about 200 bytes for each.

    Where no entry is compressed and all sizes are known, the response has its
    ``Content-Length``, and a browser shows how far it has come.

    :param entries: a mapping of names to contents; or an iterable of pairs of both, and
        of :class:`ZipEntry` objects, whose documentation says what a content may be; or
        a function that returns one of these, which is called inside the view's
        contexts.
    :param filename: of the download, with or without its suffix. By default the name of
        the endpoint.
    :param attachment: whether a browser saves the response instead of showing it.
    :param level: of deflate, from 1, the fastest, to 9, the smallest; 0 compresses
        nothing. Networks are rarely faster than level 1, and the other levels take
        several times as long.
    :param stored: ``True`` compresses nothing, ``False`` everything. By default all
        but what is compressed already, by its suffix.
    :raises flask_outpour.archives.EntryError: for a name that is absolute, climbs out
        of the archive, repeats, or is otherwise not fit to be unpacked.
    :raises SourceError: for what is no entry, or no content of one.
    :raises ConfigurationError: for another ``level``, or a format that there is not.
    :raises OSError: for a path without a regular file.
    """
    stream = ZipStream(
        entries,
        Planner(_ApplicationRows(known_formats()), close_unread),
        Defaults(modified=datetime.now(UTC), level=level, stored=stored),
    )
    try:
        if level not in range(10):
            raise ConfigurationError(f"level= takes 0 to 9, but it is {level!r}.")
        response = download(
            stream,
            media_type=_Zip.media_type,
            name=_archive_name(filename),
            attachment=attachment,
        )
    except BaseException:
        stream.close()
        raise
    if stream.length is not None:
        response.content_length = stream.length
    return response


class _ApplicationRows:
    """The formats of an application, for the rows in its archives."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats

    def are(self, content: Any) -> bool:
        """Whether this can be nothing but rows, though it may look like chunks."""
        is_database = hasattr(content, "cursor") and hasattr(content, "commit")
        if is_database or isinstance(content, Rows) or is_cursor(content):
            return True
        if sys.modules.get("sqlalchemy"):
            from .rows.results import is_result

            if is_result(content):
                return True
        return is_arrow(content)

    def of(self, title: str, entry: ZipEntry, content: Any) -> Iterator[bytes] | None:
        """Return the rows, in the format that the entry or its name says."""
        format = self._format(title, entry)
        if format is None:
            return None
        tables = tables_of(
            content,
            format,
            columns=entry.columns,
            bind=entry.bind,
            extras=entry.extras,
            titles=entry.titles,
        )
        return RowStream(tables, format, entry.encode)

    def _format(self, title: str, entry: ZipEntry) -> Format | None:
        wanted = entry.format
        if wanted is None:
            _, dot, suffix = entry.name.rpartition("/")[2].rpartition(".")
            return self._formats.named(suffix) if dot else None
        if not isinstance(wanted, str):
            require_format(wanted)
            return wanted
        found = self._formats.named(wanted)
        if found is None:
            raise ConfigurationError(
                f"{title}: there is no format {wanted!r}. There are {self._formats}."
            )
        return found


def _archive_name(name: str | None) -> str:
    # All that counts of a format here is its suffix.
    choice = Choice(cast(Format, _Zip), _Zip.suffix)
    return file_name(name_of(name), choice, known_formats())
