"""The databases of the demo's tests, its applications, and its command running."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flask_outpour.demo import sqlite as sqlite_module
from flask_outpour.demo.application import orders_application
from flask_outpour.demo.application import tables_application
from flask_outpour.demo.orders import generate_orders
from flask_outpour.demo.sqlite import SQLiteFile

from .externals import External
from .externals import EXTERNALS

#: Names that SQL, a URL, a page or a path could take for something else.
NAMES = (
    "flights",
    'a"b',
    "it's",
    "two words",
    "a/b",
    "../up",
    "..",
    "line\nend",
    "q?x#y%41&z",
    "static/demo.css",
    "<b>",
    "select",
    "stream",
    "x.csv",
    "x'; DROP TABLE flights; --",
    "жар 🌻",
)
#: Those that MariaDB takes, too: four bytes of UTF-8 are too many for it.
EXTERNAL_NAMES = [name for name in NAMES if max(name) <= "\uffff"]
ROWS = (
    (1, "plain", 1.5, None),
    (2, 'a "quoted", cell', -0.1, ""),
    (3, "line\nend, and \r alone", 1e300, b"\x00\xff"),
    (2**63 - 1, "жар 🌻", None, "<script>"),
)
ORDERS = 3000
SIDES = ("outpour", "plain")

_COMMAND = str(Path(sys.executable).parent / "outpour")
_WITHOUT_GUNICORN = (
    "import sys; sys.modules['gunicorn.app.base'] = None;"
    " from flask_outpour.cli import main; main()"
)
COMMANDS = {
    "gunicorn": [_COMMAND],
    "waitress": [sys.executable, "-c", _WITHOUT_GUNICORN],
}


@dataclass(frozen=True, slots=True)
class Demo:
    """The command ``outpour demo``, ready."""

    url: str
    process: subprocess.Popen[str]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a SQLite file whose tables have hostile names and rows."""
    path = tmp_path / "of the user's, #1 %41?.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        for name in NAMES:
            quoted = name.replace('"', '""')
            connection.execute(f'CREATE TABLE "{quoted}" ("n,r", text, real, "")')
            connection.executemany(f'INSERT INTO "{quoted}" VALUES (?, ?, ?, ?)', ROWS)
        connection.execute("CREATE VIEW few AS SELECT text FROM flights LIMIT 1")
    return path


@pytest.fixture(scope="session")
def orders_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file of a few thousand orders."""
    path = tmp_path_factory.mktemp("orders") / "orders.sqlite3"
    generate_orders(path, ORDERS, lambda done: None)
    return path


@pytest.fixture
def orders_url(orders_path: Path, serve: Callable[[Any], str]) -> str:
    """Return the address of the demo over the orders."""
    return serve(orders_application(orders_path, ORDERS))


@pytest.fixture
def tables_url(database: Path, serve: Callable[[Any], str]) -> str:
    """Return the address of the demo over the hostile tables."""
    return serve(tables_application(SQLiteFile(database)))


@pytest.fixture(params=["postgresql", "mariadb"])
def external(request: pytest.FixtureRequest) -> Iterator[External]:
    """Return the hostile tables in each server, under a user with a password."""
    external = EXTERNALS[request.param](request.getfixturevalue(request.param))
    external.create(EXTERNAL_NAMES)
    yield external
    external.drop()


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what happens to connections: "opened" and "closed", in their order."""
    events: list[str] = []

    class Connection(sqlite3.Connection):
        def close(self) -> None:
            super().close()
            events.append("closed")

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        events.append("opened")
        return original(*args, factory=Connection, **kwargs)

    original: Callable[..., sqlite3.Connection] = sqlite3.connect
    monkeypatch.setattr(sqlite_module.sqlite3, "connect", connect)
    return events


@pytest.fixture
def run_demo(tmp_path: Path) -> Callable[..., Any]:
    """Return a context manager that runs ``outpour demo`` with some options.

    The user's home, and cache, is ``tmp_path / "home"``.
    """
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, **dict.fromkeys(("HOME", "XDG_CACHE_HOME"), str(home))}
    # gunicorn would put its socket there, and into the home without it.
    environment.pop("XDG_RUNTIME_DIR", None)

    @contextmanager
    def run(*options: str, server: str = "gunicorn") -> Iterator[Demo]:
        process = subprocess.Popen(
            [*COMMANDS[server], "demo", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        try:
            yield Demo(_ready(process), process)
        finally:
            process.terminate()
            process.communicate(timeout=30)

    return run


def _ready(process: subprocess.Popen[str]) -> str:
    """Return the address of the demo, once it says that it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"ready: http://(\S+)/", line):
            return f"http://{found[1]}"
    raise AssertionError(process.communicate())
