"""A path or a URL enters; the database behind it leaves, if it can be served."""

from __future__ import annotations

from pathlib import Path

from .errors import DemoError
from .sqlite import SQLiteFile
from .tables import Database


def open_database(place: str) -> Database:
    """Return the database of a SQLite file's path, or of a URL of SQLAlchemy.

    :raises DemoError: when there is nothing to serve, or no means to read it.
    """
    database = _behind(place) if "://" in place else SQLiteFile(Path(place))
    database.check()
    return database


def _behind(url: str) -> Database:
    # Files, such as that of the orders, are served without SQLAlchemy.
    try:
        from .engine import open_engine
        from .engine import parse_url
        from .engine import sqlite_path
    except ModuleNotFoundError as error:
        raise DemoError(
            "A URL after --database needs SQLAlchemy:"
            ' pip install "Flask-Outpour[sqlalchemy]".'
        ) from error
    parsed = parse_url(url)
    # SQLAlchemy would make a file that is not there, and would not only read it.
    path = sqlite_path(parsed)
    return open_engine(parsed) if path is None else SQLiteFile(path)
