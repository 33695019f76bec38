"""Mapped classes that have all that a column can be, and their rows."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import ForeignKey
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import column_property
from sqlalchemy.orm import composite
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship
from sqlalchemy.orm import Session
from sqlalchemy.orm import synonym


class Base(DeclarativeBase):
    pass


@dataclass
class Span:
    first: int | None
    last: int | None


class Country(Base):
    __tablename__ = "related_countries"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column("called", String(20))


class Client(Base):
    __tablename__ = "related_clients"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(String(20), deferred=True)
    country_id: Mapped[int | None] = mapped_column(ForeignKey(Country.id))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("related_clients.id"))
    low: Mapped[int | None]
    high: Mapped[int | None]
    country: Mapped[Country | None] = relationship()
    parent: Mapped[Client | None] = relationship(remote_side=id)
    tags: Mapped[list[Tag]] = relationship(back_populates="client", order_by="Tag.id")
    span: Mapped[Span] = composite("low", "high")
    title: Mapped[str] = synonym("name")
    remark: Mapped[str | None] = synonym("note")
    country_name: AssociationProxy[str | None] = association_proxy("country", "name")
    labels: AssociationProxy[list[str]] = association_proxy("tags", "label")
    twice: Mapped[int] = column_property(id * 2)
    thrice: Mapped[int] = column_property(id * 3, deferred=True)

    @property
    def tag_count(self) -> int:
        """How many tags there are, for which they are loaded."""
        return len(self.tags)

    @property
    def shout(self) -> str:
        """The name, for which nothing is loaded."""
        return self.name.upper()

    @hybrid_property
    def width(self) -> Any:
        return self.high - self.low if self.high is not None else None


class Tag(Base):
    __tablename__ = "related_tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(20))
    client_id: Mapped[int] = mapped_column(ForeignKey(Client.id))
    client: Mapped[Client] = relationship(back_populates="tags")


def eager(lazy: Any) -> Any:
    """Return a class of the clients whose tags are loaded in a way of their own."""

    class Eager(DeclarativeBase):
        metadata = Base.metadata

    class EagerClient(Eager):
        __table__ = Client.__table__
        tags = relationship(
            Tag,
            primaryjoin=Client.id == Tag.client_id,
            foreign_keys=Tag.client_id,
            lazy=lazy,
            viewonly=True,
            uselist=True,
        )
        tag_count = property(lambda self: len(self.tags))

    return EagerClient


#: How many clients there are, of whom each third has no country.
CLIENTS = 60


def country_of(number: int) -> str | None:
    """Return the country of a client."""
    return None if number % 3 == 0 else "Nord" if number % 2 else "Sud"


def parent_of(number: int) -> int | None:
    """Return the client who is another's parent."""
    return number - 1 if number % 2 == 0 else None


def set_up(engine: Engine) -> None:
    """Make the tables and put the rows in, unless that is done."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        if session.scalar(select(func.count()).select_from(Client)):
            return
        countries = {
            "Nord": Country(id=1, name="Nord"),
            "Sud": Country(id=2, name="Sud"),
        }
        session.add_all(countries.values())
        session.flush()
        for number in range(1, CLIENTS + 1):
            session.add(
                Client(
                    id=number,
                    name=f"client {number}",
                    note=f"note {number}",
                    country=countries.get(country_of(number) or ""),
                    parent_id=parent_of(number),
                    span=Span(number, number + 5),
                )
            )
            session.flush()
            tags = [Tag(label=f"{number}-{place}") for place in range(number % 4)]
            session.get_one(Client, number).tags = tags
        session.commit()


@contextmanager
def counted(engine: Engine) -> Iterator[Callable[[], int]]:
    """Count the queries of related tables that are executed in a block."""
    seen: list[str] = []

    def remember(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        if "related_" in sql:
            seen.append(sql)

    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield lambda: len(seen)
    finally:
        event.remove(engine, "before_cursor_execute", remember)
