"""Tests of the casts of COPY: that its bytes are those of the general path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from typing import NamedTuple

import psycopg
import pytest
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import Phase
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sqlalchemy import Connection
from sqlalchemy import create_engine
from sqlalchemy import text
from sqlalchemy.exc import DataError

from flask_outpour.formats.csv import CSV
from flask_outpour.formats.csv import TSV
from flask_outpour.formats.json import NDJSON
from flask_outpour.lines import CSVLines
from flask_outpour.lines import JSONLines
from flask_outpour.rows import casts
from flask_outpour.rows import open_rows
from flask_outpour.rows.casts import copy_query
from flask_outpour.rows.objects import Objects
from postgresql import PostgreSQL

#: All controls, some of which JSON and COPY escape differently, and what is special in
#: CSV, in JSON, in SQL and in the text of COPY.
_HOSTILE = (
    *(
        "",
        " ",
        "\\.",
        "\\N",
        "\\\\N",
        "NULL",
        "null",
        '"',
        '""',
        "'",
        "\\",
        '\\"',
        '"\\',
    ),
    *(",", ";", "\t", "\r", "\n", "\r\n", "\v", "\\v", "\\\v", "\\\\v", "a\\\\"),
    *('",\n', "%", "%s", "%(a)s", "{}", "\ufeff", "\x7f\x80\xa0", "\u2028", "😀", "é"),
    *(chr(code) for code in range(1, 32)),
)
#: PostgreSQL's text has everything but NUL, and surrogates, which UTF-8 lacks.
_characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_texts = st.sampled_from(_HOSTILE) | st.text(_characters, max_size=8)
_joined = st.lists(_texts, max_size=3).map("".join)
_digits = st.integers(0, 10**20).map(str) | st.sampled_from(["0", "9" * 1000])
_fractions = st.sampled_from(
    ["", ".1", ".12", ".000001", ".100000", ".999999", ".5", ".123456"]
)
_clocks = st.builds("{:%H:%M:%S}{}".format, st.times(), _fractions) | st.sampled_from(
    ["00:00:00", "23:59:59", "23:59:59.999999"]
)
_dates = st.dates().map(str) | st.sampled_from(["0001-01-01", "9999-12-31"])
_moments = st.builds("{} {}".format, _dates, _clocks)


def _integers(bits: int) -> SearchStrategy[str]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return (st.sampled_from([low, 0, high]) | st.integers(low, high)).map(str)


def _arrays(elements: SearchStrategy[str]) -> SearchStrategy[str]:
    """Write arrays as PostgreSQL reads them: of two dimensions, with other bounds."""
    cells = st.just("NULL") | elements.map(_element)
    row = st.lists(cells, max_size=4)
    flat = row.map(_braces)
    bounded = row.filter(len).map(lambda row: f"[3:{len(row) + 2}]={_braces(row)}")
    pair = st.lists(st.tuples(cells, cells), min_size=1, max_size=3)
    return flat | bounded | pair.map(lambda rows: _braces(map(_braces, rows)))


def _element(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _braces(members: Any) -> str:
    return "{" + ",".join(members) + "}"


class Kind(NamedTuple):
    """A type of PostgreSQL's."""

    oid: int
    #: What it reads as a value of the type.
    values: SearchStrategy[str]


_booleans = st.sampled_from(["true", "false"])
KINDS = {
    "bool": Kind(casts.BOOL, _booleans),
    "int2": Kind(casts.INT2, _integers(16)),
    "int4": Kind(casts.INT4, _integers(32)),
    "int8": Kind(casts.INT8, _integers(64)),
    "text": Kind(casts.TEXT, _joined),
    "varchar(40)": Kind(casts.VARCHAR, _texts),
    "char(12)": Kind(casts.BPCHAR, _texts),
    "name": Kind(casts.NAME, _texts),
    "numeric": Kind(
        casts.NUMERIC,
        st.sampled_from(["NaN", "Infinity", "-Infinity", "-0.00", "1e-30", "1e30"])
        | st.builds("{}{}.{}".format, st.sampled_from(["", "-"]), _digits, _digits),
    ),
    "numeric(12, 2)": Kind(casts.NUMERIC, _integers(32)),
    "date": Kind(casts.DATE, _dates),
    "time": Kind(casts.TIME, _clocks),
    "timestamp": Kind(casts.TIMESTAMP, _moments),
    "timestamptz": Kind(casts.TIMESTAMPTZ, _moments),
    "uuid": Kind(casts.UUID, st.uuids().map(str)),
    "bytea": Kind(
        casts.BYTEA,
        # base64 has lines of 57 bytes where they are not taken away.
        (st.sampled_from([0, 1, 56, 57, 58, 114]).map(bytes) | st.binary()).map(
            lambda value: f"\\x{value.hex()}"
        ),
    ),
    "bool[]": Kind(casts.BOOLS, _arrays(_booleans)),
    "int2[]": Kind(casts.INT2S, _arrays(_integers(16))),
    "int4[]": Kind(casts.INT4S, _arrays(_integers(32))),
    "int8[]": Kind(casts.INT8S, _arrays(_integers(64))),
    "text[]": Kind(casts.TEXTS, _arrays(_texts)),
    "varchar[]": Kind(casts.VARCHARS, _arrays(_texts)),
}
OIDS = [kind.oid for kind in KINDS.values()]
FORMATS = [
    *(CSV(), TSV(), CSV(delimiter=";"), CSV(delimiter="["), CSV(delimiter="'")),
    *(CSV(delimiter="%"), CSV(delimiter="\\"), CSV(delimiter="\x1f"), NDJSON()),
    *(CSV(decimal=",", delimiter=";"), TSV(decimal=",", errors="replace")),
    CSV(dates="%d.%m.%Y", times="%H:%M", datetimes="%d/%m/%y, %H:%M:%S.%f"),
    CSV(dates='"%Y%m%d{}%%', times="%f\\TH", datetimes="%S\"%M'D%y%m年\r", decimal="."),
]
_rows = st.lists(
    st.tuples(*(st.none() | kind.values for kind in KINDS.values())), max_size=8
)
_names = st.lists(
    _joined | st.text(max_size=5),
    min_size=len(KINDS),
    max_size=len(KINDS),
    unique=True,
)

#: A table is large, and to find the smallest that fails takes minutes.
fast = settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def connection(postgresql: PostgreSQL) -> Iterator[Connection]:
    """Return a connection with a table that has a column of every type."""
    engine = create_engine(postgresql.url("psycopg"))
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(KINDS))
    with engine.connect() as connection:
        connection.execute(text(f"CREATE TEMPORARY TABLE kinds ({columns})"))
        connection.commit()
        yield connection
    engine.dispose()


def fill(connection: Connection, rows: Sequence[Sequence[str | None]]) -> None:
    """Have the table hold these rows alone."""
    cells = ", ".join(["%s"] * len(KINDS))
    with driver(connection).cursor() as cursor:
        cursor.execute("TRUNCATE kinds")
        cursor.executemany(f"INSERT INTO kinds VALUES ({cells})", rows)
    driver(connection).commit()


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """Return the connection of psycopg that is below."""
    found: Any = connection.connection.dbapi_connection
    return found


def formatted(
    connection: Connection,
    query: str,
    names: Sequence[str],
    take: Sequence[int],
    format: Any,
) -> bytes:
    """Return what the general path makes of a query."""
    format.begin(names)
    with closing(open_rows(text(query), bind=connection)) as rows:
        return b"".join(
            format.feed([[row[place] for place in take] for row in batch])
            for batch in rows.batches
        )


def copied(
    connection: Connection,
    query: str,
    oids: Sequence[int],
    names: Sequence[str],
    take: Sequence[int],
    lines: Any,
    parameters: dict[str, Any] | None = None,
) -> bytes:
    """Return what COPY makes of a query."""
    statement = copy_query(query, oids, names, take, lines)
    assert statement is not None
    with psycopg.ClientCursor(driver(connection)) as cursor:
        bound = cursor.mogrify(statement, parameters or {})
        with cursor.copy(bound) as copy:
            text = b"".join(copy)
    if isinstance(lines, JSONLines):
        return Objects(names, [oids[place] for place in take])(text) if text else b""
    return text


@fast
@given(
    rows=_rows, names=_names, order=st.permutations(range(len(KINDS))), data=st.data()
)
def test_any_table_is_written_as_ever(
    connection: Connection,
    rows: Any,
    names: list[str],
    order: list[int],
    data: st.DataObject,
) -> None:
    """COPY writes all values, in all formats, as the general path writes them."""
    fill(connection, rows)
    take = order[: data.draw(st.integers(1, len(order)))]
    names = names[: len(take)]
    for format in FORMATS:
        expected = formatted(connection, "SELECT * FROM kinds", names, take, format)
        query = "SELECT * FROM kinds -- all of it"
        assert copied(connection, query, OIDS, names, take, format.lines) == expected


@fast
@given(rows=_rows)
def test_single_columns_are_written_as_ever(connection: Connection, rows: Any) -> None:
    """A file of one column has no blank line, and nothing that ends it for psql."""
    rows.append([None] * len(KINDS))
    fill(connection, rows)
    for place, oid in enumerate(OIDS):
        query = f"SELECT c{place} FROM kinds"
        for format in (CSV(), CSV(decimal=",", delimiter=";"), NDJSON()):
            expected = formatted(connection, query, ["a"], [0], format)
            assert (
                copied(connection, query, [oid], ["a"], [0], format.lines) == expected
            )


_pieces = st.sampled_from(
    [
        *"YymdHMSf%",
        "TH",
        "th",
        "D",
        "FM",
        "TM",
        "SP",
        " ",
        '"',
        "\\",
        "'",
        "{",
        "}",
        ",",
    ]
)
_patterns = st.lists(
    _pieces.map(lambda piece: f"%{piece}" if piece in "YymdHMSf%" else piece),
    max_size=6,
).map("".join)


@fast
@given(rows=_rows, pieces=_patterns)
def test_any_pattern_is_that_of_strftime(
    connection: Connection, rows: Any, pieces: str
) -> None:
    """What is next to a directive does not change it, and stays as it is."""
    fill(connection, rows)
    clock = "".join(re.split("%[Yymd]", pieces))
    day = "".join(re.split("%[HMSf]", pieces))
    format = CSV(
        dates=f"%d{day}", times=f"{clock}%H", datetimes=f"{pieces}%d", header=True
    )
    take = range(len(KINDS))
    names = [f"c{place}" for place in take]
    expected = formatted(connection, "SELECT * FROM kinds", names, take, format)
    query = "SELECT * FROM kinds"
    assert copied(connection, query, OIDS, names, take, format.lines) == expected


@pytest.mark.parametrize("pattern", ["%b", "%j", "%-d", "%z", "%H%p", "%Y\0"])
def test_other_patterns_are_refused(pattern: str) -> None:
    """Only a column that has such a pattern is not cast."""
    lines = CSVLines(",", datetimes=pattern, times="%H:%M")
    for oid, is_cast in (
        *((casts.TIMESTAMP, False), (casts.TIMESTAMPTZ, False)),
        *((casts.DATE, True), (casts.TIME, True)),
    ):
        made = copy_query("SELECT", [oid], ["a"], [0], lines)
        assert (made is not None) == is_cast


def test_null_and_empty_text(connection: Connection) -> None:
    """The two differ, except where nothing would be left of a line."""
    both = "SELECT NULL::text, ''::char(2) UNION ALL SELECT '', NULL"
    oids = [casts.TEXT, casts.BPCHAR]
    line = CSVLines(",")
    got = copied(connection, both, oids, ["a", "b"], [0, 1], line)
    assert got == b',  \n"",\n'
    assert copied(connection, both, oids, ["a"], [0], line) == b'""\n""\n'
    assert copied(connection, both, oids, ["b"], [1], line) == b'  \n""\n'
    got = copied(connection, both, oids, ["a", "b"], [0, 1], JSONLines())
    assert got == b'{"a":null,"b":"  "}\n{"a":"","b":null}\n'


def test_values_of_the_table(connection: Connection) -> None:
    """Each kind of value is what the table in the documentation says."""
    query = (
        "SELECT true, '2013-01-01 05:15:00.1'::timestamp,"
        " '2013-01-01 05:15:00+00'::timestamptz, '05:15:00.000001'::time,"
        " 1.10::numeric, 'ab'::bytea, ARRAY['x', NULL], ARRAY[[1], [2]],"
        " '2013-01-01'::date"
    )
    oids = [
        *(casts.BOOL, casts.TIMESTAMP, casts.TIMESTAMPTZ, casts.TIME),
        *(casts.NUMERIC, casts.BYTEA, casts.TEXTS, casts.INT4S, casts.DATE),
    ]
    names = list("abcdefghi")
    got = copied(connection, query, oids, names, range(9), CSVLines(","))
    assert got.decode() == (
        "true,2013-01-01 05:15:00.100000,2013-01-01 05:15:00+00:00,05:15:00.000001,"
        '1.10,YWI=,"[""x"", null]","[[1], [2]]",2013-01-01\n'
    )
    got = copied(connection, query, oids, names, range(9), JSONLines())
    assert got.decode() == (
        '{"a":true,"b":"2013-01-01T05:15:00.100000","c":"2013-01-01T05:15:00+00:00",'
        '"d":"05:15:00.000001","e":"1.10","f":"YWI=","g":["x",null],"h":[[1],[2]],'
        '"i":"2013-01-01"}\n'
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((kind, "infinity") for kind in ("date", "timestamp", "timestamptz")),
        *((kind, "-infinity") for kind in ("date", "timestamp", "timestamptz")),
        *(("date", value) for value in ("0001-12-31 BC", "10000-01-01")),
        ("timestamp", "0001-12-31 23:59:59.999999 BC"),
        ("timestamp", "10000-01-01 00:00:00"),
        ("timestamptz", "0001-12-31 23:59:59.999999+00 BC"),
        ("timestamptz", "9999-12-31 23:59:59-01"),
        ("time", "24:00:00"),
    ],
)
def test_what_python_lacks_is_an_error(
    connection: Connection, kind: str, value: str
) -> None:
    """The error names the column and the value, and psycopg has one there, too."""
    query = f"SELECT 1, CAST('{value}' AS {kind}) AS odd"
    with pytest.raises(DataError):
        formatted(connection, query, ["a", "b"], [0, 1], CSV())
    oids, name = [casts.INT4, KINDS[kind].oid], 'it\'s 100 % \\ "ö"\0\n'
    with driver(connection).cursor() as cursor:
        cursor.execute(f"SELECT '{value}'::{kind}::text")
        (shown,) = cursor.fetchone() or ("",)
    for lines in (CSVLines(","), JSONLines()):
        for take, names in (((1,), (name,)), ((0, 1), ("a", name))):
            # A row that is not read has nothing to complain of.
            none = f"{query} WHERE now() < '2000-01-01'"
            assert copied(connection, none, oids, names, take, lines) == b""
            message = f"column {name!r} has what Python cannot hold: {shown}"
            with pytest.raises(psycopg.DataError, match=re.escape(message)):
                copied(connection, query, oids, names, take, lines)
            driver(connection).rollback()


def test_expressions_of_a_query_run_once(connection: Connection) -> None:
    """A cast that needs its column twice does not have it computed twice."""
    connection.execute(text("CREATE TEMPORARY SEQUENCE calls"))
    connection.execute(
        text(
            "CREATE FUNCTION pg_temp.moment(a int) RETURNS timestamp STABLE"
            " LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('calls');"
            " RETURN '2013-01-01'; END $$"
        )
    )
    query = "SELECT pg_temp.moment(a) FROM generate_series(1, 10) AS a"
    for lines in (CSVLines(","), JSONLines()):
        copied(connection, query, [casts.TIMESTAMP], ["a"], [0], lines)
    assert connection.scalar(text("SELECT last_value FROM calls")) == 20
    connection.rollback()


def test_placeholders_are_bound(connection: Connection) -> None:
    """Placeholders of the query are psycopg's, and names and options are none."""
    query = "SELECT %(value)s::text, '100 %%'::text"
    oids, names = [casts.TEXT] * 2, ["%(value)s", "%"]
    values = {"value": "a'b"}
    got = copied(connection, query, oids, names, [0, 1], CSVLines("%"), values)
    assert got == b'a\'b%"100 %"\n'
    got = copied(connection, query, oids, names, [0, 1], JSONLines(), values)
    assert got == b'{"%(value)s":"a\'b","%":"100 %"}\n'


def test_domains_are_their_types(connection: Connection) -> None:
    """A domain comes with the OID of its type, and may forbid values of ours."""
    connection.execute(text("CREATE DOMAIN pg_temp.code AS text CHECK (value <> '')"))
    connection.execute(
        text("CREATE DOMAIN pg_temp.born AS date CHECK (value > '1900-01-01')")
    )
    connection.execute(text("CREATE DOMAIN pg_temp.ids AS int[]"))
    query = "SELECT NULL::pg_temp.code, '2013-01-01'::pg_temp.born, '{1}'::pg_temp.ids"
    oids = [casts.TEXT, casts.DATE, casts.INT4S]
    assert copied(connection, query, oids, ["a"], [0], CSVLines(",")) == b'""\n'
    for format in (CSV(), NDJSON()):
        expected = formatted(
            connection, query.replace(":", "\\:"), "abc", range(3), format
        )
        got = copied(connection, query, oids, "abc", range(3), format.lines)
        assert got == expected
    connection.rollback()


@pytest.mark.parametrize(
    "oid", [0, 18, 114, 700, 701, 705, 1082 + 100, 1186, 1231, 1266, 3802, 3904, 16385]
)
def test_other_types_are_refused(oid: int) -> None:
    """One column of a type that is not cast exactly is enough, if it is taken."""
    for lines in (CSVLines(","), JSONLines()):
        assert copy_query("SELECT", [25, oid], ["a", "b"], [0, 1], lines) is None
        assert copy_query("SELECT", [25, oid], ["a"], [0], lines) is not None
    own = CSVLines(",", "postgresql")
    assert copy_query("SELECT", [25, oid], ["a", "b"], [0, 1], own) is not None


def test_text_of_postgresql(connection: Connection) -> None:
    """Its own dialect is what COPY writes without casts, of any type."""
    query = "SELECT true, 'infinity'::date, 0.1::float8, NULL, '' -- end"
    oids = [casts.BOOL, casts.DATE, 701, 25, 25]
    own = CSVLines(";", "postgresql")
    got = copied(connection, query, oids, list("abcde"), range(5), own)
    assert got == b't;infinity;0.1;;""\n'
    got = copied(connection, query, oids, ["c", "a"], [2, 0], own)
    assert got == b"0.1;t\n"
