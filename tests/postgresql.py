"""An empty directory enters; PostgreSQL, running in it, leaves."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import ClassVar

import psycopg

from database_server import DatabaseServer
from database_server import hand_over
from database_server import prepare
from processes import free_port

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    # For speed. What is committed survives a kill all the same, if not a power cut;
    # with synchronous_commit off it would not.
    "fsync": "off",
    "full_page_writes": "off",
}


@dataclass
class PostgreSQL(DatabaseServer):
    """PostgreSQL, its superuser ``postgres`` let in without a password."""

    unreachable: ClassVar[type[Exception]] = psycopg.OperationalError
    # Its "immediate shutdown". After SIGKILL its backends would live on for a while.
    killing: ClassVar[signal.Signals] = signal.SIGQUIT

    @property
    def conninfo(self) -> str:
        """The connection string for psycopg, psycopg2 and psql."""
        return f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"

    def url(self, driver: str) -> str:
        """Return the URL for SQLAlchemy with one of its drivers, as ``psycopg``."""
        return f"postgresql+{driver}://postgres@127.0.0.1:{self.port}/postgres"

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            self.conninfo, autocommit=True, connect_timeout=5
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def missing_postgresql() -> str | None:
    """Return the program of PostgreSQL that this machine lacks, if one."""
    return None if _find("initdb") else "initdb"


def _find(program: str) -> Path | None:
    # Debian keeps the server's programs out of PATH, a folder for each version.
    folders = sorted(
        Path("/usr/lib/postgresql").glob("[0-9]*/bin"),
        key=lambda folder: float(folder.parent.name),
    )
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, reversed(folders))])
    found = shutil.which(program, path=path)
    return Path(found).resolve() if found else None


@contextmanager
def running_postgresql(directory: Path) -> Iterator[PostgreSQL]:
    """Run PostgreSQL on a free port until the block ends; stop it by process id.

    :param directory: an empty one, where its files go. If the tests run as root, it is
        given to another user, who must be able to reach it.
    """
    initdb = _find("initdb")
    assert initdb, "initdb is not installed"
    account = hand_over(directory, "postgres", "nobody")
    data = str(directory / "data")
    # C.UTF-8 sorts by code point and asks nothing of the machine's locales.
    options = ["--auth=trust", "--username=postgres", "--no-sync", "--no-instructions"]
    locale = ["--locale=C.UTF-8", "--encoding=UTF8"]
    prepare([str(initdb), *options, *locale, data], directory, account)
    port = free_port()
    settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
    # Beside initdb, so of its version.
    command = [str(initdb.with_name("postgres")), "-D", data, "-p", str(port)]
    server = PostgreSQL(directory, port, [*command, *settings], account)
    server.start()
    try:
        yield server
    finally:
        server.kill()
