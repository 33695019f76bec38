"""Arrow's columns enter; their exact values as objects of Python's types leave."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .duckdb_values import decoded
from .errors import RowError
from .short_floats import shortest

#: How many of a unit make a second.
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS_OF_DAY = 86_400
#: The most that a decimal128 has.
_DIGITS = 38
#: The types of 16 and 32 bits, as their names show them; the name of a field may look
#: like one, which does no harm.
_NARROW = re.compile(r"\b(half_?)?float\b")


def tuples_of(batch: Any, first: int = 1) -> list[tuple[Any, ...]]:
    """Return the rows of a ``pyarrow.RecordBatch``.

    :param first: the number of its first row, for errors.
    :raises RowError: for a value that Python's types cannot hold.
    """
    if not batch.num_columns:
        return [()] * batch.num_rows
    try:
        return list(zip(*map(values_of, batch.columns), strict=True))
    except Exception as error:
        raise _refusal(batch, first) from error


def batches_of(batches: Iterable[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of record batches as lists of at most ``size`` tuples.

    :raises RowError: after the rows before a value that Python's types cannot hold.
    """
    first = 1
    for batch in batches:
        for begin in range(0, batch.num_rows, size):
            piece = batch.slice(begin, size)
            try:
                rows = tuples_of(piece, first)
            except RowError as error:
                if sound := tuples_of(piece.slice(0, (error.row or first) - first)):
                    yield sound
                raise
            first += len(rows)
            yield rows


def values_of(column: Any) -> list[Any]:
    """Return the values of a ``pyarrow.Array``.

    :raises ValueError: for a time of day that Python's would wrap or round.
    """
    kind = column.type
    if pa.types.is_time(kind):
        column = _exact_times(column)
    elif pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = _without_nanoseconds(column)
    elif pa.types.is_interval(kind):
        return list(map(_duration, column.to_pylist()))
    elif _NARROW.search(str(kind)):
        if pa.types.is_union(kind):
            return _values_of_union(column)
        column = widened(column)
    elif isinstance(kind, pa.OpaqueType) and kind.vendor_name == "DuckDB":
        return decoded(kind.type_name, column.storage.to_pylist())
    maps = {"maps_as_pydicts": "strict"} if "map<" in str(kind) else {}
    values: list[Any] = column.to_pylist(**maps)
    return list(map(_spanned, values)) if "_interval" in str(kind) else values


def _spanned(value: Any) -> Any:
    """Return a value with durations for the intervals in it."""
    if isinstance(value, pa.MonthDayNano):
        return _duration(value)
    if isinstance(value, list):
        return list(map(_spanned, value))
    if isinstance(value, dict):
        return {name: _spanned(each) for name, each in value.items()}
    return value


def _values_of_union(column: Any) -> list[Any]:
    scalars = (scalar.value for scalar in column)
    return [scalar and _widened(scalar.type, scalar.as_py()) for scalar in scalars]


def widened(column: Any) -> Any:
    """Return a column with floats of 64 bits, whose texts are as short as can be.

    Those of 32 bits are read from the texts that Arrow writes of them, inside of lists
    and structs, too.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return widened(column.storage)
    if "halffloat" in str(kind) or "_view<" in str(kind):
        return _widened_one_by_one(column)
    texts = unsliced(column).cast(_with_floats(kind, pa.string()))
    return texts.cast(_with_floats(kind, pa.float64()))


def unsliced(column: Any) -> Any:
    """Return a column without what is beyond it in the lists that it is a part of.

    A cast goes through all of them.
    """
    if not column.type.num_fields:
        return column
    return column.take(pa.array(range(len(column)), pa.int64()))


def _widened_one_by_one(column: Any) -> Any:
    """Return a column as :func:`widened` does, where Arrow has no casts."""
    values = [_widened(column.type, value) for value in column.to_pylist()]
    return pa.array(values, _with_floats(column.type, pa.float64()))


def _widened(kind: Any, value: Any) -> Any:
    """Return a value of a type with its floats widened."""
    types = pa.types
    if value is None:
        return None
    if types.is_floating(kind):
        return shortest(value, kind.bit_width)
    if types.is_dictionary(kind):
        return _widened(kind.value_type, value)
    if types.is_struct(kind):
        return {field.name: _widened(field.type, value[field.name]) for field in kind}
    if types.is_map(kind):
        key, item = kind.key_type, kind.item_type
        return [(_widened(key, name), _widened(item, each)) for name, each in value]
    if hasattr(kind, "value_type"):
        return [_widened(kind.value_type, each) for each in value]
    return value


def _with_floats(kind: Any, wanted: Any) -> Any:
    """Return a type that has another one where it has narrow floats."""
    types = pa.types
    return rebuilt(
        kind, lambda k: wanted if types.is_float16(k) or types.is_float32(k) else k
    )


def rebuilt(kind: Any, leaf: Callable[[Any], Any]) -> Any:
    """Return a type with others in the place of those inside, and no dictionaries."""
    types = pa.types
    if types.is_dictionary(kind):
        return rebuilt(kind.value_type, leaf)
    if types.is_struct(kind):
        return pa.struct([_rebuilt_field(field, leaf) for field in kind])
    if types.is_map(kind):
        key = _rebuilt_field(kind.key_field, leaf)
        return pa.map_(key, _rebuilt_field(kind.item_field, leaf))
    if not hasattr(kind, "value_field"):
        return leaf(kind)
    item = _rebuilt_field(kind.value_field, leaf)
    if types.is_fixed_size_list(kind):
        return pa.list_(item, kind.list_size)
    return pa.large_list(item) if "large" in str(kind) else pa.list_(item)


def _rebuilt_field(field: Any, leaf: Callable[[Any], Any]) -> Any:
    return field.with_type(rebuilt(field.type, leaf))


def require_digits(batch: Any, first: int) -> None:
    """Check that decimals have no more digits than their type says.

    Some of DuckDB's integers of 128 bits have one more, which readers do not expect.

    :raises RowError: names the first that has.
    """
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        kind = column.type
        if not pa.types.is_decimal128(kind) or kind.precision < _DIGITS:
            continue
        bounds = pc.min_max(column).as_py().values()
        if not any(_is_long(value, kind) for value in bounds):
            continue
        for place, value in enumerate(column.to_pylist(), first):
            if _is_long(value, kind):
                cause = ValueError(f"it has more than {_DIGITS} digits")
                raise RowError.of_misfit(place, name, value, str(kind), cause)


def _is_long(value: Decimal | None, kind: Any) -> bool:
    return value is not None and value.adjusted() >= _DIGITS - kind.scale


def extremes(column: Any) -> tuple[int, int] | None:
    """Return the least and the greatest number of times in a column, if any."""
    width = pa.int64() if column.type.bit_width == 64 else pa.int32()
    found = pc.min_max(column.view(width)).as_py()
    return None if found["min"] is None else (found["min"], found["max"])


def _exact_times(column: Any) -> Any:
    day = _SECONDS_OF_DAY * PER_SECOND[column.type.unit]
    bounds = extremes(column)
    if bounds is not None and not (bounds[0] >= 0 and bounds[1] < day):
        raise ValueError("it is beyond the times of a day")
    # The cast is an error where nanoseconds would be lost.
    return column.cast(pa.time64("us"))


def _without_nanoseconds(column: Any) -> Any:
    try:
        return column.cast(pa.timestamp("us", column.type.tz))
    except pa.ArrowInvalid:
        # Then pyarrow makes them Timestamps of pandas, where that is installed.
        return column


def _duration(interval: Any) -> timedelta | None:
    if interval is None:
        return None
    microseconds, rest = divmod(interval.nanoseconds, 1000)
    if interval.months or rest:
        raise ValueError("an interval of months or nanoseconds has no exact duration")
    return timedelta(days=interval.days, microseconds=microseconds)


def _refusal(batch: Any, first: int) -> RowError:
    """Return the error of the first value that Python's types cannot hold."""
    for place in range(batch.num_rows):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                values_of(column.slice(place, 1))
            except Exception as error:
                return RowError.of_cell(first + place, name, column[place], error)
    raise AssertionError("a batch failed, and each of its values did not")
