"""A relation or cursor of DuckDB enters; one whose values are all exact leaves.

Arrow has no types for some of DuckDB's, of which it gets the bytes inside, or a part.
Objects of Python lack others: those of cursors have no nanoseconds, for example.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from itertools import repeat
from typing import Any

from ..errors import SourceError
from ..short_floats import shortest
from .model import Batch

#: What Arrow gets as text, since it would be bytes, or too large.
_AS_TEXT = frozenset({"bit", "bignum", "varint", "uhugeint"})
#: Of any kind, and no text or column has them all.
_VARIANT = frozenset({"variant"})
_ZONED_TIME = frozenset({"time with time zone"})
#: Of which a cursor drops the end.
_FINE = frozenset({"timestamp_ns", "timestamptz_ns", "time_ns"})
_FLOAT = frozenset({"float"})
_NESTED = frozenset({"list", "array", "struct", "map", "union", "tuple"})
#: What Python writes of a time with a zone: six digits behind a point, or none, and the
#: minutes of an offset.
_TEXT_OF_TIME = (
    "regexp_replace(CASE WHEN contains({t}, '.') THEN left({t}, 9)"
    " || rpad(regexp_extract({t}, '\\.(\\d+)', 1), 6, '0')"
    " || regexp_extract({t}, '[+-].*$') ELSE {t} END, '([+-]\\d\\d)$', '\\1:00')"
)


def exact_relation(relation: Any) -> Any:
    """Return a relation that has text where Arrow would have something else.

    :raises SourceError: for a VARIANT, and for times with a zone inside of others.
    """
    names, kinds = relation.columns, relation.types
    lost = _AS_TEXT | _ZONED_TIME | _VARIANT
    if not any(_has(kind, lost) for kind in kinds):
        return relation
    columns = zip(names, kinds, strict=True)
    selected = [_selected(n, *column) for n, column in enumerate(columns, 1)]
    return relation.project(", ".join(selected))


def _selected(place: int, name: str, kind: Any) -> str:
    return f"{_expression(f'#{place}', name, kind)} AS {_quoted(name)}"


def _expression(column: str, name: str, kind: Any) -> str:
    if kind.id in _ZONED_TIME:
        return _TEXT_OF_TIME.format(t=f"CAST({column} AS VARCHAR)")
    if _has(kind, _ZONED_TIME | _VARIANT):
        raise SourceError(
            f"The column {name!r} is of type {kind}, of which Arrow gets a part, or the"
            " bytes inside: cast it to VARCHAR or JSON in the query."
        )
    return f"CAST({column} AS {_textual(kind)})" if _has(kind, _AS_TEXT) else column


def _textual(kind: Any) -> str:
    """Return a type of SQL with text in the place of what Arrow lacks."""
    if kind.id in _AS_TEXT:
        return "VARCHAR"
    if kind.id not in _NESTED:
        return str(kind)
    parts = dict(kind.children)
    if kind.id == "list":
        return f"{_textual(parts['child'])}[]"
    if kind.id == "array":
        return f"{_textual(parts['child'])}[{parts['size']}]"
    if kind.id == "map":
        return f"MAP({_textual(parts['key'])}, {_textual(parts['value'])})"
    fields = (
        f"{_quoted(name)} {_textual(part)}" if name else _textual(part)
        for name, part in _fields(kind)
    )
    return f"{kind.id.upper()}({', '.join(fields)})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _fields(kind: Any) -> list[tuple[str, Any]]:
    # The first of a union is its tag.
    return [(name, part) for name, part in kind.children if name or kind.id != "union"]


def _has(kind: Any, ids: frozenset[str]) -> bool:
    """Whether a type is one of some, or has one inside."""
    # Versions before 1.4 describe a cursor by words.
    own = getattr(kind, "id", None)
    if own in ids:
        return True
    return own in _NESTED and any(
        _has(part, ids) for _, part in _fields(kind) if hasattr(part, "id")
    )


def exact_batches(
    batches: Iterator[Batch], description: Sequence[Any]
) -> Iterator[Batch]:
    """Return the rows of a cursor, with floats of 32 bits as short as they can be.

    :raises SourceError: for a type of which cursors drop something.
    """
    kinds = [column[1] for column in description]
    for (name, *_), kind in zip(description, kinds, strict=True):
        if _has(kind, _FINE):
            raise SourceError(
                f"The column {name!r} is of type {kind}, of which DuckDB's cursors drop"
                " the nanoseconds. Cast it to one of microseconds in the query, or pass"
                " a relation: connection.sql(query)."
            )
    narrow = {place: kind for place, kind in enumerate(kinds) if _has(kind, _FLOAT)}
    return _with_short_floats(batches, narrow) if narrow else batches


def _with_short_floats(
    batches: Iterator[Batch], kinds: dict[int, Any]
) -> Iterator[Batch]:
    shorten = {place: _shortener(kind) for place, kind in kinds.items()}
    for batch in batches:
        columns: list[Any] = list(zip(*batch, strict=True))
        for place, short in shorten.items():
            columns[place] = short(columns[place])
        yield list(zip(*columns, strict=True))


def _shortener(kind: Any) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if kind.id in _FLOAT and find_spec("pyarrow") is not None:
        return _shortened_by_arrow
    return lambda values: list(map(partial(_shortened, kind), values))


def _shortened_by_arrow(values: Sequence[Any]) -> Sequence[Any]:
    import pyarrow as pa

    from ..arrow_values import values_of

    return values_of(pa.array(values, pa.float32()))


def _shortened(kind: Any, value: Any) -> Any:
    if value is None or not _has(kind, _FLOAT):
        return value
    if kind.id == "float":
        return shortest(value, 32)
    parts = dict(kind.children)
    if kind.id == "tuple":
        return tuple(map(_shortened, [part for _, part in kind.children], value))
    if kind.id in ("list", "array"):
        return type(value)(map(_shortened, repeat(parts["child"]), value))
    if kind.id == "struct":
        return {name: _shortened(parts[name], each) for name, each in value.items()}
    if kind.id == "map":
        key, item = parts["key"], parts["value"]
        return {_shortened(key, k): _shortened(item, v) for k, v in value.items()}
    # A union does not tell which of its types a value has.
    return value
