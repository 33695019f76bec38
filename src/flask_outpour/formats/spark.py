"""Columns of Arrow's enter; those that Spark reads of a Parquet file leave.

What Spark 3.5 and 4 refuse was tried on both: times of day, nanoseconds, UUIDs, floats
of 16 bits, decimals of more than 38 digits, and names that differ in their case alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ..arrow_values import extremes
from ..arrow_values import rebuilt
from ..arrow_values import unsliced
from ..errors import RowError
from .checks import check_distinct

#: Digits of its decimals.
_DIGITS = 38
_STRING = pa.string()
#: Microseconds.
_DAY = 86_400_000_000
#: Without it, Spark 3 refuses times before 1900 and dates before 1583: files from
#: before its version 3 have them by another calendar.
_METADATA = {"org.apache.spark.version": "3.5.0"}


def readable(schema: Any) -> Any:
    """Return a schema of types that Spark reads.

    :raises RowError: where two names are one to Spark, or a column has another type.
    """
    for names in _namesakes(schema):
        # So its resolver compares them, unless it is told otherwise.
        check_distinct(map(str.lower, names), "Spark ignores case. ")
    fields = [field.with_type(_final(field)) for field in schema]
    return pa.schema(fields, _METADATA)


def converted(batch: Any, first: int) -> Any:
    """Return a record batch of such a schema, with the same values.

    :param first: the number of its first row, for errors.
    :raises RowError: for a value that Spark has no place for.
    """
    schema = readable(batch.schema)
    try:
        columns = list(map(_converted, batch.columns, schema.types))
    except (pa.ArrowException, ValueError) as error:
        raise _refusal(batch, schema, first) from error
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _namesakes(kinds: Any) -> Iterator[list[str]]:
    """Yield the names of the fields that stand beside each other, inside, too."""
    fields = list(kinds)
    yield [field.name for field in fields]
    for field in fields:
        kind = field.type
        while hasattr(kind, "value_type"):
            kind = kind.value_type
        if pa.types.is_map(kind):
            kind = kind.item_type
        if pa.types.is_struct(kind):
            yield from _namesakes(kind)


def _final(field: Any) -> Any:
    kind = field.type
    if _is_uuid(kind):
        return _STRING
    final = rebuilt(kind, _final_leaf)
    if _has_foreign(final):
        raise RowError.of_column(field.name, str(kind), "Spark")
    return kind if final == rebuilt(kind, lambda leaf: leaf) else final


def _final_leaf(kind: Any) -> Any:
    if pa.types.is_time(kind):
        return _STRING
    return pa.int64() if pa.types.is_duration(kind) else _middle_leaf(kind)


def _middle_leaf(kind: Any) -> Any:
    """Return a type that Arrow makes of another one, unless a value would lose."""
    types = pa.types
    if types.is_time(kind):
        return pa.time64("us")
    if types.is_duration(kind):
        return pa.duration("us")
    if types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if types.is_float16(kind):
        return pa.float32()
    if types.is_decimal(kind) and kind.precision > _DIGITS >= kind.scale:
        return pa.decimal128(_DIGITS, kind.scale)
    return kind


def _has_foreign(kind: Any) -> bool:
    """Whether a type is still one that Spark lacks."""
    foreign = False

    def look(leaf: Any) -> Any:
        nonlocal foreign
        foreign = foreign or _is_uuid(leaf) or getattr(leaf, "precision", 0) > _DIGITS
        return leaf

    rebuilt(kind, look)
    return foreign


def _is_uuid(kind: Any) -> bool:
    return getattr(kind, "extension_name", None) == "arrow.uuid"


def _converted(column: Any, kind: Any) -> Any:
    if column.type == kind:
        return column
    if _is_uuid(column.type):
        texts = [None if uuid is None else str(uuid) for uuid in column.to_pylist()]
        return pa.array(texts, kind)
    middle = unsliced(column).cast(rebuilt(column.type, _middle_leaf))
    _require_times_of_day(middle)
    return middle.cast(kind)


def _require_times_of_day(column: Any) -> None:
    """Check what else would be the text "value out of range"."""
    kind = column.type
    if pa.types.is_time(kind):
        bounds = extremes(column)
        if bounds is not None and not (bounds[0] >= 0 and bounds[1] < _DAY):
            raise ValueError("it is beyond the times of a day")
    for inside in _inside(column):
        _require_times_of_day(inside)


def _inside(column: Any) -> list[Any]:
    """Return what is in the values of a column that is no slice."""
    if pa.types.is_map(column.type):
        return [column.keys, column.items]
    if pa.types.is_struct(column.type):
        return column.flatten()  # type: ignore[no-any-return]
    return [column.flatten()] if column.type.num_fields else []


def _refusal(batch: Any, schema: Any, first: int) -> RowError:
    for place in range(batch.num_rows):
        for field, column in zip(schema, batch.columns, strict=True):
            try:
                _converted(column.slice(place, 1), field.type)
            except (pa.ArrowException, ValueError) as error:
                return RowError.of_misfit(
                    first + place, field.name, column[place], str(field.type), error
                )
    raise AssertionError("a batch failed, and each of its values did not")
