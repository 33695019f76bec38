"""Tests of the exports in every format, from the command to what curl receives."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import sqlite3
import subprocess
from collections.abc import Callable
from collections.abc import Iterable
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from flask_outpour.demo.orders import orders
from servers.clients import curl
from servers.clients import wait_for

from .conftest import EXTERNAL_NAMES
from .conftest import NAMES
from .conftest import ORDERS
from .conftest import ROWS
from .conftest import SIDES
from .externals import as_cell
from .externals import as_json
from .externals import COLUMNS
from .externals import External
from .externals import PASSWORD
from .test_views import get
from .test_views import left_early
from .test_views import read_csv
from .test_views import read_table

#: What stands behind an address, for each format.
TEXTS: dict[str, Callable[[str], list[list[str]]]] = {
    ".csv": read_csv,
    ".csv?excel=yes": lambda text: read_csv(text.removeprefix("\ufeff")),
    ".tsv": lambda text: list(csv.reader(io.StringIO(text, newline=""), "excel-tab")),
    ".html": read_table,
}
OBJECTS: dict[str, Callable[[str], Iterable[dict[str, Any]]]] = {
    ".json": json.loads,
    ".ndjson": lambda text: map(json.loads, text.split("\n")[:-1]),
    ".json-seq": lambda text: map(json.loads, text.split("\x1e")[1:]),
}


def download(url: str) -> str:
    """Return what curl has of an address, all of it."""
    done = curl(url)
    assert done.code == 0
    return done.body.decode()


def assert_exported(
    address: str, columns: list[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Assert that the exports at an address have these rows, in each format."""
    rows = list(rows)
    cells = [columns, *([as_cell(value) for value in row] for row in rows)]
    for end, read in TEXTS.items():
        assert read(download(address + end)) == cells, address + end
    for end, parse in OBJECTS.items():
        objects = list(parse(download(address + end)))
        assert [list(one) for one in objects] == [columns] * len(rows), address + end
        values = [[as_json(value) for value in row] for row in rows]
        assert [list(one.values()) for one in objects] == values, address + end


def test_orders_arrive_in_each_format(
    run_demo: Callable[..., Any],
) -> None:
    """What each format's reader gets is every order, as it was generated."""
    names = ["id", "created_at", "customer", "email", "amount", "quantity", "paid"]
    with run_demo("--rows", "500") as demo:
        assert_exported(f"{demo.url}/outpour/orders", [*names, "note"], orders(500))


def test_sqlite_tables_arrive_in_each_format(tables_url: str) -> None:
    """Tables of a file arrive whole, whatever their names."""
    for name in NAMES:
        address = f"{tables_url}/rows/{quote(name, safe='')}"
        assert_exported(address, ["n,r", "text", "real", ""], ROWS)


def test_tables_of_a_server_arrive_in_each_format(
    run_demo: Callable[..., Any], external: External
) -> None:
    """Tables of PostgreSQL and MariaDB arrive as their drivers have them."""
    with run_demo("--database", external.url) as demo:
        for name in EXTERNAL_NAMES[:8]:
            rows = external.rows(name)
            assert len(rows) == 4
            assert_exported(f"{demo.url}/rows/{quote(name, safe='')}", COLUMNS, rows)
        assert download(f"{demo.url}/rows/few.csv") == "text\nplain\n"


@pytest.mark.parametrize("side", SIDES)
def test_the_pairs_of_a_server_arrive(
    run_demo: Callable[..., Any], external: External, side: str
) -> None:
    """The file and the page have the rows of a table, on both sides."""
    rows = [[as_cell(value) for value in row] for row in external.rows("flights")]
    with run_demo("--database", external.url) as demo:
        address = f"{demo.url}/{side}/flights"
        assert read_csv(download(f"{address}.csv")) == [COLUMNS, *rows]
        page = read_table(download(f"{address}.html?rows=2"))
        assert page == [COLUMNS, *rows[:2]]
        assert read_table(download(f"{address}.html?rows=-1")) == [COLUMNS, *rows]


@pytest.mark.parametrize(
    "path", ["rows/endless.json", "outpour/endless.csv", "outpour/endless.html"]
)
def test_a_client_that_leaves_frees_the_server(
    run_demo: Callable[..., Any], external: External, path: str
) -> None:
    """The connection of a stream is closed soon after its client left."""
    with run_demo("--database", external.url) as demo:
        with left_early(f"{demo.url}/{path}"):
            assert external.sessions() == 1
        assert wait_for(lambda: external.sessions() == 0)


def test_the_password_stays_secret(
    run_demo: Callable[..., Any], external: External
) -> None:
    """Neither pages nor the log have the password, also when the server is gone."""
    with run_demo("--database", external.url) as demo:
        shown = get(f"{demo.url}/")
        with external.server.outage():
            for path in ("", "rows/flights.csv", "plain/flights.csv"):
                with pytest.raises(HTTPError, match="500") as caught:
                    get(f"{demo.url}/{path}")
                shown += caught.value.read().decode()
        assert wait_for(lambda: get(f"{demo.url}/rows/few.csv"))
        demo.process.terminate()
        _, log = demo.process.communicate(timeout=30)
    assert f":***@127.0.0.1:{external.server.port}/" in shown
    assert "OperationalError" in log
    for secret in (PASSWORD, quote(PASSWORD, safe=""), "hush"):
        assert secret not in shown + log


def test_excel_gets_no_formula(database: Path, tables_url: str) -> None:
    """The file for Excel is marked as UTF-8, and its text runs as no formula."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE t AS SELECT '=1+1' AS text, -1 AS number")
    text = download(f"{tables_url}/rows/t.csv?excel=yes")
    assert text == "\ufefftext,number\n'=1+1,-1\n"
    assert download(f"{tables_url}/rows/t.csv") == "text,number\n=1+1,-1\n"


def test_a_name_that_ends_like_a_format_has_all_formats(
    database: Path, tables_url: str
) -> None:
    """Of the tables ``x`` and ``x.csv``, each has its own address in each format."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE x AS SELECT 'x' AS text")
    assert download(f"{tables_url}/rows/x.csv") == "text\nx\n"
    assert_exported(f"{tables_url}/rows/x.csv", ["n,r", "text", "real", ""], ROWS)


def test_a_download_has_the_name_of_its_table(tables_url: str) -> None:
    """A browser saves a table under its name, with the suffix of the format."""
    with urlopen(f"{tables_url}/rows/two%20words.ndjson", timeout=30) as response:
        disposition = response.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="two words.ndjson"'


@pytest.mark.parametrize(
    "path", ["rows/nobody.json", "rows/nobody", "rows/flights.pdf"]
)
def test_what_is_not_there_is_not_found(tables_url: str, path: str) -> None:
    """An unknown table, or format, is 404."""
    with pytest.raises(HTTPError, match="404"):
        get(f"{tables_url}/{path}")


def test_orders_in_an_unknown_format_are_not_found(orders_url: str) -> None:
    """A suffix that no format has is 404, not some other format."""
    with pytest.raises(HTTPError, match="404"):
        get(f"{orders_url}/outpour/orders.pdf")


@pytest.mark.parametrize("fixture", ["orders_url", "tables_url"])
def test_the_command_of_the_page_asks_for_ndjson(
    request: pytest.FixtureRequest, database: Path, fixture: str
) -> None:
    """The command for a terminal, copied from the page, gives one object a line."""
    with closing(sqlite3.connect(database)) as connection:
        # Without a suffix, curl and browsers take this name for the folder above.
        connection.execute('DROP TABLE ".."')
    page = get(f"{request.getfixturevalue(fixture)}/")
    (command,) = re.findall(r"curl -H [^<]+", page)
    done = subprocess.run(shlex.split(unescape(command)), capture_output=True)
    first = done.stdout.split(b"\n")[0]
    assert isinstance(json.loads(first), dict)
    assert done.stdout.count(b"\n") == (ORDERS if fixture == "orders_url" else 4)
