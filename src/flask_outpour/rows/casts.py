"""A query of PostgreSQL's enters; a COPY that writes its values as Outpour does leaves.

The bytes of CSV are those of the format. Of JSON it is the texts of the cells, from
which :mod:`objects` makes the lines: that is twice as fast as ``row_to_json()``.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..lines import CSVLines
from ..lines import JSONLines
from ..lines import Lines
from .to_char import to_char_pattern

BOOL, BYTEA, NAME, INT8, INT2, INT4, TEXT = 16, 17, 19, 20, 21, 23, 25
BPCHAR, VARCHAR, NUMERIC, UUID = 1042, 1043, 1700, 2950
DATE, TIME, TIMESTAMP, TIMESTAMPTZ = 1082, 1083, 1114, 1184
BOOLS, INT2S, INT4S, TEXTS, VARCHARS, INT8S = 1000, 1005, 1007, 1009, 1015, 1016

ARRAYS_OF_TEXT = frozenset({TEXTS, VARCHARS})
_OTHER_ARRAYS = frozenset({BOOLS, INT2S, INT4S, INT8S})
#: What JSON has beside strings.
WITHOUT_QUOTES = frozenset({BOOL, INT2, INT4, INT8}) | ARRAYS_OF_TEXT | _OTHER_ARRAYS

#: The first condition makes an error of what Python lacks: its cast always fails, and
#: as it needs the value, it is not tried before there is one.
_IN_RANGE = (
    "CASE WHEN {c} < '0001-01-01' OR {c} >= '10000-01-01' THEN ({error} || {c})::{type}"
)
_MOMENT = _IN_RANGE + "::text WHEN {c} = {c}::{type}(0) THEN "
_TIME = (
    "CASE {c} WHEN '24:00' THEN ({error} || {c})::time::text"
    " WHEN {c}::time(0) THEN {c}::text ELSE rpad({c}::text, 15, '0') END"
)
#: For each type, by its OID, what PostgreSQL is to write of a column ``c``. There are
#: no floats, whose digits differ from Python's, and no json, which is kept as it came.
_CASTS: dict[int, str] = {
    **dict.fromkeys((INT2, INT4, INT8, NUMERIC, UUID), "{c}"),
    # A cast of char(n) to text would strip its blanks, which Python keeps.
    **dict.fromkeys((TEXT, VARCHAR, BPCHAR, NAME), "{c}"),
    BOOL: "CASE {c} WHEN true THEN 'true' WHEN false THEN 'false' END",
    BYTEA: "replace(encode({c}, 'base64'), E'\\n', '')",
    DATE: _IN_RANGE + " ELSE {c} END",
    TIME: _TIME,
    # Few moments have a fraction; that of the others gets all its digits.
    TIMESTAMP: _MOMENT + "{c}::text ELSE rpad({c}::text, 26, '0') END",
    # In UTC the text ends in +00.
    TIMESTAMPTZ: _MOMENT + "{c} || ':00'"
    " ELSE rpad(({c} AT TIME ZONE 'UTC')::text, 26, '0') || '+00:00' END",
    # Their bounds, which Python does not see, are not in JSON either.
    **dict.fromkeys(_OTHER_ARRAYS, "replace(array_to_json({c})::text, ',', ', ')"),
    **dict.fromkeys(ARRAYS_OF_TEXT, "to_jsonb({c})::text"),
}
_JSON_CASTS = _CASTS | {
    TIMESTAMP: _MOMENT + "replace({c}::text, ' ', 'T')"
    " ELSE rpad(replace({c}::text, ' ', 'T'), 26, '0') END",
    TIMESTAMPTZ: _MOMENT + "replace({c} || ':00', ' ', 'T') ELSE rpad(replace("
    "({c} AT TIME ZONE 'UTC')::text, ' ', 'T'), 26, '0') || '+00:00' END",
    **dict.fromkeys(_OTHER_ARRAYS | ARRAYS_OF_TEXT, "array_to_json({c})"),
}
_WITH_COMMA = "replace({c}::text, '.', ',')"
#: How these are written by a pattern.
_BY_PATTERN = {
    DATE: _IN_RANGE + "::text ELSE to_char({c}::timestamp, {pattern}) END",
    TIME: "CASE {c} WHEN '24:00' THEN ({error} || {c})::time::text"
    " ELSE to_char({c}::interval, {pattern}) END",
    **dict.fromkeys(
        (TIMESTAMP, TIMESTAMPTZ), _IN_RANGE + "::text ELSE to_char({c}, {pattern}) END"
    ),
}
_SQL_TYPES = {
    **{DATE: "date", TIME: "time"},
    **{TIMESTAMP: "timestamp", TIMESTAMPTZ: "timestamptz"},
}
#: NULL is a tab, since COPY writes a tab that is data as an escape.
JSON_OPTIONS = "FORMAT text, DELIMITER '\"', NULL E'\\t', ENCODING 'UTF8'"


def copy_query(
    query: str,
    oids: Sequence[int],
    names: Sequence[str],
    take: Sequence[int],
    lines: Lines,
) -> str | None:
    """Return the statement of a COPY, or ``None`` if a type is not cast exactly.

    Its session must write dates as ISO, and moments with a zone in UTC. Values that
    Python's types lack, such as infinite dates, end it with an error.

    :param query: a SELECT with psycopg's placeholders.
    :param oids: of the types of its columns.
    :param names: of the columns that are taken.
    :param take: the places of these.
    """
    if isinstance(lines, CSVLines) and lines.dialect == "postgresql":
        return _copy(_own_text(query, len(oids), take), _csv_options(lines))
    casts = _JSON_CASTS if isinstance(lines, JSONLines) else _csv_casts(lines)
    if not take or not all(oids[place] in casts for place in take):
        return None
    cells = [
        _cast(casts[oids[place]], oids[place], place, name)
        for place, name in zip(take, names, strict=True)
    ]
    source = f"(\n{query}\n)"
    if any(oids[place] in _SQL_TYPES for place in take):
        # Such a cast has its column more than once. Without OFFSET the planner may put
        # the query's own expression in each place, to be evaluated there again.
        source = f"(SELECT * FROM {source} AS q OFFSET 0)"
    if isinstance(lines, JSONLines):
        return _copy(_select(cells, source, len(oids)), JSON_OPTIONS)
    if len(cells) == 1:
        # Its NULL, too, is ``""``: a blank line is no record.
        text = "" if oids[take[0]] == BPCHAR else "::text"
        cells = [f"coalesce(({cells[0]}){text}, '')"]
    return _copy(_select(cells, source, len(oids)), _csv_options(lines))


def _csv_casts(lines: CSVLines) -> dict[int, str]:
    """Return the casts for lines, without those of types that differ from Python's."""
    casts = dict(_CASTS)
    if lines.decimal == ",":
        # Only numbers with a fraction have the sign; floats are not cast at all.
        casts[NUMERIC] = _WITH_COMMA
    for pattern, oids in (
        *((lines.dates, [DATE]), (lines.times, [TIME])),
        (lines.datetimes, [TIMESTAMP, TIMESTAMPTZ]),
    ):
        if pattern is None:
            continue
        made = to_char_pattern(pattern)
        for oid in oids:
            del casts[oid]
            if made is not None:
                literal = _literal(made).replace("{", "{{").replace("}", "}}")
                casts[oid] = _BY_PATTERN[oid].replace("{pattern}", literal)
    return casts


def _cast(cast: str, oid: int, place: int, name: str) -> str:
    error = _literal(f"column {name!r} has what Python cannot hold: ")
    return cast.format(c=f"c{place}", error=error, type=_SQL_TYPES.get(oid))


def _own_text(query: str, width: int, take: Sequence[int]) -> str:
    if list(take) == list(range(width)):
        return f"\n{query}\n"
    return _select([f"c{place}" for place in take], f"(\n{query}\n)", width)


def _select(cells: Sequence[str], source: str, width: int) -> str:
    columns = ", ".join(f"c{place}" for place in range(width))
    return f"SELECT {', '.join(cells)} FROM {source} AS q({columns})"


def _csv_options(lines: CSVLines) -> str:
    delimiter = _literal(lines.delimiter)
    return f"FORMAT csv, HEADER false, DELIMITER {delimiter}, ENCODING 'UTF8'"


def _copy(query: str, options: str) -> str:
    return f"COPY ({query}) TO STDOUT ({options})"


def _literal(text: str) -> str:
    """Return a string of SQL, in which psycopg finds no placeholder either."""
    for special in ("\\", "'", "%"):
        text = text.replace(special, special * 2)
    return f"E'{text}'"
