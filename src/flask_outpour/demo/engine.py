"""A URL of SQLAlchemy enters; the tables behind it, and their rows, leave."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from itertools import islice
from pathlib import Path
from typing import Any
from typing import ClassVar

from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import inspect
from sqlalchemy import make_url
from sqlalchemy import NullPool
from sqlalchemy import Select
from sqlalchemy import select
from sqlalchemy import table
from sqlalchemy import text
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import NoSuchModuleError

from ..rows import open_rows
from .errors import DemoError
from .tables import Rows
from .tables import without_bytes

#: Drivers whose package has another name, or is of little use by itself.
_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
}
#: Names of what nobody should read in the query of a URL.
_SECRET = re.compile("pass|pwd|secret|token|key", re.I)


@dataclass(frozen=True, slots=True)
class EngineTable:
    """A table, or a view, behind an engine of SQLAlchemy."""

    engine: Engine
    name: str

    def source(self) -> Select[Any]:
        """Return a statement that selects all rows."""
        # No columns are named, so that the values are those of the driver.
        return select(text("*")).select_from(table(self.name))

    def rows(self, limit: int | None = None) -> Rows:
        """Yield the names of the columns, then the rows as the driver has them.

        The rows come through a connection of their own, which is open from the
        first item to the last, or to ``close()``. Bytes come as base64 text.

        :param limit: the most rows; all of them without it.
        """
        most = None if limit is None or limit < 0 else min(limit, sys.maxsize)
        with closing(open_rows(self.source(), bind=self.engine)) as found:
            yield found.columns
            rows = chain.from_iterable(found.batches)
            yield from map(without_bytes, islice(rows, most))


@dataclass(frozen=True, slots=True)
class EngineDatabase:
    """What an engine of SQLAlchemy reaches, in its default schema."""

    engine: Engine

    kind: ClassVar[str] = "database"
    table_class: ClassVar[type[EngineTable]] = EngineTable

    def __str__(self) -> str:
        return _without_secrets(self.engine.url)

    def tables(self) -> list[EngineTable]:
        """Return the tables and views, by name."""
        with self.engine.connect() as connection:
            inspector = inspect(connection)
            names = {*inspector.get_table_names(), *inspector.get_view_names()}
            with suppress(NotImplementedError):
                names |= set(inspector.get_materialized_view_names())
        return [EngineTable(self.engine, name) for name in sorted(names)]

    def check(self) -> None:
        """Check that there is something to serve.

        :raises DemoError: when the database does not answer, or has no table.
        """
        try:
            tables = self.tables()
        except Exception as error:
            reason = _reason(error)
            # Without one, the server answers, and then there is no list to read.
            if not isinstance(error, DBAPIError) and not self.engine.url.database:
                reason = "the URL names no database"
            raise _refusal(self.engine.url, reason) from error
        if not tables:
            raise _refusal(self.engine.url, "the database has no tables")


def parse_url(place: str) -> URL:
    """Return the URL that a text is.

    :raises DemoError: when it is none.
    """
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):
        url = None
    # Of a password with an unquoted "@", the rest is taken for what comes behind it.
    if url is None or (url.password and "@" in f"{url.host}{url.database}"):
        # The text is not repeated, since it may have a password in any place.
        raise DemoError(
            "Cannot read the URL after --database. It is written as in"
            " postgresql+psycopg://user:password@host:5432/name, with signs such as"
            " @ in a password written as %40."
        )
    return url


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a URL that names just a SQLite file."""
    if url.drivername not in ("sqlite", "sqlite+pysqlite") or url.query:
        return None
    return Path(url.database) if url.database not in (None, "", ":memory:") else None


def open_engine(url: URL) -> EngineDatabase:
    """Return the database of a URL; nothing is connected yet.

    :raises DemoError: when SQLAlchemy, or the driver, is not there for it.
    """
    try:
        # Each stream has a connection of its own, and none is open when the server
        # forks its worker.
        engine = create_engine(url, poolclass=NullPool)
    except NoSuchModuleError as error:
        raise _refusal(
            url,
            f"SQLAlchemy knows no {url.drivername}; install the package that adds it,"
            " or name another driver",
        ) from error
    except ImportError as error:
        module = (error.name or url.get_driver_name()).partition(".")[0]
        package = _PACKAGES.get(module, module)
        raise _refusal(
            url, f'its driver {module} is not installed: pip install "{package}"'
        ) from error
    except Exception as error:
        raise _refusal(url, _reason(error)) from error
    if engine.dialect.is_async:
        raise _refusal(
            url,
            f"{url.get_driver_name()} is a driver for asyncio; name one that is not,"
            " such as psycopg or pymysql",
        )
    return EngineDatabase(engine)


def _refusal(url: URL, reason: str) -> DemoError:
    for secret in _secrets(url):
        reason = reason.replace(secret, "***")
    return DemoError(f"Cannot serve {_without_secrets(url)}: {reason}.")


def _without_secrets(url: URL) -> str:
    # A query may have a password, too, or a token, under any name.
    return url.set(query={}).render_as_string(hide_password=True)


def _secrets(url: URL) -> Iterator[str]:
    """Yield what a driver's words must not repeat."""
    if url.password:
        yield str(url.password)
    for name, values in url.normalized_query.items():
        if _SECRET.search(name):
            yield from filter(None, values)


def _reason(error: Exception) -> str:
    """Return the first line of what a driver says, without its numbers."""
    error = getattr(error, "orig", None) or error
    words = [word for word in error.args if isinstance(word, str)]
    lines = (words[-1] if words else str(error)).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(" .")
