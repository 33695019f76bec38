"""A database enters; the views that stream all its tables in one file leave."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint
from flask import Response

from flask_outpour import stream_rows
from flask_outpour import stream_zip
from flask_outpour import ZipEntry

from .file_names import FileNames
from .tables import Database
from .tables import Table

#: It does not say where the database is, since an archive is passed on.
_README = """\
The tables and views of a {kind}, each as CSV in UTF-8. Nothing between two commas is
NULL, "" is empty text, and bytes are base64.

{files}
"""


def all_views(database: Database) -> Blueprint:
    """Return an archive with each table as CSV, and a workbook with each as a sheet."""
    views = Blueprint("views", __name__)

    @views.route("/tables.zip")
    def export_archive() -> Response:
        files = files_of(database)
        entries = [
            ZipEntry(name, table.source, format="csv", bind=database.engine)
            for name, table in files.items()
        ]
        # Behind the tables, so that an error in the first one has its own status.
        entries.append(ZipEntry("README.txt", readme(database.kind, files)))
        return stream_zip(entries, filename="tables")

    @views.route("/tables.xlsx")
    def export_sheets() -> Response:
        tables = {table.name: table.source for table in database.tables()}
        return stream_rows(tables, "xlsx", bind=database.engine, filename="tables")

    return views


def files_of(database: Database) -> dict[str, Table]:
    """Return each table and view by the name of its file."""
    names = FileNames()
    return {names.add(table.name): table for table in database.tables()}


def readme(kind: str, files: Mapping[str, Table]) -> str:
    """Return a text that says which file is of which table.

    :param kind: what has the tables.
    """
    lines = [f"{file}: {_shown(table.name)}" for file, table in files.items()]
    return _README.format(kind=kind, files="\n".join(lines))


def _shown(name: str) -> str:
    return name if name.isprintable() and name.strip() else repr(name)
