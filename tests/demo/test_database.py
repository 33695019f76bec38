"""Tests of what stands behind ``--database``: a file, or a URL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flask_outpour.demo.database import open_database
from flask_outpour.demo.errors import DemoError
from flask_outpour.demo.sqlite import SQLiteFile

from .externals import External


def test_a_path_is_a_file(database: Path) -> None:
    """A path, whatever is in it, is that of a SQLite file."""
    assert open_database(str(database)) == SQLiteFile(database)


def test_a_url_of_a_file_is_that_file(tmp_path: Path, database: Path) -> None:
    """A file is the same by its URL, and one that is not there is not made."""
    plain = database.rename(tmp_path / "plain.db")
    assert open_database(f"sqlite:///{plain}") == SQLiteFile(plain)
    with pytest.raises(DemoError, match="there is no such file"):
        open_database(f"sqlite:///{tmp_path}/missing.db")
    assert not (tmp_path / "missing.db").exists()


def test_a_url_is_a_database_without_its_password(external: External) -> None:
    """A server is shown by its URL, the password left out."""
    shown = str(open_database(external.url))
    assert shown.startswith(external.url.split(":")[0])
    assert f":***@127.0.0.1:{external.server.port}/" in shown


def test_without_sqlalchemy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SQLAlchemy is not installed, a URL is met by what to install."""
    monkeypatch.delitem(sys.modules, "flask_outpour.demo.engine", raising=False)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(DemoError, match=r'pip install "Flask-Outpour\[sqlalchemy\]"\.'):
        open_database("postgresql://user:hush@host/name")


def test_files_are_served_without_sqlalchemy(database: Path) -> None:
    """Neither the command nor a file's rows load SQLAlchemy."""
    code = f"""
import sys
from pathlib import Path
from werkzeug.test import Client
from flask_outpour import cli
from flask_outpour.demo.application import tables_application
from flask_outpour.demo.database import open_database
client = Client(tables_application(open_database({str(database)!r})))
print(client.get("/rows/few.csv").text.split(), "sqlalchemy" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "['text', 'plain'] False\n", done.stderr
