"""Tests of single rows: what kinds there are, and what becomes of those that differ."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
from collections import ChainMap
from collections import defaultdict
from collections import deque
from collections import namedtuple
from collections import OrderedDict
from collections import UserDict
from collections import UserList
from collections.abc import Callable
from contextlib import closing
from copy import copy
from types import MappingProxyType
from typing import Any
from typing import NamedTuple

import attr
import attrs
import msgspec
import pydantic
import pytest
import sqlalchemy
from flask import Flask
from flask.testing import FlaskClient

from flask_outpour import RowError
from flask_outpour import SourceError
from flask_outpour import stream_rows
from rows.reading import read
from rows.reading import read_until_error

NAMES = ("id", "name")
VALUES = [(1, "Ada"), (2, None), (3, "")]


class Typed(NamedTuple):
    id: int
    name: str | None


Named = namedtuple("Named", NAMES)


@dataclasses.dataclass
class Data:
    id: int
    name: str | None


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    id: int
    name: str | None = None


@dataclasses.dataclass
class Titled:
    id: int
    title: str


@attrs.define
class Defined:
    id: int
    name: str | None


@attr.s(auto_attribs=True, frozen=True)
class Attributed:
    id: int
    name: str | None


class Model(pydantic.BaseModel):
    id: int
    name: str | None


class Aliased(pydantic.BaseModel):
    id: int = pydantic.Field(alias="Number")
    name: str | None = pydantic.Field(serialization_alias="Name")


class Computed(pydantic.BaseModel):
    id: int

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def name(self) -> str | None:
        return dict(VALUES)[self.id]


@pydantic.dataclasses.dataclass
class Checked:
    id: int
    name: str | None


class Struct(msgspec.Struct):
    id: int
    name: str | None


class Packed(msgspec.Struct, frozen=True, array_like=True):
    id: int
    name: str | None


def as_dict(id: int, name: str | None) -> dict[str, Any]:
    return {"id": id, "name": name}


def as_sqlite_row(id: int, name: str | None) -> sqlite3.Row:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute("SELECT ? AS id, ? AS name", (id, name)).fetchone()
        assert isinstance(row, sqlite3.Row)
        return row


def as_sqlalchemy_row(id: int, name: str | None) -> Any:
    statement = sqlalchemy.select(
        sqlalchemy.literal(id, sqlalchemy.Integer).label("id"),
        sqlalchemy.literal(name, sqlalchemy.String).label("name"),
    )
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        row = connection.execute(statement).one()
    engine.dispose()
    return row


#: What makes a row of each kind that has names.
KINDS: dict[str, Callable[[int, Any], Any]] = {
    "dict": as_dict,
    "OrderedDict": lambda *row: OrderedDict(as_dict(*row)),
    "defaultdict": lambda *row: defaultdict(str, as_dict(*row)),
    "MappingProxyType": lambda *row: MappingProxyType(as_dict(*row)),
    "ChainMap": lambda *row: ChainMap(as_dict(*row)),
    "UserDict": lambda *row: UserDict(as_dict(*row)),
    "namedtuple": Named,
    "NamedTuple": Typed,
    "dataclass": Data,
    "dataclass with slots": Slotted,
    "attrs.define": Defined,
    "attr.s": Attributed,
    "pydantic": lambda id, name: Model(id=id, name=name),
    "pydantic with aliases": lambda id, name: Aliased(Number=id, name=name),
    "pydantic with a computed field": lambda id, name: Computed(id=id),
    "pydantic dataclass": Checked,
    "msgspec": Struct,
    "msgspec array": Packed,
    "sqlite3.Row": as_sqlite_row,
    "SQLAlchemy's Row": as_sqlalchemy_row,
    "SQLAlchemy's RowMapping": lambda *row: as_sqlalchemy_row(*row)._mapping,
}
#: Those of them whose values have places.
POSITIONAL = {"namedtuple", "NamedTuple", "sqlite3.Row", "SQLAlchemy's Row"}
#: What makes a row of each kind that has none.
NAMELESS: dict[str, Callable[..., Any]] = {
    "tuple": lambda *row: row,
    "list": lambda *row: list(row),
    "deque": lambda *row: deque(row),
    "UserList": lambda *row: UserList(row),
}
#: What holds rows.
HOLDERS: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda rows: (row for row in rows),
    "map": lambda rows: map(copy, rows),
    "deque": deque,
    "values of a dict": lambda rows: dict(enumerate(rows)).values(),
    "function": lambda rows: lambda: rows,
    "generator function": lambda rows: lambda: (row for row in rows),
}


def rows_of(kind: str) -> list[Any]:
    """Return the rows in one kind."""
    make = (KINDS | NAMELESS)[kind]
    return [make(*row) for row in VALUES]


def test_key_of_a_dict_may_be_in_several_columns(
    app: Flask, client: FlaskClient
) -> None:
    """A column that is asked for twice is there twice, as it is of tuples."""
    rows = [{"a": 1, "b": 2}]
    app.add_url_rule(
        "/", "rows", lambda: stream_rows(rows, "csv", columns=["a", "b", "a"])
    )
    assert client.get("/").text == "a,b,a\n1,2,1\n"


def test_kinds_that_have_names(app: Flask, client: FlaskClient) -> None:
    """The names of the columns are the row's own, and no format sees a difference."""
    app.add_url_rule(
        "/<kind>.<suffix>", "rows", lambda kind, suffix: stream_rows(rows_of(kind))
    )
    bodies = {
        "csv": 'id,name\n1,Ada\n2,\n3,""\n',
        "ndjson": '{"id":1,"name":"Ada"}\n{"id":2,"name":null}\n{"id":3,"name":""}\n',
    }
    for kind in KINDS:
        assert read(rows_of(kind)) == (NAMES, VALUES), kind
        for suffix, body in bodies.items():
            assert client.get(f"/{kind}.{suffix}").text == body, kind


def test_kinds_without_names() -> None:
    """Rows that are just values get the names that the view gives."""
    for kind in NAMELESS:
        assert read(rows_of(kind), columns=["a", "b"]) == (("a", "b"), VALUES)
        message = f'{kind}, which has no names.*columns=\\["'
        with pytest.raises(SourceError, match=message):
            read(rows_of(kind))


def test_holders_of_rows() -> None:
    """It does not matter what the rows are in."""
    for hold in HOLDERS.values():
        for kind in ("dict", "namedtuple", "dataclass"):
            assert read(hold(rows_of(kind))) == (NAMES, VALUES)
        assert read(hold(VALUES), columns=NAMES) == (NAMES, VALUES)


def test_columns_choose_and_order() -> None:
    """Of dicts and objects the named keys are taken, in the order of the names."""
    for kind in KINDS.keys() - POSITIONAL:
        rows = rows_of(kind)
        swapped = [(name, id) for id, name in VALUES]
        assert read(rows, columns=["name", "id"]) == (("name", "id"), swapped)
        single = [(name,) for _, name in VALUES]
        options: dict[str, Any] = {"columns": ["name"], "extras": "ignore"}
        assert read(rows, **options) == (("name",), single)


def test_columns_name_the_values_of_tuples() -> None:
    """Named tuples and rows of a database get other names, value by value."""
    for kind in POSITIONAL:
        assert read(rows_of(kind), columns=["a", "b"]) == (("a", "b"), VALUES)


def test_columns_neither_choose_nor_rename_at_the_wrong_place() -> None:
    """One name that is misspelt must not put values under the names of others."""

    class Sale(NamedTuple):
        customer: str
        amount: float
        pieces: int

    rows = [Sale("Ann", 9.5, 3)]
    with pytest.raises(SourceError, match=r"names 'custmer', .* and moves 'pieces'"):
        read(rows, columns=["pieces", "amount", "custmer"])
    names = ("customer", "total", "pieces")
    assert read(rows, columns=names) == (names, [("Ann", 9.5, 3)])


def test_columns_may_be_any_attribute_of_an_object() -> None:
    """A property is a column where it is named."""

    @dataclasses.dataclass
    class Person:
        name: str

        @property
        def initial(self) -> str:
            return self.name[0]

    rows = [Person("Ada"), Person("Bo")]
    assert read(rows, columns=["initial"]) == (("initial",), [("A",), ("B",)])


def test_objects_of_other_kinds_fit_where_they_have_the_columns() -> None:
    """What has the first row's attributes, or keys, is a row like it."""
    assert read([Data(1, "Ada"), Slotted(2), Struct(3, "")]) == (NAMES, VALUES)
    assert (
        read([rows_of(kind)[0] for kind in ("dict", "ChainMap")])[1] == [VALUES[0]] * 2
    )
    assert read([(1, "Ada"), [2, None], Named(3, "")], columns=NAMES)[1] == VALUES


def test_order_of_keys_is_the_first_rows() -> None:
    """Dicts are read by key, not by place."""
    rows = [{"id": 1, "name": "Ada"}, {"name": None, "id": 2}]
    assert read(rows) == (NAMES, VALUES[:2])


def test_keys_that_are_no_text() -> None:
    """Keys of any type are columns, by their text."""
    assert read([{1: "a", None: "b"}]) == (("1", "None"), [("a", "b")])


# Rows that do not fit


TUPLE, DICT = (1, "Ada"), {"id": 1, "name": "Ada"}
MISFITS: dict[str, tuple[Any, Any, str]] = {
    "short": (TUPLE, (2,), "has 1 value, but there are 2 columns: id, name"),
    "long": (TUPLE, (2, None, 3), "has 3 values, but there are 2 columns"),
    "no values": (TUPLE, (), "has 0 values, but there are 2 columns"),
    "dict among tuples": (TUPLE, DICT, "is of type dict, but .* tuples"),
    "text among tuples": (TUPLE, "ab", "is of type str, but .* tuples"),
    "number among tuples": (TUPLE, 7, "is of type int, but .* tuples"),
    "None among tuples": (TUPLE, None, "is of type NoneType, but .* tuples"),
    "object among tuples": (TUPLE, Data(2, None), "is of type Data, but .* tuples"),
    "missing key": (DICT, {"id": 2}, r"lacks 'name'\. The columns are id, name\."),
    "other key": (DICT, {"id": 2, "title": "Dr"}, "lacks 'name'"),
    "no keys": (DICT, {}, "lacks 'id', 'name'"),
    "defaultdict": (DICT, defaultdict(str, id=2), "lacks 'name'"),
    "extra keys": (
        DICT,
        {**DICT, "x": 1, "y": 2},
        "has 'x', 'y' beyond the columns. .* columns=, .* extras=.ignore.",
    ),
    "tuple among dicts": (DICT, TUPLE, "is of type tuple, but .* dicts"),
    "number among dicts": (DICT, 7, "is of type int, but .* dicts"),
    "missing attribute": (Data(*TUPLE), Titled(2, "Dr"), r"lacks 'name'\. The columns"),
    "other model": (Model(**DICT), Titled(2, "Dr"), r"lacks 'name'\. The columns"),
    "other struct": (Struct(*TUPLE), Titled(2, "Dr"), r"lacks 'name'\. The columns"),
    "dict among objects": (Data(*TUPLE), DICT, "is of type dict, but .* objects"),
    "tuple among objects": (Data(*TUPLE), TUPLE, "is of type tuple, but .* objects"),
    "None among objects": (Data(*TUPLE), None, "is of type NoneType, but .* objects"),
}


def test_row_that_does_not_fit() -> None:
    """All rows before it come; the error names the row, and what was expected."""
    for case, (good, bad, message) in MISFITS.items():
        columns = NAMES if isinstance(good, tuple) else None
        for before in (1, 10, 700, 3000):
            rows = iter([*[good] * before, bad, good])
            got, error = read_until_error(rows, columns=columns)
            assert got == [TUPLE] * before, case
            assert isinstance(error, RowError), case
            assert error.row == before + 1, case
            assert re.match(f"Row {before + 1} {message}", str(error)), case


def test_column_that_the_first_row_lacks() -> None:
    """A column that was asked for and is not there is an error of row 1."""
    for row in (DICT, Data(**DICT)):
        got, error = read_until_error([row], columns=["id", "title"], extras="ignore")
        assert (got, type(error)) == ([], RowError)
        assert str(error) == "Row 1 lacks 'title'. The columns are id, title."


def test_extra_keys_are_left_out_on_request() -> None:
    """Keys that are no column are ignored if asked for; missing ones are not."""
    rows = [{"id": 1}, {"id": 2, "name": "Ada"}, {"name": "Bo", "id": 3}, {"name": ""}]
    got, error = read_until_error(rows, extras="ignore")
    assert got == [(1,), (2,), (3,)]
    assert str(error) == "Row 4 lacks 'id'. The columns are id."


def test_error_of_an_attribute_is_its_own() -> None:
    """What a property raises is not taken for a missing attribute."""

    @dataclasses.dataclass
    class Ratio:
        a: int
        b: int

        @property
        def ratio(self) -> float:
            return self.a / self.b

        @property
        def broken(self) -> int:
            return self.nothing  # type: ignore[attr-defined, no-any-return]

    rows = [Ratio(6, 3), Ratio(1, 0)]
    got, error = read_until_error(rows, columns=["a", "ratio"])
    assert got == [(6, 2.0)]
    assert isinstance(error, ZeroDivisionError)
    got, error = read_until_error(rows, columns=["broken"])
    assert (got, type(error)) == ([], AttributeError)
    assert "nothing" in str(error)


def test_first_thing_is_no_row() -> None:
    """The error names its type, and says what a row is."""
    for record in (7, "text", b"bytes", None, object(), 1.5, {1, 2}):
        name = type(record).__name__
        with pytest.raises(SourceError, match=f"Row 1 is of type {name}, .* dataclass"):
            read([record, (1, 2)], columns=["a", "b"])


# No rows, no columns, one column, the same column twice


def test_no_rows() -> None:
    """There are the columns that the view has named, if it has."""
    for hold in HOLDERS.values():
        assert read(hold([])) == ((), [])
        assert read(hold([]), columns=NAMES) == (NAMES, [])


EMPTY = {
    "no rows": ([], None, "", "[]\n", ""),
    "no rows, but columns": ([], NAMES, "id,name\n", "[]\n", ""),
    "one column": (
        [("a",), (None,), ("",), (1,)],
        ["x"],
        'x\na\n""\n""\n1\n',
        '[\n{"x":"a"},\n{"x":null},\n{"x":""},\n{"x":1}\n]\n',
        '{"x":"a"}\n{"x":null}\n{"x":""}\n{"x":1}\n',
    ),
}


def test_small_tables_in_each_format(app: Flask, client: FlaskClient) -> None:
    """A file without rows, or with one column, is defined in each format."""
    app.add_url_rule(
        "/<case>.<suffix>",
        "rows",
        lambda case, suffix: stream_rows(EMPTY[case][0], columns=EMPTY[case][1]),
    )
    for case, (_, _, *bodies) in EMPTY.items():
        for suffix, body in zip(("csv", "json", "ndjson"), bodies, strict=True):
            response = client.get(f"/{case}.{suffix}")
            assert (response.status_code, response.text) == (200, body)


def test_same_name_twice(app: Flask, client: FlaskClient) -> None:
    """A file of columns may have a name twice; an object of JSON may not."""
    app.testing = True
    rows = [(1, 2, 3, 4)]
    names = ["id", "x", "id", "x"]
    app.add_url_rule(
        "/rows.<suffix>", "rows", lambda suffix: stream_rows(rows, columns=names)
    )
    assert client.get("/rows.csv").text == "id,x,id,x\n1,2,3,4\n"
    assert client.get("/rows.tsv").text == "id\tx\tid\tx\n1\t2\t3\t4\n"
    for suffix in ("json", "ndjson", "json-seq"):
        with pytest.raises(RowError, match=r"'id', 'x', .*readers.*columns="):
            client.get(f"/rows.{suffix}")


def test_any_object_will_do_with_columns() -> None:
    """Where it is said which attributes to take, the class does not matter."""

    class Order:
        def __init__(self, number: int) -> None:
            self.number = number

    orders = [Order(1), Order(2)]
    assert read(orders, columns=["number"]) == (("number",), [(1,), (2,)])
    with pytest.raises(SourceError, match="which is no row"):
        read(orders, columns=["name"])
