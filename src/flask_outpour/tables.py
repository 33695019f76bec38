"""A source and a format enter; the tables to be streamed leave, not opened yet."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Set
from contextlib import ExitStack
from functools import partial
from typing import Any
from typing import TypeGuard

from flask import current_app

from .errors import ConfigurationError
from .errors import SourceError
from .formats import Format
from .lines import JSONLines
from .lines import Lines
from .row_stream import Table
from .rows import close_unopened
from .rows import open_rows
from .rows.model import name_of
from .rows.shapes import Extras
from .titles import Titles

#: The names of a table's columns, or of the columns of each of several.
Columns = Iterable[str] | Mapping[str, Iterable[str]] | None


def is_several(source: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a source is several tables, by their names."""
    return isinstance(source, Mapping)


def require_tables(source: Mapping[str, Any]) -> None:
    """Check that a mapping is no row, but has sources.

    :raises SourceError: for one that has a cell.
    """
    for name, value in source.items():
        if value is None or isinstance(value, str | bytes | int | float):
            raise SourceError(
                f"A {type(source).__name__} is several tables by their names, but"
                f" {name!r} is {value!r}. A single row is given in a list: [row]."
            )


def holds_several(format: Format) -> bool:
    """Whether a format holds more than one table."""
    return hasattr(format, "begin_table")


def close_unread(source: Any) -> None:
    """Close a source, or several, of which nothing was read."""
    with ExitStack() as stack:
        for each in [*source.values()][::-1] if is_several(source) else (source,):
            stack.callback(close_unopened, each)


def tables_of(
    source: Any,
    format: Format,
    *,
    columns: Columns,
    bind: Any,
    extras: Extras,
    titles: Mapping[str, Any] | None = None,
) -> list[Table]:
    """Return the tables of a source, each with what opens it.

    :raises ConfigurationError: for several, where the format holds one, and for names
        and options that do not fit.
    """
    if extras not in ("raise", "ignore"):
        raise ConfigurationError(
            f"extras= takes 'raise' or 'ignore', but it is {extras!r}."
        )
    opened = partial(
        open_rows,
        bind=bind,
        session=_session(),
        extras=extras,
        lines=_lines(format, titles),
    )
    if not is_several(source):
        names = None if columns is None else _names(columns)
        title = None if titles is None else _titles(titles)
        return [Table(source, partial(opened, columns=names), titles=title)]
    if not holds_several(format):
        raise ConfigurationError(
            f"{format.suffix} holds one table, and these are several. Stream them as"
            ' "xlsx", or each as a file of its own with stream_zip.'
        )
    named = _named(source, {} if columns is None else columns)
    titled = _titled(source, {} if titles is None else titles)
    return [
        Table(each, partial(opened, columns=named.get(name)), name, titled.get(name))
        for name, each in source.items()
    ]


def _lines(format: Format, titles: object) -> Lines | None:
    """Return the lines that a database may write, which have names in JSON."""
    lines: Lines | None = getattr(format, "lines", None)
    return None if titles is not None and isinstance(lines, JSONLines) else lines


def _named(source: Mapping[str, Any], columns: object) -> dict[str, tuple[str, ...]]:
    """Return the names of columns that are given, by the names of their tables."""
    if not source or not all(isinstance(name, str) for name in source):
        raise ConfigurationError(
            "Several tables are given as a dict of their names and sources, such as"
            f' {{"Orders": orders}}, but it has the keys {list(source)!r}.'
        )
    columns = _by_table(source, columns, "columns=", "names")
    return {name: _names(columns[name]) for name in columns}


def _titled(source: Mapping[str, Any], titles: object) -> dict[str, Titles]:
    """Return the titles of columns, by the names of their tables."""
    titles = _by_table(source, titles, "titles=", "titles")
    return {name: _titles(titles[name]) for name in titles}


def _by_table(
    source: Mapping[str, Any], given: object, option: str, what: str
) -> Mapping[str, Any]:
    """Check that an option has something for each of some tables."""
    if isinstance(given, Mapping) and given.keys() <= source.keys():
        return given
    raise ConfigurationError(
        f"With several tables {option} takes a dict of their names and the {what} of"
        f" their columns, but it is {given!r}; the tables are {', '.join(source)}."
    )


def _titles(titles: object) -> Titles:
    if not isinstance(titles, Mapping) or not all(isinstance(n, str) for n in titles):
        raise ConfigurationError(
            "titles= takes a dict of the names of columns and their titles, such as"
            f' {{"id": "Number"}}, but it is {titles!r}.'
        )
    return {name_of(name): title for name, title in titles.items()}


def _session() -> Any:
    extension = current_app.extensions.get("sqlalchemy")
    return getattr(extension, "session", None)


def _names(columns: Iterable[str]) -> tuple[str, ...]:
    ordered = not isinstance(columns, str | Mapping | Set)
    names = tuple(columns) if ordered else ()
    if not ordered or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(
            "columns= takes the names of columns in their order, such as"
            f' ["id", "name"], but it is {columns!r}.'
        )
    return tuple(map(name_of, names))
