"""An empty directory enters; MariaDB, running in it, leaves."""

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

import pymysql

from database_server import DatabaseServer
from database_server import hand_over
from database_server import prepare
from processes import free_port

_SETTINGS = {
    "bind-address": "127.0.0.1",
    "skip-name-resolve": "ON",
    "character-set-server": "utf8mb4",
    "default-time-zone": "+00:00",
    # For speed. What is committed survives a kill all the same, if not a power cut;
    # with 0 it would not.
    "innodb-flush-log-at-trx-commit": "2",
    "innodb-flush-method": "nosync",
}


@dataclass
class MariaDB(DatabaseServer):
    """MariaDB, its user ``root`` let in without a password."""

    unreachable: ClassVar[type[Exception]] = pymysql.OperationalError
    killing: ClassVar[signal.Signals] = signal.SIGKILL

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments for ``connect()`` of PyMySQL and mysqlclient."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "root",
            "database": "test",
            "charset": "utf8mb4",
        }

    def url(self, driver: str) -> str:
        """Return the URL for SQLAlchemy with one of its drivers, as ``pymysql``."""
        return f"mysql+{driver}://root@127.0.0.1:{self.port}/test?charset=utf8mb4"

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with (
            pymysql.connect(
                **self.parameters, autocommit=True, connect_timeout=5
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return list(cursor.fetchall())


def missing_mariadb() -> str | None:
    """Return the program of MariaDB that this machine lacks, if one."""
    programs = ["mariadbd", "mariadb-install-db"]
    return next((program for program in programs if not _find(program)), None)


def _find(program: str) -> str | None:
    # A user's PATH may lack the folder that has the server.
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(program, path=path)


@contextmanager
def running_mariadb(directory: Path) -> Iterator[MariaDB]:
    """Run MariaDB on a free port until the block ends; stop it by process id.

    :param directory: an empty one, where its files go. If the tests run as root, it is
        given to another user, who must be able to reach it.
    """
    install, mariadbd = _find("mariadb-install-db"), _find("mariadbd")
    assert install and mariadbd, "MariaDB is not installed"
    account = hand_over(directory, "mysql", "nobody")
    files = [
        # It must come first. The machine's own settings are for its own server.
        "--no-defaults",
        f"--datadir={directory / 'data'}",
        # A server that starts removes what it takes for left over from here.
        f"--tmpdir={directory}",
        # A twelfth of the default, which is written out when the files are made.
        "--innodb-log-file-size=8M",
    ]
    authentication = "--auth-root-authentication-method=normal"
    prepare([install, *files, authentication], directory, account)
    port = free_port()
    settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
    places = [f"--{name}={directory / name}" for name in ("socket", "pid-file")]
    command = [mariadbd, *files, f"--port={port}", *settings, *places]
    server = MariaDB(directory, port, command, account)
    server.start()
    try:
        yield server
    finally:
        server.kill()
