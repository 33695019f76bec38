"""The fixtures of all tests, and the detector of bodies that were not closed."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_outpour import Outpour
from flask_outpour import testing
from mariadb import MariaDB
from mariadb import missing_mariadb
from mariadb import running_mariadb
from postgresql import missing_postgresql
from postgresql import PostgreSQL
from postgresql import running_postgresql
from processes import missing_program
from processes import running
from processes import Server

pytest_plugins = ["flask_outpour.testing.pytest_plugin"]

#: In CI a missing program fails a test; elsewhere it skips the test.
REQUIRED = bool(os.environ.get("OUTPOUR_TESTS_REQUIRE_ALL"))


def lack(program: str, how: str) -> None:
    """Skip, or in CI fail, the test that wants a program that is not there."""
    message = f"{program} is not installed; {how}"
    if REQUIRED:
        pytest.fail(message)
    pytest.skip(message)


def pytest_collection_finish() -> None:
    """Leave what was loaded so far out of the collections of garbage.

    The leak detector makes one after each test; with pandas, polars and DuckDB loaded
    it would take longer than the test.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def leak_detector() -> Iterator[None]:
    """Assert that every body that the test made was ended by somebody.

    Garbage is collected too, so that what it warns of is told of this test.
    """
    try:
        with testing.detect_leaks():
            yield
    finally:
        gc.collect()


@pytest.fixture
def app() -> Flask:
    """Return an application with Outpour, its errors answered as in production."""
    app = Flask("tests.app", root_path=str(Path(__file__).parent))
    app.secret_key = "tests"
    Outpour(app)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a test client, for tests that are not about what arrives when."""
    return app.test_client()


@pytest.fixture
def serve(outpour_serve: Callable[[Any], testing.Server]) -> Callable[[Any], str]:
    """Return a function that serves an application of the test over a real socket.

    It runs Werkzeug's threaded server in this process, and returns its address.
    """
    return lambda app: outpour_serve(app).url


@pytest.fixture
def run_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Return a function that starts one of the real servers on an application.

    ``run_server("gunicorn-gthread", "apps.tutorial:app", "--timeout", "5")``; the
    application is imported from ``tests``.
    """
    with ExitStack() as stack:

        def start(name: str, target: str, *options: str, **environment: str) -> Server:
            if program := missing_program(name):
                lack(program, "pip install --group tests")
            return stack.enter_context(
                running(name, target, tmp_path, *options, **environment)
            )

        yield start


# In the system's temporary folder, since pytest's own is closed to other users: to
# the one that the server runs as when the tests run as root.
@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Run PostgreSQL for all tests, which leave it running."""
    if program := missing_postgresql():
        lack(program, "apt-get install postgresql")
    with (
        tempfile.TemporaryDirectory(prefix="outpour-postgresql-") as directory,
        running_postgresql(Path(directory)) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """Run MariaDB for all tests, which leave it running."""
    if program := missing_mariadb():
        lack(program, "apt-get install mariadb-server")
    with (
        tempfile.TemporaryDirectory(prefix="outpour-mariadb-") as directory,
        running_mariadb(Path(directory)) as server,
    ):
        yield server
