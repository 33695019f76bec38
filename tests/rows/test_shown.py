"""Tests that what a model keeps to itself is kept, whatever it is a model of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated
from typing import Any
from typing import Generic
from typing import TypeVar
from warnings import catch_warnings
from warnings import simplefilter

import attrs
import msgspec
import pydantic
import pytest
from flask import Flask
from pydantic import Field
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from sqlalchemy import create_engine
from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_outpour import RowError
from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour.shown import as_shown
from postgresql import PostgreSQL
from rows.reading import read
from rows.reading import read_until_error

HASH = "$2b$12$secret"


class Hiding(pydantic.BaseModel):
    id: int = 1
    password_hash: str = Field(default=HASH, exclude=True)
    name: str = "Ada"

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def initial(self) -> str:
        """Another field of the dump."""
        return self.name[0]


class Inheriting(Hiding):
    town: str = "London"


@pydantic_dataclass
class HidingDataclass:
    id: int = 1
    password_hash: str = Field(default=HASH, exclude=True)


class Masking(pydantic.BaseModel):
    id: int = 1
    card: str = HASH

    @pydantic.field_serializer("card")
    def mask(self, value: str) -> str:
        """Show the last digits alone."""
        return f"***{value[-2:]}"


class MaskingInside(pydantic.BaseModel):
    id: int = 1
    cards: list[Annotated[str, pydantic.PlainSerializer(lambda _: "***")]] = [HASH]
    maybe: Annotated[str, pydantic.PlainSerializer(lambda _: "***")] | None = HASH


class HidingByValue(pydantic.BaseModel):
    id: int = 1
    note: str = Field(default=HASH, exclude_if=lambda value: value == HASH)


class OwnDump(pydantic.BaseModel):
    id: int = 1
    password_hash: str = HASH

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """Leave out what nobody is to see."""
        return {**super().model_dump(**options), "password_hash": None}


class MaskingWhole(pydantic.BaseModel):
    id: int = 1
    password_hash: str = HASH

    @pydantic.model_serializer
    def dump(self) -> dict[str, Any]:
        """Leave out what nobody is to see."""
        return {"id": self.id}


class Adding(Hiding):
    @pydantic.model_serializer(mode="wrap")
    def dump(self, handler: Any) -> dict[str, Any]:
        """Show more than the fields."""
        return {**handler(self), "total": 3}


class Open(pydantic.BaseModel, extra="allow"):
    id: int = 1


class PublicUser(pydantic.BaseModel):
    name: str = "Ada"


class StoredUser(PublicUser):
    password_hash: str = HASH


class Holding(pydantic.BaseModel):
    """Shows of each user what the field's own class has, as a response of FastAPI."""

    user: PublicUser = StoredUser()
    users: list[PublicUser] = [StoredUser()]
    by_name: dict[str, PublicUser] = {"Ada": StoredUser()}
    maybe: PublicUser | int = StoredUser()


@pydantic_dataclass
class HoldingDataclass:
    user: PublicUser = Field(default_factory=StoredUser)


T = TypeVar("T")


class Page(pydantic.BaseModel, Generic[T]):
    items: list[T]


def page() -> Page[PublicUser]:
    """Return a generic model, which has its fields' classes by its argument."""
    return Page[PublicUser](items=[StoredUser()])


class Node(pydantic.BaseModel):
    """Shows itself inside."""

    user: PublicUser = StoredUser()
    children: list[Node] = []


def tree() -> Node:
    """Return a node with another one."""
    return Node(children=[Node()])


MODELS: list[Callable[[], Any]] = [
    *(Hiding, Inheriting, HidingDataclass, Masking, MaskingInside),
    *(HidingByValue, OwnDump, MaskingWhole, Adding, lambda: Open(**{"more": 2})),
    *(Holding, HoldingDataclass, page, tree),
]


def dump_of(record: Any) -> dict[str, Any]:
    """Return what pydantic itself makes of a record."""
    if hasattr(record, "model_dump"):
        return dict(record.model_dump())
    adapter = pydantic.TypeAdapter(type(record))
    return dict(adapter.dump_python(record))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("hold", [list, iter], ids=["list", "iterator"])
def test_what_a_dump_leaves_out_is_left_out(
    model: Callable[[], Any], hold: Callable[[Any], Any]
) -> None:
    """A row has what pydantic's own dump of the record has, and nothing else."""
    record = model()
    names, rows = read(hold([record, record]))
    expected = dump_of(record)
    for row in rows:
        got = dict(zip(names, row, strict=True))
        assert {name: value for name, value in got.items() if value is not None} == {
            name: value for name, value in expected.items() if value is not None
        }
        assert HASH not in str(row)
    assert len(rows) == 2


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_inside_of_a_cell_it_is_left_out_too(model: Callable[[], Any]) -> None:
    """A record in a cell is as its own dump, too."""
    shown = as_shown(model())
    assert shown == dump_of(model())


@dataclasses.dataclass
class PlainUser:
    """Keeps nothing to itself."""

    id: int = 1
    password_hash: str = "known"
    name: str = "Ada"


class OpenModel(pydantic.BaseModel):
    id: int = 1
    password_hash: str = "known"
    name: str = "Ada"


class HidingToo(OpenModel):
    password_hash: str = Field(HASH, exclude=True)


class MaskingToo(OpenModel):
    @pydantic.field_serializer("password_hash")
    def mask(self, value: str) -> str:
        """Show that there is one."""
        return "***"


@pytest.mark.parametrize("hold", [list, iter], ids=["list", "iterator"])
@pytest.mark.parametrize("before", [1, 200, 1000])
@pytest.mark.parametrize("first", [PlainUser, OpenModel, MaskingToo])
def test_rows_of_other_classes_show_what_these_show(
    hold: Callable[[Any], Any], before: int, first: Callable[[], Any]
) -> None:
    """Each record is as its own class has it, wherever in the rows it comes."""
    others = [HidingToo(), MaskingToo(), PlainUser(), OpenModel()]
    shown = [(1, None, "Ada"), (1, "***", "Ada"), (1, "known", "Ada")]
    records = [*[first()] * before, *others, *[first()] * 300, *others]
    names, rows = read(hold(records))
    assert names == ("id", "password_hash", "name")
    like_first = (1, "***" if first is MaskingToo else "known", "Ada")
    expected = [*shown, shown[-1]]
    assert rows == [*[like_first] * before, *expected, *[like_first] * 300, *expected]


def test_hidden_field_of_another_class_may_be_asked_for() -> None:
    """``columns=`` is the view's own word for all of them."""
    records = [OpenModel(), HidingToo()]
    for source in (records, iter(records)):
        _, rows = read(source, columns=["id", "password_hash"])
        assert rows == [(1, "known"), (1, HASH)]


def test_object_of_another_class_without_a_field_is_a_misfit() -> None:
    """It is named by its number."""
    records = [OpenModel(), HidingToo(), PublicUser()]
    for source in (records, iter(records)):
        rows, error = read_until_error(source)
        assert len(rows) == 2
        assert isinstance(error, RowError)
        assert "Row 3 lacks 'id', 'password_hash'" in str(error)


class ByAlias(pydantic.BaseModel):
    """Has other keys in its dumps, two of them those of each other."""

    model_config = pydantic.ConfigDict(serialize_by_alias=True)

    id: int = Field(1, serialization_alias="ID")
    first: str = Field("a", serialization_alias="last")
    last: str = Field("b", serialization_alias="first")
    password_hash: str = Field(HASH, exclude=True)


class ByOtherNames(pydantic.BaseModel, alias_generator=to_camel):
    first_name: str = "Ada"
    last_name: str | None = None

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def name_length(self) -> int:
        """A field of the dump alone."""
        return 3

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """Dump as many applications have all of their models do."""
        return super().model_dump(by_alias=True, exclude_none=True, **options)


@pytest.mark.parametrize("hold", [list, iter], ids=["list", "iterator"])
def test_aliases_of_a_dump_are_found(hold: Callable[[Any], Any]) -> None:
    """The columns are the fields, by whichever names a class dumps them."""
    expected = (("id", "first", "last"), [(1, "a", "b")])
    assert read(hold([ByAlias()])) == expected
    assert as_shown(ByAlias()) == ByAlias().model_dump()
    names, rows = read(hold([ByOtherNames(), ByOtherNames(lastName="L")]))
    assert names == ("first_name", "last_name", "name_length")
    assert rows == [("Ada", None, 3), ("Ada", "L", 3)]
    assert as_shown(ByOtherNames()) == {"firstName": "Ada", "nameLength": 3}


class Numbers(pydantic.RootModel[list[int] | None]):
    """Is dumped without a name."""


@pytest.mark.parametrize("root", [[1, 2], None])
def test_models_of_one_value_are_it(root: Any) -> None:
    """Inside of a cell there is no name around it; a column has one."""
    assert as_shown(Numbers(root)) == Numbers(root).model_dump() == root
    assert read([Numbers(root)]) == (("root",), [(root,)])


def test_dump_without_names_is_no_row() -> None:
    """The error tells of the class, and what to do."""

    class Texts(pydantic.BaseModel):
        id: int = 1

        @pydantic.model_serializer
        def dump(self) -> str:
            return "one"

    assert as_shown(Texts()) == "one"
    with pytest.raises(SourceError, match="type Texts, whose own serializer makes a"):
        read([Texts()])


def test_naming_a_hidden_field_asks_for_it() -> None:
    """``columns=`` is the view's own word."""
    names, rows = read([Hiding()], columns=["id", "password_hash"])
    assert (names, rows) == (("id", "password_hash"), [(1, HASH)])
    _, rows = read([HidingDataclass()], columns=["password_hash"])
    assert rows == [(HASH,)]


def test_first_version_of_pydantic() -> None:
    """Models of ``pydantic.v1`` have their fields, but for those they exclude."""
    with catch_warnings():
        # It warns on newer Pythons.
        simplefilter("ignore")
        import pydantic.v1 as first

        class Old(first.BaseModel):
            id: int = 1
            password_hash: str = first.Field(HASH, exclude=True)

    names, rows = read([Old()])
    assert dict(zip(names, rows[0], strict=True)) == Old().dict()


def test_models_that_hide_nothing_are_whole() -> None:
    """Each field of a dataclass, of attrs and of msgspec is there."""

    @dataclasses.dataclass
    class Plain:
        id: int = 1
        name: str = "Ada"

    @attrs.define
    class Attributes:
        id: int = 1
        name: str = "Ada"

    class Struct(msgspec.Struct):
        id: int = 1
        name: str = "Ada"

    for model in (Plain, Attributes, Struct):
        record: Any = model()
        assert read([record]) == (("id", "name"), [(1, "Ada")])
        assert as_shown(record) == {"id": 1, "name": "Ada"}


def test_tables_of_sqlmodel_hide_their_fields() -> None:
    """A row of the database keeps what its class excludes, by each way to read it."""
    sqlmodel = pytest.importorskip("sqlmodel")

    class ShownUser(sqlmodel.SQLModel, table=True):
        id: int | None = sqlmodel.Field(default=None, primary_key=True)
        name: str
        password_hash: str = sqlmodel.Field(exclude=True)

    engine = create_engine("sqlite://")
    sqlmodel.SQLModel.metadata.create_all(engine, tables=[ShownUser.__table__])
    with Session(engine) as session:
        session.add(ShownUser(id=1, name="Ada", password_hash=HASH))
        session.commit()
        expected = (("id", "name"), [(1, "Ada")])
        assert read(session.scalars(select(ShownUser)).all()) == expected
        assert read(select(ShownUser), bind=session) == expected
        assert read(ShownUser, bind=session) == expected
        assert read(session.execute(select(ShownUser))) == expected
        assert read(session.query(ShownUser)) == expected
        wanted = read(select(ShownUser), bind=session, columns=["password_hash"])
        assert wanted == (("password_hash",), [(HASH,)])
        asked = read(select(ShownUser.id, ShownUser.password_hash), bind=session)
        assert asked == (("id", "password_hash"), [(1, HASH)])
    assert read(select(ShownUser), bind=engine) == expected
    assert read(ShownUser, bind=engine) == expected
    with engine.connect() as connection:
        assert read(select(ShownUser), bind=connection) == expected
        assert read(connection.execute(select(ShownUser))) == expected
        both = select(ShownUser, ShownUser.name.label("again"))
        names, rows = read(both, bind=connection)
        assert "password_hash" not in names
        assert HASH not in str(rows)
    engine.dispose()


def test_copy_hides_them_too(app: Flask, postgresql: PostgreSQL) -> None:
    """PostgreSQL writes no field that a class keeps to itself."""
    sqlmodel = pytest.importorskip("sqlmodel")

    class CopiedUser(sqlmodel.SQLModel, table=True):
        id: int | None = sqlmodel.Field(default=None, primary_key=True)
        name: str
        password_hash: str = sqlmodel.Field(exclude=True)

    engine = create_engine(postgresql.url("psycopg"))
    tables = [CopiedUser.__table__]
    sqlmodel.SQLModel.metadata.create_all(engine, tables=tables)
    with Session(engine) as session:
        session.add(CopiedUser(id=1, name="Ada", password_hash=HASH))
        session.commit()
    session = Session(engine)
    for rule, bind in (("/s", session), ("/e", engine)):
        app.add_url_rule(
            rule, rule, lambda bind=bind: stream_rows(CopiedUser, "csv", bind=bind)
        )
    client = app.test_client()
    assert client.get("/s").text == "id,name\n1,Ada\n"
    assert client.get("/e").text == "id,name\n1,Ada\n"
    session.close()
    sqlmodel.SQLModel.metadata.drop_all(engine, tables=tables)
    engine.dispose()
