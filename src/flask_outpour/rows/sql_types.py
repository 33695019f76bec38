"""Types of SQLAlchemy's columns enter; what they say of their values leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Alias
from sqlalchemy import Cast
from sqlalchemy import Column
from sqlalchemy import CompoundSelect
from sqlalchemy import inspect
from sqlalchemy import Label
from sqlalchemy import Table
from sqlalchemy import TypeCoerce
from sqlalchemy import types

from ..column_types import ByName
from ..column_types import ColumnType
from ..column_types import Types
from .annotations import type_of
from .descriptions import Described
from .descriptions import has_entities
from .driver_types import types_of_description

#: Where a DateTime has a zone if it says so, and where it never has one.
_ZONED, _NAIVE = ("postgresql",), ("sqlite", "mysql", "mariadb")
#: By the generic types, each before its own bases.
_KNOWN: Sequence[tuple[type[Any], ColumnType]] = (
    (types.Boolean, ColumnType(base=bool)),
    (types.Integer, ColumnType(base=int)),
    (types.String, ColumnType(base=str)),
    (types.Uuid, ColumnType(base=str)),
    (types._Binary, ColumnType(base=bytes)),
    (types.Date, ColumnType(base=date)),
    (types.Time, ColumnType(base=time)),
    (types.Interval, ColumnType(base=timedelta)),
    # These may hold anything.
    (types.JSON, ColumnType(base=dict, is_sure=False)),
)


def types_of_result(
    result: Any,
    described: Sequence[Described],
    names: Sequence[str] | None,
    description: Sequence[Any] | None,
) -> Types | ByName:
    """Return what is known of the columns of a result.

    :param result: of a connection.
    :param described: the columns of its statement.
    :param names: of what it gives, where this is no mapping.
    :param description: of its cursor.
    """
    context: Any = getattr(result, "context", None)
    if context is None:
        return {}
    found = _types_of_columns(context, description)
    keys = [str(key) for key in result._metadata.keys]
    if names is not None and not has_entities(described) and len(names) == len(keys):
        return found
    known: dict[str, ColumnType | None] = {}
    if has_entities(described):
        selected = [column.keyname for column in _selected(context)]
        by_key = dict(zip(selected, found, strict=False))
        for column in described:
            attributes = [column.name]
            of: Types = [by_key.get(column.name)]
            if column.mapper is not None:
                attributes = [each.key for each in column.mapper.column_attrs]
                of = types_of_mapper(column.mapper, attributes, context.dialect)
            _add(known, attributes, of)
    else:
        _add(known, keys, found)
    return known if names is None else [known.get(name) for name in names]


def _add(known: dict[str, Any], names: Sequence[str], found: Types) -> None:
    for name, each in zip(names, found, strict=False):
        # What is called the same may be either.
        known[name] = None if name in known else each


def types_of_mapper(mapper: Any, names: Sequence[str], dialect: Any = None) -> Types:
    """Return what is known of some attributes of a mapped class."""
    found: list[ColumnType | None] = []
    for name in names:
        attribute = mapper.column_attrs.get(name)
        if attribute is None:
            found.append(None)
            continue
        column = attribute.columns[0]
        known = type_of_sql(column.type, dialect)
        found.append(known if _is_declared(column) else _loose(known))
    return found


def types_of_entity(kind: type, names: Sequence[str]) -> Types:
    """Return what is known of some attributes of objects of a mapped class."""
    return types_of_mapper(inspect(kind), names)


def _types_of_columns(context: Any, description: Sequence[Any] | None) -> Types:
    dialect = context.dialect
    driver = getattr(dialect.dbapi, "__name__", "")
    told = types_of_description(driver.partition(".")[0], description)
    columns = _selected(context)
    if len(columns) != len(told):
        return told
    declares = not isinstance(context.invoked_statement, CompoundSelect)
    found: list[ColumnType | None] = []
    for column, code, of_driver in zip(columns, description or (), told, strict=True):
        known = type_of_sql(column.type, dialect)
        if known is not None and declares and any(map(_is_declared, column.objects)):
            found.append(_with_scale(known, of_driver))
        elif of_driver is not None and not _is_changed(column.type, dialect, code[1]):
            found.append(of_driver)
        else:
            found.append(_loose(known))
    return found


def _selected(context: Any) -> Sequence[Any]:
    """Return what SQLAlchemy notes of each column of a statement."""
    return getattr(context.compiled, "_result_columns", None) or ()


def _with_scale(known: ColumnType, told: ColumnType | None) -> ColumnType:
    """Return a type with the digits that its database has, where it says none."""
    if known.base is not Decimal or known.scale is not None or told is None:
        return known
    return replace(known, precision=told.precision, scale=told.scale)


def _is_changed(kind: Any, dialect: Any, code: Any) -> bool:
    """Whether SQLAlchemy makes other values of what the driver gives."""
    try:
        return kind.dialect_impl(dialect).result_processor(dialect, code) is not None
    except Exception:
        return True


def _is_declared(element: Any) -> bool:
    """Whether the type of an element is that of its values, and not of an operand.

    A sum of integers has the type of these in SQLAlchemy, and is a decimal in some
    databases.
    """
    if isinstance(element, Label):
        return _is_declared(element.element)
    if isinstance(element, Cast | TypeCoerce):
        return True
    if not isinstance(element, Column):
        return False
    table: Any = element.table
    while isinstance(table, Alias):
        table = table.element
    return isinstance(table, Table)


def _loose(known: ColumnType | None) -> ColumnType | None:
    """Return what is left of the type of an expression: its kind."""
    if known is None:
        return None
    return ColumnType(
        base=known.base, zoned=known.zoned, item=known.item, is_sure=False
    )


def type_of_sql(kind: Any, dialect: Any = None) -> ColumnType | None:
    """Return what a type of SQLAlchemy's says of its values.

    :param dialect: of the database that they come from.
    """
    if dialect is not None:
        # It may have another one for this database.
        kind = kind.dialect_impl(dialect)
    if isinstance(kind, types.TypeDecorator) and not isinstance(kind, types.Interval):
        # What it makes of them is its own affair.
        return _loose(type_of_sql(kind.impl_instance))
    if isinstance(kind, types.Enum):
        return (
            ColumnType(base=str)
            if kind.enum_class is None
            else type_of(kind.enum_class)
        )
    # In SQLAlchemy 2.1 a Float is no Numeric any more.
    if isinstance(kind, types.Numeric | types.Float):
        return _of_numeric(kind)
    if isinstance(kind, types.DateTime):
        return ColumnType(base=datetime, zoned=_is_zoned(kind, dialect))
    if isinstance(kind, types.ARRAY):
        item = type_of_sql(kind.item_type, dialect)
        return item and ColumnType(base=list, item=item, is_sure=False)
    if isinstance(kind, types.Integer) and getattr(kind, "unsigned", False):
        return ColumnType(base=int, unsigned=True)
    for generic, known in _KNOWN:
        if isinstance(kind, generic):
            return known
    # Such as PostgreSQL's own one for durations.
    is_interval = getattr(kind, "__visit_name__", "") == "INTERVAL"
    return ColumnType(base=timedelta) if is_interval else None


def _of_numeric(kind: Any) -> ColumnType:
    if not kind.asdecimal:
        return ColumnType(base=float)
    if isinstance(kind, types.Float) or kind.scale is None:
        return ColumnType(base=Decimal)
    return ColumnType(base=Decimal, precision=kind.precision, scale=kind.scale)


def _is_zoned(kind: types.DateTime, dialect: Any) -> bool | None:
    name = getattr(dialect, "name", None)
    if name in _NAIVE:
        return False
    return kind.timezone if name in _ZONED else None
