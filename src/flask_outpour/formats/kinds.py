"""Values of a column enter, or what is known of them; a type of Arrow's leaves."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Set
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from ..column_types import ColumnType
from .arrays import import_pyarrow
from .arrays import NESTED
from .arrays import UNFIT
from .genuine import Genuine
from .values import base_of
from .values import BASE_TYPES
from .values import plain

#: Digits of a decimal128, and of a decimal256.
_DIGITS, _MOST_DIGITS = 38, 76
#: Digits behind the point, where a source says that a column has decimals, and not
#: which. As many as Spark has then; later rows may have more than the first.
_SCALE = 18
#: The types that say all of the kind of a value.
_SIMPLE = BASE_TYPES - NESTED - {Genuine.datetime}
_LIST = "list of "
_ZONED, _NAIVE = "datetime with a zone", "datetime without a zone"
#: What dicts and lists of several kinds become.
_JSON = "JSON"
#: The types of Arrow by kind.
_TYPES = {
    "bool": "bool",
    "int": "int64",
    "float": "float64",
    "Decimal": "decimal128",
    "str": "string",
    "bytes": "binary",
    _NAIVE: "timestamp[us]",
    _ZONED: "timestamp[us, tz=UTC]",
    "date": "date32",
    "time": "time64[us]",
    "timedelta": "duration[us]",
}


def guessed(
    values: Iterable[Any], known: ColumnType | None
) -> tuple[Any, Set[type] | None]:
    """Return a type of Arrow for values, and what it takes if that is not usual.

    :param known: what the source says of them.
    :raises TypeError: where no type has all of these values.
    """
    if known is not None and known.is_sure:
        telling = [] if is_settled(known) else list(_writable(values))
        return _known_type(known, telling), _taken(known)
    kinds = kinds_of(values)
    if known is not None and _fits(known, kinds):
        return _known_type(known, values), _taken(known)
    kind = common(kinds)
    return _arrow_type(kind, values), NESTED if kind == _JSON else None


def _writable(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the values that a column may have; the others are named later."""
    for value in values:
        try:
            yield plain(value)
        except UNFIT:
            continue


def is_settled(known: ColumnType | None) -> bool:
    """Whether the type of a column is known without a look at its values."""
    if known is None or not known.is_sure:
        return False
    if known.base is Decimal:
        return known.scale is not None
    if issubclass(known.base, Genuine.datetime):
        return known.zoned is not None
    return known.item is None or is_settled(known.item)


def _taken(known: ColumnType) -> Set[type] | None:
    return NESTED if known.base is dict else None


def _known_type(known: ColumnType, values: Iterable[Any]) -> Any:
    """Return the type of Arrow for what is known, and some values where it is not."""
    pa = import_pyarrow()
    if known.base is list and known.item is not None:
        return pa.list_(_known_type(known.item, _items(values)))
    if known.base is Decimal:
        return _decimal_type(known, values)
    if issubclass(known.base, Genuine.datetime):
        zoned = known.zoned
        if zoned is None:
            zoned = _ZONED in kinds_of(v for v in values if isinstance(v, datetime))
        return _arrow_type(_ZONED if zoned else _NAIVE, ())
    if known.unsigned:
        return pa.uint64()
    kind = known.base.__name__
    return _arrow_type(kind if kind in _TYPES else _JSON, ())


def _decimal_type(known: ColumnType, values: Iterable[Any]) -> Any:
    pa = import_pyarrow()
    scale = known.scale
    if scale is None:
        whole, scale = _digits(values)
        if whole <= _DIGITS - _SCALE:
            scale = max(scale, _SCALE)
    precision = max(known.precision or _DIGITS, scale)
    if known.scale is None or not 0 <= scale <= _MOST_DIGITS:
        precision, scale = _DIGITS, min(max(scale, 0), _DIGITS)
    if precision <= _DIGITS:
        return pa.decimal128(precision, scale)
    return pa.decimal256(min(precision, _MOST_DIGITS), scale)


def _fits(known: ColumnType, kinds: Set[str]) -> bool:
    """Whether values of some kinds are as a source expects them."""
    if known.base is dict:
        return all(kind == "dict" or kind.startswith("list") for kind in kinds)
    if known.base is list and known.item is not None:
        # A list that is empty says nothing.
        inside = {kind.removeprefix(_LIST) for kind in kinds - {"list"}}
        lists = all(kind.startswith("list") for kind in kinds)
        return lists and _fits(known.item, inside)
    if issubclass(known.base, Genuine.datetime):
        zones = {None: {_ZONED, _NAIVE}, True: {_ZONED}, False: {_NAIVE}}
        return kinds <= zones[known.zoned]
    wide = {"int"} if known.base in (float, Decimal) else set()
    return kinds <= {known.base.__name__} | wide


def kinds_of(values: Iterable[Any]) -> set[str]:
    """Return the names of the kinds of values, but for ``None``."""
    values = list(values)
    types = set(map(type, values)) - {type(None)}
    if types <= _SIMPLE:
        return {kind.__name__ for kind in types}
    return set().union(*map(_kinds_of, map(plain, values)))


def _kinds_of(value: Any) -> set[str]:
    if value is None:
        return set()
    kind = base_of(value)
    if kind is list:
        return {f"{_LIST}{name}" for name in _kinds_inside(value)} or {"list"}
    if kind is Genuine.datetime:
        return {_NAIVE if value.tzinfo is None else _ZONED}
    return {kind.__name__}


def _kinds_inside(values: list[Any]) -> set[str]:
    try:
        return kinds_of(values)
    except TypeError:
        # The innermost value is to blame.
        for value in values:
            try:
                kinds_of([value])
            except TypeError as error:
                name = type(value).__name__
                raise TypeError(str(error) or f"it has a {name} inside") from None
        raise


def common(kinds: Set[str]) -> str:
    """Return the one kind that holds all of these.

    :raises TypeError: where there is none.
    """
    if kinds <= _TYPES.keys() and len(kinds) < 2:
        return next(iter(kinds), "str")
    if kinds in ({"int", "float"}, {"int", "Decimal"}):
        return next(iter(kinds - {"int"}))
    if not all(kind == "dict" or kind.startswith("list") for kind in kinds):
        raise TypeError
    if "dict" in kinds:
        return _JSON
    try:
        item = common({kind.removeprefix(_LIST) for kind in kinds - {"list"}})
    except TypeError:
        return _JSON
    return f"{_LIST}{item}" if item in _TYPES else _JSON


def _arrow_type(kind: str, values: Iterable[Any]) -> Any:
    """Return the type of Arrow for values of a kind."""
    pa = import_pyarrow()
    if kind.startswith(_LIST):
        return pa.list_(_arrow_type(kind.removeprefix(_LIST), _items(values)))
    if kind == _ZONED:
        return pa.timestamp("us", "UTC")
    if kind == "Decimal":
        return pa.decimal128(_DIGITS, min(_digits(values)[1], _DIGITS))
    return pa.string() if kind == _JSON else pa.type_for_alias(_TYPES[kind])


def _items(values: Iterable[Any]) -> Iterable[Any]:
    lists = (value for value in map(plain, values) if isinstance(value, list))
    return list(chain.from_iterable(lists))


def _digits(values: Iterable[Any]) -> tuple[int, int]:
    """Return the most digits before the point that a decimal here has, and behind."""
    decimals = [value for value in map(plain, values) if isinstance(value, Decimal)]
    # The exponent of an infinity, which no column has, is a letter.
    finite = [value for value in decimals if value.is_finite()]
    before = max([0, *(value.adjusted() + 1 for value in finite if value)])
    behind = [-int(value.as_tuple().exponent) for value in finite]
    return before, max([0, *behind])
