"""The attributes that are wanted of entities enter; how one query loads them leaves.

::

    columns=["id", "customer.country.name", "total"]
                    ──────── ─────── ────
                    joinedload       undefer, if it is deferred
                                             a property: what the mapper loads, as ever
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from sqlalchemy import Dialect
from sqlalchemy import inspect
from sqlalchemy import orm
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.orm import ColumnProperty
from sqlalchemy.orm import CompositeProperty
from sqlalchemy.orm import FromStatement
from sqlalchemy.orm import lazyload
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.orm import SynonymProperty

from ..errors import SourceError
from .descriptions import attributes_of
from .descriptions import Described
from .descriptions import has_entities

#: Loader strategies that take queries of their own.
_QUERYING = frozenset({"selectin", "subquery", "immediate"})
_Step = tuple[str, Any]


class Loading(NamedTuple):
    """A statement with the options that load what is wanted of its entities."""

    statement: Any
    #: Whether other queries may run while its rows are read.
    may_query: bool


def loading_of(
    statement: Any,
    described: Sequence[Described],
    columns: Sequence[str] | None,
    dialect: Dialect,
) -> Loading:
    """Return how the entities of a statement are loaded.

    What leads through relationships is joined. Other relationships are loaded only
    where a property may need them: each would take queries, or multiply the rows.

    :raises SourceError: for a name that leads through a relationship to many.
    """
    if not has_entities(described):
        return Loading(statement, False)
    strategies = set(_strategies(statement))
    is_free = not getattr(statement, "_with_options", True)
    may_query = bool(strategies & _QUERYING)
    ways, has_code = [], False
    for place, _, path in attributes_of(described, columns):
        way = _Way(statement, described[place].entity)
        way.go(path.split("."))
        ways.append(way)
        may_query |= way.may_query
        has_code |= way.is_code
    if not has_code:
        statement = statement.options(lazyload("*"))
    for way in ways:
        for steps in way.options(has_code=has_code):
            statement, is_added = _added(statement, steps, None if is_free else dialect)
            # A loader of the view's own stays, which may be one for each row.
            may_query |= not is_added and strategies != {"joined"}
    return Loading(statement, may_query or has_code)


def joins_relationships(statement: Any) -> bool:
    """Whether a statement is told to load what belongs to entities in a join."""
    return "joined" in _strategies(statement)


class _Way:
    """Follow the names of an attribute from an entity, and note the loaders."""

    def __init__(self, statement: Any, entity: Any) -> None:
        self._entity = entity
        # There is nothing to join to a text, and PostgreSQL cannot lock what is joined.
        locks = getattr(statement, "_for_update_arg", None) is not None
        self._can_join = not (locks or isinstance(statement, FromStatement))
        #: Whether a column may be one that its view has left out.
        self._may_lack = bool(getattr(statement, "_with_options", True))
        self._relationships: list[_Step] = []
        self._columns: list[Any] = []
        #: Whether the attribute is code, which may read any other.
        self.is_code = False
        self.may_query = not self._can_join

    def go(self, names: list[str]) -> None:
        """Follow the names."""
        path, is_proxied = ".".join(names), False
        while names:
            name, *names = names
            mapper = inspect(self._entity).mapper
            property_ = mapper.attrs.get(name)
            if isinstance(mapper.all_orm_descriptors.get(name), AssociationProxy):
                proxy, is_proxied = getattr(self._entity, name), True
                names = [proxy.target_collection, proxy.value_attr, *names]
            elif isinstance(property_, SynonymProperty):
                names = [property_.name, *names]
            elif isinstance(property_, RelationshipProperty):
                if property_.uselist and names and not is_proxied:
                    raise _of_many(path, property_)
                if property_.lazy in ("dynamic", "write_only"):
                    self.may_query = True
                    return
                self._relate(property_, name)
            elif isinstance(property_, CompositeProperty):
                self._read(property_.props)
                return
            elif isinstance(property_, ColumnProperty):
                self._read([property_])
                return
            else:
                if self._relationships and not _may_have(mapper, name):
                    raise _of_missing(path, name, mapper)
                self.is_code = True
                return

    def options(self, *, has_code: bool) -> Iterator[list[_Step]]:
        """Yield loader options, each as its steps."""
        steps = self._relationships
        if not has_code:
            for end in range(1, len(steps) + 1):
                yield [*steps[:end], ("lazyload", "*")]
        elif steps:
            yield steps
        for column in self._columns:
            yield [*steps, ("undefer", column)]

    def _relate(self, property_: Any, name: str) -> None:
        joins = self._can_join and not property_.uselist
        self.may_query |= not joins
        loader = "joinedload" if joins else "selectinload"
        self._relationships.append((loader, getattr(self._entity, name)))
        self._entity = property_.entity.entity

    def _read(self, properties: Sequence[Any]) -> None:
        self._columns += [
            getattr(self._entity, property_.key)
            for property_ in properties
            if property_.deferred or self._may_lack
        ]


def _may_have(mapper: Any, name: str) -> bool:
    """Whether entities may have an attribute of their own classes."""
    kinds = [each.class_ for each in mapper.self_and_descendants]
    return any(hasattr(kind, name) or hasattr(kind, "__getattr__") for kind in kinds)


def _added(
    statement: Any, steps: Sequence[_Step], dialect: Dialect | None
) -> tuple[Any, bool]:
    """Return a statement with an option, as far as its own ones let it.

    :param dialect: ``None`` where it has none of its own.
    :returns: the statement, and whether all of the option could be added.
    """
    for kept in range(len(steps)):
        option: Any = orm
        for number, (loader, attribute) in enumerate(steps):
            loader = "defaultload" if number < kept else loader
            option = getattr(option, loader)(attribute)
        added = statement.options(option)
        try:
            if dialect is not None:
                added.compile(dialect=dialect)
        except InvalidRequestError:
            # SQLAlchemy takes no two loaders for one relationship.
            continue
        return added, kept == 0
    return statement, False


def _strategies(statement: Any) -> Iterator[str]:
    """Yield how a statement's options have relationships loaded."""
    for option in getattr(statement, "_with_options", ()):
        for part in getattr(option, "context", ()):
            for key, value in getattr(part, "strategy", None) or ():
                if key == "lazy":
                    yield value


def _of_missing(path: str, name: str, mapper: Any) -> SourceError:
    # It is said at once: the first row may be one that does not get there.
    owner, known = mapper.class_.__name__, mapper.all_orm_descriptors.keys()
    return SourceError(
        f"columns= names {path!r}, but {owner} has no {name!r}. It has"
        f" {', '.join(known)}."
    )


def _of_many(path: str, relationship: Any) -> SourceError:
    owner, many = relationship.parent.class_.__name__, relationship.key
    return SourceError(
        f"columns= names {path!r}, which leads through {owner}.{many}, and that has"
        " many for each row. Let the database make one value of them in the statement,"
        f" as func.count() or func.string_agg() does, or a property of {owner}."
    )
