"""Faults in the middle of an export: of the database, the network and the client.

What a client gets then is cut, and never looks whole; the log tells of it once; and
the pool of connections is whole afterwards.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from contextlib import ExitStack
from pathlib import Path

import pytest

from mariadb import MariaDB
from postgresql import PostgreSQL
from processes import running
from processes import Server
from rows.conftest import MARIADB
from rows.conftest import POSTGRESQL
from servers.clients import ask
from servers.clients import connect
from servers.clients import curl
from servers.clients import fetch
from servers.clients import wait_for

#: A response ended before its end was said.
CUT = 18


#: What the log says of a connection that broke off, by driver.
BROKEN = {
    # Its last word, or the end of the connection, whichever is read first.
    "psycopg": "OperationalError: (psycopg.",
    "copy": "OperationalError: (psycopg.",
    "psycopg2": "server closed the connection unexpectedly",
    "pg8000": "pg8000.exceptions.InterfaceError",
    "pymysql": "Lost connection",
    "mysqldb": "Lost connection",
}


#: What the interpreter writes when it collects a socket of pg8000's that is closed
#: already: pg8000 leaves the closing of its socket to the collector of garbage.
COLLECTED = re.compile(
    r"Exception ignored .*<_io\.Buffered.*\n(?:[ \t].*\n|Traceback .*\n)*OSError: .*\n"
)


#: The drivers of PostgreSQL, and COPY.
POSTGRESQL_WAYS = [*POSTGRESQL, "copy"]


class Exports:
    """A server of exports, and what it has logged since it was last looked at."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._seen = 0

    def url(self, driver: str, query: str = "") -> str:
        """Return the address of an export."""
        return f"{self.server.url}/{driver}?{query}"

    def taken(self, driver: str) -> int:
        """Return how many connections are out of the driver's pool."""
        _, body = fetch(self.server.port, f"/{driver}/pool")
        return int(json.loads(body)["taken"])

    def new_log(self) -> str:
        """Return what came to the log since the last call."""
        log = self.server.read_log()
        new, self._seen = log[self._seen :], len(log)
        return COLLECTED.sub("", new)

    def assert_whole(self, driver: str) -> None:
        """Assert that all connections are back, and that each of them works."""
        assert wait_for(lambda: self.taken(driver) == 0)
        with ExitStack() as stack:
            streams = [
                stack.enter_context(closing(connect(self.server.port))) for _ in "123"
            ]
            responses = [ask(stream, f"/{driver}?rows=20000") for stream in streams]
            for response in responses:
                assert response.status == 200
                assert response.read(1000).startswith(b"i,f,x\n1,0,x")
            assert self.taken(driver) == 3
            for response in responses:
                assert response.read().count(b"\n") > 19_900
        assert wait_for(lambda: self.taken(driver) == 0)
        assert self.new_log() == ""


@pytest.fixture(scope="module")
def exports(
    postgresql: PostgreSQL,
    mariadb: MariaDB,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Exports]:
    """Run gunicorn on exports of both databases."""
    urls = {"POSTGRESQL": postgresql.url("DRIVER"), "MARIADB": mariadb.url("DRIVER")}
    folder = tmp_path_factory.mktemp("faults")
    target = "apps.rows_faults:app"
    with running("gunicorn-gthread", target, folder, "--threads=12", **urls) as server:
        yield Exports(server)


class Download:
    """What curl, which reads slowly, has of an export so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.code: int | None = None

    def body(self) -> bytes:
        return self._path.read_bytes() if self._path.exists() else b""


@contextmanager
def downloading(url: str, folder: Path) -> Iterator[Download]:
    """Download with curl, from when it has some rows on, until the server ends it."""
    download = Download(folder / "download")
    command = [
        "curl",
        "-sN",
        "--limit-rate",
        "30M",
        "-o",
        str(folder / "download"),
        url,
    ]
    process = subprocess.Popen(command)
    try:
        assert wait_for(lambda: len(download.body()) > 100_000)
        yield download
        # The rest of what was on its way is read without a limit by no client.
        download.code = process.wait(20)
    finally:
        process.kill()
        process.wait()


def assert_cut(download: Download, exports: Exports, error: str) -> None:
    """Assert that the client knows, and that the log tells of it once."""
    assert download.code == CUT
    assert download.body().startswith(b"i,f,x\n1,0,xxx")
    assert b"rror" not in download.body()
    log = exports.new_log()
    assert log.count("Exception on /") == 1
    assert error in log


@pytest.mark.parametrize("driver", POSTGRESQL_WAYS)
def test_connection_is_cut(
    exports: Exports, postgresql: PostgreSQL, tmp_path: Path, driver: str
) -> None:
    """An administrator ends the connection in mid-stream."""
    with downloading(exports.url(driver), tmp_path) as download:
        ended = postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query ~ '^(FETCH|COPY)' AND state <> 'idle'"
            " AND pid <> pg_backend_pid()"
        )
        assert ended == [(True,)]
    assert_cut(download, exports, BROKEN[driver])
    exports.assert_whole(driver)


@pytest.mark.parametrize("driver", MARIADB)
def test_connection_is_cut_by_mariadb(
    exports: Exports, mariadb: MariaDB, tmp_path: Path, driver: str
) -> None:
    """An administrator ends the connection in mid-stream."""
    with downloading(exports.url(driver), tmp_path) as download:
        ((number,),) = mariadb.execute(
            "SELECT id FROM information_schema.processlist"
            " WHERE info LIKE '%repeat(%' AND id <> connection_id()"
        )
        mariadb.execute(f"KILL {number}")
    assert_cut(download, exports, BROKEN[driver])
    exports.assert_whole(driver)


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_database_is_killed(
    request: pytest.FixtureRequest, exports: Exports, tmp_path: Path, name: str
) -> None:
    """The server crashes in mid-stream; connections that waited are dead as well."""
    drivers = POSTGRESQL_WAYS if name == "postgresql" else MARIADB
    for driver in drivers:
        exports.assert_whole(driver)
    with ExitStack() as stack:
        downloads = []
        for driver in drivers:
            (folder := tmp_path / driver).mkdir()
            download = downloading(exports.url(driver), folder)
            downloads.append(stack.enter_context(download))
        with request.getfixturevalue(name).outage():
            for driver in drivers:
                assert wait_for(lambda driver=driver: exports.taken(driver) == 0)
                response, body = fetch(exports.server.port, f"/{driver}?rows=9")
                assert (response.status, b"x" in body) == (500, False)
    assert [download.code for download in downloads] == [CUT] * len(drivers)
    assert exports.new_log().count("Exception on /") == 2 * len(drivers)
    for driver in drivers:
        exports.assert_whole(driver)


@pytest.mark.parametrize(
    ("driver", "fault"),
    [
        *((driver, "division") for driver in POSTGRESQL_WAYS),
        *((driver, "timeout") for driver in POSTGRESQL),
    ],
)
def test_statement_fails(
    exports: Exports, tmp_path: Path, driver: str, fault: str
) -> None:
    """A statement that takes too long, or fails in a later row, is the stream's end."""
    done = curl(exports.url(driver, f"fault={fault}"))
    rows = done.body.splitlines()
    assert (done.code, rows[0]) == (CUT, b"i,f,x")
    # The rows before the failing one, but for those of its own fetch.
    numbers = [int(row.partition(b",")[0]) for row in rows[1:]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert 3900 < len(numbers) <= 5000
    log = exports.new_log()
    assert log.count("Exception on /") == 1
    assert {"timeout": "statement timeout", "division": "division by zero"}[
        fault
    ] in log
    exports.assert_whole(driver)


def test_copy_is_cancelled(
    exports: Exports, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """An administrator cancels the statement; its connection stays."""
    with downloading(exports.url("copy"), tmp_path) as download:
        cancelled = postgresql.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'COPY%' AND state = 'active'"
        )
        assert cancelled == [(True,)]
    assert_cut(download, exports, "canceling statement due to user request")
    exports.assert_whole("copy")


@pytest.mark.parametrize("driver", [*POSTGRESQL_WAYS, *MARIADB])
def test_clients_leave(exports: Exports, driver: str) -> None:
    """Each leaves a query without end, which stops: the pool of three serves all."""
    for _ in range(100 if driver in ("psycopg", "copy", "pymysql") else 20):
        with closing(connect(exports.server.port)) as connection:
            response = ask(connection, f"/{driver}")
            assert response.status == 200
            assert response.read(1000).startswith(b"i,f,x\n1,0,x")
    exports.assert_whole(driver)
