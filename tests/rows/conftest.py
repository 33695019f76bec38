"""The fixtures of the tests that read databases: an engine for each driver in turn."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import text
from sqlalchemy import TextClause

from rows.models import set_up

#: For each driver of SQLAlchemy the server that it speaks to, if any.
DRIVERS: dict[str, str | None] = {
    "sqlite": None,
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "pg8000": "postgresql",
    "pymysql": "mariadb",
}
# It is compiled where it is installed, which not every machine can.
if find_spec("MySQLdb"):
    DRIVERS["mysqldb"] = "mariadb"
SERVERS = [driver for driver, server in DRIVERS.items() if server]
POSTGRESQL = [driver for driver in SERVERS if DRIVERS[driver] == "postgresql"]
MARIADB = [driver for driver in SERVERS if DRIVERS[driver] == "mariadb"]

_NUMBERS = {
    "sqlite": (
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < {rows}) SELECT i FROM n) AS n"
    ),
    "postgresql": "(SELECT generate_series(1, {rows}) AS i) AS n",
    "mariadb": "(SELECT seq AS i FROM seq_1_to_{rows}) AS n",
}


def numbers(driver: str, rows: int, *values: str) -> TextClause:
    """Return a statement that makes numbered rows while they are read.

    :param values: what is beside the number ``i`` in each row.
    """
    source = _NUMBERS[DRIVERS[driver] or driver].format(rows=rows)
    return text(f"SELECT {', '.join(['i', *values])} FROM {source}")


def wide(driver: str, width: int) -> str:
    """Return an expression for text of so many characters."""
    if driver == "sqlite":
        return f"printf('%.{width}c', 'x') AS x"
    return f"repeat('x', {width}) AS x"


@pytest.fixture
def open_engine(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Engine]]:
    """Return a function that makes an engine of a driver, on a database with rows."""
    with ExitStack() as stack:

        def open_engine(driver: str, **options: Any) -> Engine:
            name = DRIVERS[driver]
            if name is None:
                url = f"sqlite:///{tmp_path / 'rows.db'}"
            else:
                url = request.getfixturevalue(name).url(driver)
            engine = create_engine(url, **options)
            stack.callback(engine.dispose)
            set_up(engine)
            return engine

        yield open_engine


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    """Return each driver in turn."""
    driver: str = request.param
    return driver


@pytest.fixture
def engine(driver: str, open_engine: Callable[..., Engine]) -> Engine:
    """Return an engine of the driver."""
    return open_engine(driver)
