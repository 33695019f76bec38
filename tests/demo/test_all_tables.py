"""Tests of all tables in one file, from the command to the programs that open it."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request
from urllib.request import urlopen

import pytest
from python_calamine import CalamineError
from python_calamine import CalamineWorkbook

from archives.readers import contents
from archives.readers import extracted
from archives.readers import PROGRAMS
from formats.workbooks import by_openpyxl
from servers.clients import curl
from servers.clients import wait_for

from .conftest import NAMES
from .externals import COLUMNS
from .externals import External
from .test_exports import download
from .test_views import get
from .test_views import left_early

#: The file of each table; the database has them in the order of their names.
FILES = {
    "..": "download.csv",
    "../up": "_up.csv",
    "<b>": "_b_.csv",
    'a"b': "a_b.csv",
    "a/b": "a_b (2).csv",
    "few": "few.csv",
    "flights": "flights.csv",
    "it's": "it's.csv",
    "line\nend": "line_end.csv",
    "q?x#y%41&z": "q_x#y%41&z.csv",
    "select": "select.csv",
    "static/demo.css": "static_demo.css.csv",
    "stream": "stream.csv",
    "two words": "two words.csv",
    "x'; DROP TABLE flights; --": "x'; DROP TABLE flights; --.csv",
    "x.csv": "x.csv",
    "жар 🌻": "жар 🌻.csv",
}
#: The sheets of those whose name no sheet can have.
SHEETS = {"../up": ".._up", "a/b": "a_b", "line\nend": "line_end"}
SHEETS |= {"q?x#y%41&z": "q_x#y%41&z", "static/demo.css": "static_demo.css"}
PATHS = ("all/tables.zip", "all/tables.xlsx")


def fetch(url: str) -> bytes:
    """Return the bytes that curl has of an address, all of them."""
    done = curl(url)
    assert done.code == 0
    return done.body


def execute(database: Path, statement: str) -> None:
    """Change the file that is served."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def test_the_archive_has_each_table(tables_url: str) -> None:
    """Each table is the CSV that it is alone, and a text names those that changed."""
    files = contents(fetch(f"{tables_url}/all/tables.zip"))
    text = files.pop("README.txt").decode()
    assert list(files) == list(FILES.values())
    for name, file in FILES.items():
        alone = download(f"{tables_url}/rows/{quote(name, safe='')}.csv")
        assert files[file].decode() == alone, name
        assert f"{file}: {name if name.isprintable() else repr(name)}\n" in text


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_unpack_the_archive(
    tables_url: str, tmp_path: Path, program: str
) -> None:
    """Whatever the names are, each program has all bytes of all files."""
    path = tmp_path / "tables.zip"
    path.write_bytes(fetch(f"{tables_url}/all/tables.zip"))
    whole = b"".join(contents(path.read_bytes()).values())
    assert extracted(program, path) == whole


def test_the_workbook_has_a_sheet_for_each_table(tables_url: str) -> None:
    """Each sheet has the rows that the table has as a workbook of its own."""
    sheets = by_openpyxl(fetch(f"{tables_url}/all/tables.xlsx"))
    assert len(sheets) == len(FILES)
    for name in NAMES:
        address = f"{tables_url}/rows/{quote(name, safe='')}.xlsx"
        (alone,) = by_openpyxl(fetch(address)).values()
        assert len(alone) == 5
        assert sheets[SHEETS.get(name, name)] == alone, name


def test_the_orders_are_an_archive(run_demo: Callable[..., Any]) -> None:
    """The demo's own database has one table, which is there with a text about it."""
    with run_demo("--rows", "500") as demo:
        files = contents(fetch(f"{demo.url}/all/tables.zip"))
        assert files["orders.csv"].decode() == download(
            f"{demo.url}/outpour/orders.csv"
        )
    assert list(files) == ["orders.csv", "README.txt"]
    assert files["README.txt"].endswith(b"\n\norders.csv: orders\n")
    # Who is given the archive need not know whose it is.
    assert b"sqlite3" not in files["README.txt"]


@pytest.mark.parametrize("path", PATHS)
def test_the_download_says_what_it_is(tables_url: str, path: str) -> None:
    """A browser saves the file under the name of its address."""
    with urlopen(f"{tables_url}/{path}", timeout=30) as response:
        disposition = response.headers["Content-Disposition"]
    assert disposition == f'attachment; filename="{path.removeprefix("all/")}"'


@pytest.mark.parametrize("path", PATHS)
def test_tables_are_opened_one_after_another(
    tables_url: str, connections: list[str], path: str
) -> None:
    """The list of the tables, and each of them, has a connection of its own."""
    with urlopen(f"{tables_url}/{path}", timeout=30) as response:
        response.read()
    assert connections == ["opened", "closed"] * (1 + len(FILES))


@pytest.mark.parametrize("path", PATHS)
def test_head_reads_no_table(
    tables_url: str, connections: list[str], path: str
) -> None:
    """A HEAD request looks which tables there are, and opens none."""
    request = Request(f"{tables_url}/{path}", method="HEAD")
    with urlopen(request, timeout=30) as response:
        assert response.status == 200
    assert connections == ["opened", "closed"]


@pytest.mark.parametrize("path", PATHS)
def test_a_table_that_fails_cuts_the_file(
    database: Path, tables_url: str, path: str
) -> None:
    """When a row in a later table is damaged, no program takes the file for whole."""
    execute(database, "INSERT INTO stream (text) VALUES (CAST(x'ff' AS TEXT))")
    done = curl(f"{tables_url}/{path}")
    assert done.code == 18
    assert done.body.startswith(b"PK")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(done.body))
    with pytest.raises(CalamineError):
        CalamineWorkbook.from_filelike(io.BytesIO(done.body))


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_refuse_an_archive_that_failed(
    database: Path, tables_url: str, tmp_path: Path, program: str
) -> None:
    """Who unpacks an archive that broke off is told so."""
    execute(database, "INSERT INTO stream (text) VALUES (CAST(x'ff' AS TEXT))")
    path = tmp_path / "tables.zip"
    path.write_bytes(curl(f"{tables_url}/all/tables.zip").body)
    assert extracted(program, path) is None


@pytest.mark.parametrize("path", PATHS)
def test_a_first_table_that_fails_is_an_error_page(
    database: Path, tables_url: str, path: str
) -> None:
    """Before the first row of the first table, an error is a 500."""
    execute(database, "CREATE VIEW '!' AS SELECT * FROM nowhere")
    with pytest.raises(HTTPError, match="500"):
        get(f"{tables_url}/{path}")


@pytest.mark.parametrize("path", PATHS)
def test_tables_of_a_server_arrive_in_one_file(
    run_demo: Callable[..., Any], external: External, path: str
) -> None:
    """Tables of PostgreSQL and MariaDB are those that each is alone."""
    with closing(external.connect()) as connection:
        connection.cursor().execute("DROP VIEW endless")
        connection.commit()
    with run_demo("--database", external.url) as demo:
        whole = fetch(f"{demo.url}/{path}")
        if path.endswith("zip"):
            alone = download(f"{demo.url}/rows/flights.csv")
            assert contents(whole)["flights.csv"].decode() == alone
        else:
            (rows,) = by_openpyxl(fetch(f"{demo.url}/rows/flights.xlsx")).values()
            assert rows[0] == COLUMNS
            assert rows[1][0] == 1
            assert by_openpyxl(whole)["flights"] == rows
        assert wait_for(lambda: external.sessions() == 0)


@pytest.mark.parametrize("path", PATHS)
def test_who_leaves_a_file_of_all_tables_frees_the_server(
    run_demo: Callable[..., Any], external: External, path: str
) -> None:
    """The connection of the table whose turn it was is closed."""
    with run_demo("--database", external.url) as demo:
        with left_early(f"{demo.url}/{path}"):
            assert wait_for(lambda: external.sessions() == 1)
        assert wait_for(lambda: external.sessions() == 0)
