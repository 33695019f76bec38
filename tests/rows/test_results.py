"""Tests of what SQLAlchemy returns of a statement that a view has executed itself.

Its rows come in full, or there is a 500 that says what to pass instead: never a part
of them under a 200.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy import text

from apps.rows_results import BEGUN
from apps.rows_results import COMPLETE
from apps.rows_results import ENDED
from mariadb import MariaDB
from postgresql import PostgreSQL
from processes import running
from processes import Server
from rows.conftest import DRIVERS
from rows.conftest import numbers
from rows.models import Base
from servers.clients import curl
from servers.clients import Download
from servers.clients import fetch

MANY = 50_000


#: What the log says of those that cannot be streamed. The last is mysqlclient's own, of
#: a block that ends with rows to read.
REASONS = (
    "Result is closed: the block that made it",
    "Another statement was to run",
    "Another statement has run",
    "Commands out of sync",
)


def body(limit: int, first: int = 1) -> bytes:
    """Return the numbers as CSV."""
    rows = (f"{number},number {number}\n" for number in range(first, limit + 1))
    return ("id,name\n" + "".join(rows)).encode()


@pytest.fixture(scope="module")
def views(
    postgresql: PostgreSQL,
    mariadb: MariaDB,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Run gunicorn on the views, for a database with many numbers for each driver."""
    folder: Path = tmp_path_factory.mktemp("results")
    servers = {"postgresql": postgresql, "mariadb": mariadb}
    urls = {"sqlite": f"sqlite:///{folder / 'rows.db'}"}
    for driver, name in DRIVERS.items():
        if name is not None:
            urls[driver] = servers[name].url(driver)
    for driver in ("sqlite", "psycopg", "pymysql"):
        engine = create_engine(urls[driver])
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            connection.execute(text("DELETE FROM rows_numbers"))
            joined = "concat('number ', i)" if driver != "sqlite" else "'number ' || i"
            made = numbers(driver, MANY, joined)
            connection.execute(text(f"INSERT INTO rows_numbers {made}"))
        engine.dispose()
    databases = "\n".join(f"{driver} {url}" for driver, url in urls.items())
    with running(
        "gunicorn-gthread", "apps.rows_results:app", folder, DATABASES=databases
    ) as server:
        yield server


def download(views: Server, driver: str, view: str, limit: int) -> tuple[Download, str]:
    """Return what curl has of a view, and what the server has logged meanwhile."""
    before = len(views.read_log())
    got = curl(f"{views.url}/{driver}/{view}?limit={limit}")
    _, taken = fetch(views.port, f"/{driver}/taken")
    assert json.loads(taken) == {"taken": 0}, view
    return got, views.read_log()[before:]


@pytest.mark.parametrize("driver", DRIVERS)
def test_result_that_lives_comes_in_full(views: Server, driver: str) -> None:
    """The session of Flask-SQLAlchemy, and what ``g`` holds, live until the end."""
    for view in COMPLETE:
        got, log = download(views, driver, view, 1500)
        assert (got.code, got.body) == (0, body(1500)), view
        assert "Traceback" not in log, view
    for view in BEGUN:
        got, _ = download(views, driver, view, 1500)
        assert (got.code, got.body) == (0, body(1500, first=2)), view


@pytest.mark.parametrize("driver", DRIVERS)
def test_result_that_the_view_has_ended(views: Server, driver: str) -> None:
    """All rows come, where the driver has them; else the error names the cure."""
    for view in ENDED:
        got, log = download(views, driver, view, 1500)
        if b"Internal Server Error" in got.body:
            assert got.body.startswith(b"<!doctype html>"), view
            assert any(reason in log for reason in REASONS), view
        else:
            assert (got.code, got.body) == (0, body(1500)), view


@pytest.mark.parametrize("driver", ["psycopg", "pymysql"])
def test_large_results_come_in_full(views: Server, driver: str) -> None:
    """Fifty thousand entities are as complete as a few."""
    for view in ("execute", "streamed", "yield-per"):
        got, _ = download(views, driver, view, MANY)
        assert (got.code, got.body == body(MANY)) == (0, True), view
