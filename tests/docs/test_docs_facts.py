"""What README and docs say of names, keys, files and tests is so."""

from __future__ import annotations

import copy
import inspect
import re
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from decimal import Decimal
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fences import name_of
from fences import PAGES
from fences import ROOT

import flask_outpour
from flask_outpour import archives
from flask_outpour import RowError
from flask_outpour import testing
from flask_outpour.configuration import DEFAULTS
from flask_outpour.formats import BUILT_IN
from flask_outpour.formats import CSV
from flask_outpour.formats import Format
from flask_outpour.formats import NDJSON
from flask_outpour.rows.drivers import dialect_caveat

#: What the values on the page of the formats are written with.
VALUE_NAMES = {
    name.__name__: name
    for name in (
        *(date, datetime, Decimal, HTTPStatus),
        *(ip_address, time, timedelta, timezone, UUID),
    )
}


def read(page: str) -> str:
    return (ROOT / page).read_text()


def read_rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a line of headings."""
    _, found, rest = read(page).partition(f"| {heading}")
    assert found, f"{page} has no table {heading}"
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def read_codes(cell: str) -> list[str]:
    """Return what a cell has between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def test_the_tests_that_the_docs_name_exist() -> None:
    """A test that a page names as its proof is there."""
    sources = "".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)\(", sources, re.M))
    texts = "".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"`(?:[\w/.]+::)?(test_\w+)`", texts))
    assert len(named) >= 10
    assert named <= defined


def test_the_map_of_the_modules_is_whole() -> None:
    """The page of how it works says of each module what enters and what leaves."""
    rows = re.findall(r"^\| (\[`.*?) \|.*\|.*\|$", read("docs/how-it-works.md"), re.M)
    folder = ROOT / "src" / "flask_outpour"
    modules = {path.stem for path in folder.glob("*.py")}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    named = {name for row in rows for name in read_codes(row)}
    assert named == (modules | packages) - {"__init__", "cli", "demo"}


def test_the_configuration_page_has_every_key_and_its_default() -> None:
    """Every setting is documented with the default that it has."""
    text = read("docs/configuration.md")
    entries = re.findall(r"^`(OUTPOUR_\w+)`\n: (.*?)(?=^`|^\S*$)", text, re.M | re.S)
    defaults = {
        key: re.search(r"Default:\s+`(.*?)`", entry)[1]  # type: ignore[index]
        for key, entry in entries
    }
    assert defaults == {key: repr(value) for key, value in DEFAULTS.items()}


def test_the_errors_page_has_every_exception() -> None:
    """Every exception is documented with its cause and its cure."""
    _, _, text = read("docs/errors.md").partition("\n## Exceptions\n")
    entries = re.findall(r"^`([\w.]+)`\n: (.*?)^$", text, re.M | re.S)
    causes = {name.rpartition(".")[2]: cause for name, cause in entries}
    exceptions = {
        name
        for module in (flask_outpour, archives, testing)
        for name in module.__all__
        if isinstance(value := getattr(module, name), type)
        and issubclass(value, Exception)
    }
    assert {*causes} == exceptions - {"OutpourError"}
    drawn = set(re.findall(r"─ (?:\w+\.)?(\w+) \(", text))
    assert drawn == {*causes}
    assert all("**Cause:**" in each and "**Cure:**" in each for each in causes.values())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_files_that_a_page_links_exist(page: Path) -> None:
    """No link to a file of the repository leads nowhere."""
    text = page.read_text()
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[\w-]+)?\)", text)
    links += re.findall(r"^\[[^\]]+\]: ([^:\s]+)$", text, re.M)
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "row", read_rows("docs/formats.md", "type |"), ids=lambda row: row[1]
)
def test_each_value_is_written_as_the_table_says(row: list[str]) -> None:
    """Each value on the page of the formats has the texts that stand beside it."""
    _, shown, csv, json = row
    value = eval(read_codes(shown)[0], VALUE_NAMES)
    assert (text_of(CSV(), value), text_of(NDJSON(), value)) == (csv, json)


def text_of(format: Format, value: Any) -> str:
    """Return what a format makes of a value, as the page has it."""
    writer = copy.copy(format)
    writer.begin(["value", "end"])
    try:
        text = writer.feed([(value, 0)]).decode()
    except RowError:
        return "`RowError`"
    cell = re.sub(r'^\{"value":|,(0|"end":0})\n$', "", text)
    return f"`{cell}`" if cell else "nothing"


def test_the_table_of_the_formats_is_whole() -> None:
    """Every format is in the table with its suffixes, media type and options."""
    options: dict[str, list[str]] = {}
    for row in read_rows("docs/formats.md", "class |"):
        name = read_codes(row[0])[0]
        format = BUILT_IN.named(read_codes(row[1])[0])
        assert format is not None
        assert type(format).__name__ == name
        assert read_codes(row[2]) == [format.media_type]
        aliases = [n for n in getattr(format, "aliases", ()) if "/" not in n]
        assert read_codes(row[1]) == [format.suffix, *aliases]
        same = row[3].removeprefix("as ") if row[3].startswith("as ") else None
        shown = options[read_codes(same)[0]] if same else read_codes(row[3])
        options[name] = shown
        taken = set(inspect.signature(type(format)).parameters)
        # A tab is what makes TSV of CSV.
        assert {*shown} == taken | ({"delimiter"} if name == "TSV" else set())
    assert list(options) == [type(format).__name__ for format in BUILT_IN]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (name, what)
        for names, what in read_rows("docs/rows.md", "dialect of SQLAlchemy |")
        for name in read_codes(names)
    ],
)
def test_each_dialect_streams_as_the_table_says(name: str, what: str) -> None:
    """The log warns of just the dialects that the page of the rows says it does."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    # SQLAlchemy looks for the cursors of this driver.
    pytest.importorskip("MySQLdb" if name.endswith("+mysqldb") else "sqlalchemy")
    dialect = sqlalchemy.make_url(f"{name}://").get_dialect()()
    assert bool(dialect_caveat(dialect)) == ("warning" in what)


def test_every_benchmark_is_listed() -> None:
    """The page of the benchmarks has the command of each."""
    commands = set(re.findall(r"^python -m (\S+)", read("docs/benchmarks.md"), re.M))
    files = {path.stem for path in ROOT.glob("benchmarks/bench_*.py")}
    assert commands == {f"benchmarks.{name}" for name in files}
