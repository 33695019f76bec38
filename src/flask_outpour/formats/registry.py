"""Formats enter; the one of a name, suffix or media type leaves."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Protocol
from typing import runtime_checkable

from ..errors import ConfigurationError


@runtime_checkable
class Format(Protocol):
    """What turns rows into bytes. Any object with these five names is one.

    Each stream works on a copy of it, so that a method can keep what the next one needs
    in attributes. With it are copied its lists, dicts and other containers of Python,
    formats that it writes with, and objects of its own module; what else it holds is
    shared by its streams, unless a ``__copy__`` of its own copies that. So what cannot
    be copied, such as a ``csv.writer``, is made in ``begin``.

    A format may have more names:

    ``aliases``
        are further suffixes and media types that choose it.
    ``available``
        is ``False`` where a package that it needs is not installed; it is then chosen
        by ``format=`` alone, and ``begin`` names what is missing.
    ``charset``
        is the encoding that the Content-Type of a response tells, where that is not
        UTF-8.
    ``interrupt()``
        returns the last bytes of a stream that failed after its first; without it,
        the bytes just break off.
    ``begin_table(name, columns)``
        returns the bytes before the first row of one table of several, and those that
        end the table before it. It is called instead of ``begin`` where there are
        several; without it a format holds one table alone.
    ``begin_arrow(schema)`` and ``feed_arrow(batch)``
        are called instead of ``begin`` and ``feed`` where the source has its rows in
        Arrow's columns: with a ``pyarrow.Schema`` and ``pyarrow.RecordBatch`` objects
        of any length. Without them the rows come as tuples from there, too, and so they
        do where a subclass has another ``begin`` or ``feed`` than these belong to.
    ``expect(types)``
        is called before ``begin`` with what the source knows of the types of its
        columns: an object with the names of ``ColumnType`` for each, or
        ``None``.
    ``lines`` and ``frame(lines)``
        are for sources that write text themselves. ``lines`` says which lines
        (:class:`~flask_outpour.lines.CSVLines` or ``JSONLines``), or is
        ``None``; ``frame`` returns the bytes of whole lines as they belong into a
        stream, and is called instead of ``feed``.
    """

    @property
    def media_type(self) -> str:
        """For example ``"text/csv"``; an attribute of the class will do."""

    @property
    def suffix(self) -> str:
        """For example ``"csv"``; it is also the name by which a format is chosen."""

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return the bytes before the first row.

        :raises RowError: for names of columns that cannot be written.
        """

    def feed(self, batch: Sequence[Sequence[Any]]) -> bytes:
        """Return the bytes of some rows, 1 to about 1,000 of them.

        :raises RowError: for a value that cannot be written. The next call may then
            bring the rows before that one again.
        """

    def finish(self) -> bytes:
        """Return the bytes after the last row."""


class Formats:
    """Formats by their names, the preferred ones first.

    :param formats: of two with the same name, the later one takes its place.
    """

    def __init__(self, formats: Iterable[Format]) -> None:
        self._by_suffix: dict[str, Format] = {}
        for format in formats:
            require_format(format)
            self._by_suffix[format.suffix.lower()] = format
        self._by_name = {
            name.lower(): format
            for format in self
            for name in (*getattr(format, "aliases", ()), format.media_type)
        } | self._by_suffix

    def __iter__(self) -> Iterator[Format]:
        return iter(self._by_suffix.values())

    def named(self, name: str) -> Format | None:
        """Return the format of a suffix or media type, in any case of letters."""
        return self._by_name.get(name.lower().removeprefix("."))

    def with_suffix(self, path: str) -> tuple[Format, str] | None:
        """Return the format of a path's suffix, and that suffix, if there is one."""
        _, dot, suffix = path.rpartition("/")[2].lower().rpartition(".")
        format = self.named(suffix) if dot else None
        return None if format is None or not is_available(format) else (format, suffix)

    def plus(self, formats: Iterable[Format]) -> Formats:
        """Return these formats and others; those replace these of the same name.

        :raises ConfigurationError: for what is no list of formats.
        """
        if not isinstance(formats, Iterable):
            raise ConfigurationError(
                f"formats= takes a list of formats, but it is {formats!r}."
            )
        return Formats([*self, *formats])

    def only(self, wanted: Iterable[str | Format]) -> Formats:
        """Return some of these formats, in this order, or others that are given.

        :raises ConfigurationError: for a name that none of these has.
        """
        if isinstance(wanted, str) or not isinstance(wanted, Iterable):
            raise ConfigurationError(
                f"formats= takes a list of formats, but it is {wanted!r}."
            )
        found = []
        for choice in wanted:
            format = self.named(choice) if isinstance(choice, str) else choice
            if format is None:
                raise ConfigurationError(
                    f"formats= names {choice!r}, which is no format. There are"
                    f" {', '.join(self._by_suffix)}."
                )
            found.append(format)
        if not found:
            raise ConfigurationError("formats= is empty; name at least one format.")
        return Formats(found)

    def media_types(self) -> Iterator[tuple[str, Format]]:
        """Yield each media type of what is available, with its format."""
        for format in filter(is_available, self):
            yield format.media_type, format
            for alias in getattr(format, "aliases", ()):
                if "/" in alias:
                    yield alias, format

    def __str__(self) -> str:
        available = filter(is_available, self)
        return ", ".join(f"{each.suffix} ({each.media_type})" for each in available)


def is_available(format: Format) -> bool:
    """Whether what the format needs is installed."""
    return getattr(format, "available", True)


def require_format(format: Format) -> None:
    """Check that an object can be used as a format.

    :raises ConfigurationError: says what it lacks.
    """
    if isinstance(format, type) and hasattr(format, "feed"):
        raise ConfigurationError(
            f"{format.__name__} is no format, but a class: write {format.__name__}()."
        )
    if not isinstance(format, Format):
        raise ConfigurationError(
            f"{format!r} is no format. A format is an object with media_type, suffix,"
            " begin(columns), feed(batch) and finish(); see flask_outpour.Format."
        )
    if "/" not in format.media_type or format.suffix.startswith("."):
        raise ConfigurationError(
            f"{format!r} has the media type {format.media_type!r} and the suffix"
            f" {format.suffix!r}; they should be like 'text/csv' and 'csv'."
        )
