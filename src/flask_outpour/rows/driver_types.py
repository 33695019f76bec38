"""The description of a cursor (PEP 249) enters; what it says of its columns leaves.

A driver can be told to give other values than its types have at first. So nothing here
is sure: it counts where the first rows have no value, or one of this type.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ..column_types import ColumnType
from ..column_types import Types
from .annotations import type_of
from .casts import BOOL
from .casts import BOOLS
from .casts import BPCHAR
from .casts import BYTEA
from .casts import DATE
from .casts import INT2
from .casts import INT2S
from .casts import INT4
from .casts import INT4S
from .casts import INT8
from .casts import INT8S
from .casts import NAME
from .casts import NUMERIC
from .casts import TEXT
from .casts import TEXTS
from .casts import TIME
from .casts import TIMESTAMP
from .casts import TIMESTAMPTZ
from .casts import UUID
from .casts import VARCHAR
from .casts import VARCHARS

_MOMENT = ColumnType(base=datetime, zoned=False)
_ZONED = ColumnType(base=datetime, zoned=True)
#: By the OIDs of PostgreSQL's types.
_POSTGRESQL: dict[int, ColumnType] = {
    BOOL: ColumnType(base=bool),
    BYTEA: ColumnType(base=bytes),
    # The 26 is of "oid".
    **dict.fromkeys((INT2, INT4, INT8, 26), ColumnType(base=int)),
    **dict.fromkeys((700, 701), ColumnType(base=float)),
    NUMERIC: ColumnType(base=Decimal),
    **dict.fromkeys(
        (TEXT, VARCHAR, BPCHAR, NAME, UUID),
        ColumnType(base=str),
    ),
    DATE: ColumnType(base=date),
    TIME: ColumnType(base=time),
    TIMESTAMP: _MOMENT,
    TIMESTAMPTZ: _ZONED,
    1186: ColumnType(base=timedelta),
    # json and jsonb.
    **dict.fromkeys((114, 3802), ColumnType(base=dict)),
}
#: By the OIDs of arrays, those of their elements.
_ARRAYS = {
    BOOLS: BOOL,
    **dict.fromkeys((INT2S, INT4S, INT8S), INT8),
    **dict.fromkeys((1021, 1022), 701),
    **dict.fromkeys((TEXTS, VARCHARS, 1014, 2951), TEXT),
    **{1231: NUMERIC, 1115: TIMESTAMP, 1185: TIMESTAMPTZ},
    **{1182: DATE, 1183: TIME, 1187: 1186, 1001: BYTEA},
}
_POSTGRESQL |= {
    array: ColumnType(base=list, item=_POSTGRESQL[oid])
    for array, oid in _ARRAYS.items()
}
#: By the codes of the protocol of MySQL and MariaDB. Text has those of bytes.
_MYSQL: dict[int, ColumnType] = {
    **dict.fromkeys((0, 246), ColumnType(base=Decimal)),
    **dict.fromkeys((1, 2, 3, 8, 9, 13), ColumnType(base=int)),
    **dict.fromkeys((4, 5), ColumnType(base=float)),
    **dict.fromkeys((7, 12), _MOMENT),
    **dict.fromkeys((10, 14), ColumnType(base=date)),
    11: ColumnType(base=timedelta),
    16: ColumnType(base=bytes),
}
#: By the names of DuckDB's types.
_DUCKDB: dict[str, ColumnType] = {
    "boolean": ColumnType(base=bool),
    **dict.fromkeys(
        ("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint"),
        ColumnType(base=int),
    ),
    "uinteger": ColumnType(base=int),
    "ubigint": ColumnType(base=int, unsigned=True),
    **dict.fromkeys(("float", "double"), ColumnType(base=float)),
    "decimal": ColumnType(base=Decimal),
    **dict.fromkeys(("varchar", "uuid", "enum", "bit"), ColumnType(base=str)),
    "blob": ColumnType(base=bytes),
    "date": ColumnType(base=date),
    "time": ColumnType(base=time),
    **dict.fromkeys(
        ("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), _MOMENT
    ),
    "timestamp with time zone": _ZONED,
    "interval": ColumnType(base=timedelta),
    **dict.fromkeys(("struct", "map"), ColumnType(base=dict)),
}
_NOTHING = (None,) * 7
#: No database has decimals of more digits, but one that says nothing may look so.
_MOST_DIGITS = 1000


def types_of_description(driver: str, description: Sequence[Any] | None) -> Types:
    """Return what is known of the columns of a cursor.

    :param driver: the name of the package that the cursor is of.
    """
    read = _READERS.get(driver, _of_python)
    # Some drivers say less than PEP 249 has.
    found = [read((*column, *_NOTHING)) for column in description or ()]
    return [known and known.unsure() for known in found]


def _of_postgresql(column: Any) -> ColumnType | None:
    known = _POSTGRESQL.get(column[1])
    return _with_digits(known, column[4], column[5])


def _of_mysql(column: Any) -> ColumnType | None:
    known = _MYSQL.get(column[1])
    # What is in the place of the digits is a width, with the sign and the point.
    wide = isinstance(column[4], int) and column[4] > 38
    return _with_digits(known, 76 if wide else 38, column[5])


def _of_duckdb(column: Any) -> ColumnType | None:
    kind = getattr(column[1], "id", None)
    known = _DUCKDB.get(str(kind))
    if kind == "decimal":
        digits: Mapping[str, int] = dict(column[1].children)
        return _with_digits(known, digits["precision"], digits["scale"])
    return known


def _of_python(column: Any) -> ColumnType | None:
    """Return what a driver says that has Python's types in its descriptions."""
    kind = column[1]
    known = type_of(kind) if isinstance(kind, type) else None
    return _with_digits(known, column[4], column[5])


def _with_digits(
    known: ColumnType | None, precision: object, scale: object
) -> ColumnType | None:
    if known is None or known.base is not Decimal:
        return known
    numbers = isinstance(precision, int) and isinstance(scale, int)
    if not numbers or not 0 <= scale <= precision <= _MOST_DIGITS:  # type: ignore[operator]
        return known
    return ColumnType(base=Decimal, precision=precision, scale=scale)  # type: ignore[arg-type]


_READERS: Mapping[str, Callable[[Any], ColumnType | None]] = {
    **dict.fromkeys(("psycopg", "psycopg2", "pg8000"), _of_postgresql),
    **dict.fromkeys(("pymysql", "MySQLdb"), _of_mysql),
    **dict.fromkeys(("duckdb", "_duckdb"), _of_duckdb),
}
