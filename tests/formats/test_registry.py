"""Tests of the registry of formats, and of formats of an application's own."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask

from flask_outpour import CSV
from flask_outpour import Format
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import XLSX
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import Arrow
from flask_outpour.formats import BUILT_IN
from flask_outpour.formats import Formats
from flask_outpour.formats import HTMLTable
from flask_outpour.formats import JSONSequence
from flask_outpour.formats import Parquet
from flask_outpour.formats import TSV


class Lines:
    """A format of an application's own: the number of the line, then the values."""

    media_type = "text/x-lines"
    suffix = "lines"
    aliases = ("LN", "application/x-lines")

    def begin(self, columns: Sequence[str]) -> bytes:
        self.count = 0
        return f"# {' '.join(columns)}\n".encode()

    def feed(self, batch: Sequence[Sequence[Any]]) -> bytes:
        lines = []
        for row in batch:
            self.count += 1
            lines.append(f"{self.count}: {' '.join(map(str, row))}\n")
        return "".join(lines).encode()

    def finish(self) -> bytes:
        return f"# {self.count} rows\n".encode()


class Semicolons(CSV):
    """CSV for Excel where the decimal sign is a comma, in place of the built-in one."""

    def __init__(self) -> None:
        super().__init__(excel=True, delimiter=";")


def test_built_in_formats() -> None:
    """Each format has a registered or usual media type, a suffix, and its names."""
    facts = {format.suffix: format.media_type for format in BUILT_IN}
    assert facts == {
        "csv": "text/csv",
        "tsv": "text/tab-separated-values",
        "json": "application/json",
        "ndjson": "application/x-ndjson",
        "json-seq": "application/json-seq",
        "html": "text/html",
        "arrows": "application/vnd.apache.arrow.stream",
        "parquet": "application/vnd.apache.parquet",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }


def test_names() -> None:
    """A format is found by suffix, alias and media type, in any case of letters."""
    for names, kind in [
        (["csv", "CSV", ".csv", "text/csv", "Text/CSV"], CSV),
        (["tsv", "text/tab-separated-values"], TSV),
        (["json", "application/json"], JSON),
        (["ndjson", "jsonl", ".JSONL", "application/x-ndjson"], NDJSON),
        (["application/jsonl", "application/ndjson"], NDJSON),
        (["json-seq", "application/json-seq"], JSONSequence),
        (["html", "htm", "text/html"], HTMLTable),
        (["arrows", "application/vnd.apache.arrow.stream"], Arrow),
        (["parquet", "application/vnd.apache.parquet"], Parquet),
        (["xlsx", ".XLSX", XLSX.media_type], XLSX),
    ]:
        assert {type(BUILT_IN.named(name)) for name in names} == {kind}
    for name in ("", "xml", "xls", "cs", "text", "csv ", "*/*"):
        assert BUILT_IN.named(name) is None


def test_suffix_of_a_path() -> None:
    """What stands behind the last dot of the last part of a path is its suffix."""
    for path, suffix in [
        ("/orders.json", "json"),
        ("/a.csv/orders.JSONL", "jsonl"),
        ("/2024.05.csv", "csv"),
        ("/.csv", "csv"),
    ]:
        found = BUILT_IN.with_suffix(path)
        assert found is not None
        assert found[0] is BUILT_IN.named(suffix)
        assert found[1] == suffix
    for path in (
        "/csv",
        "/a.csv/orders",
        "/orders.csv/",
        "/orders.xml",
        "/",
        "/a.",
        "",
    ):
        assert BUILT_IN.with_suffix(path) is None


def test_formats_by_options() -> None:
    """Formats with the same options are equal, and say their options."""
    assert CSV(excel=True) == CSV(excel=True) != CSV()
    shown = "JSON(decimal='string', nan='null', key=None, meta=None)"
    assert repr(JSON(nan="null")) == shown


def test_copies_do_not_share_rows() -> None:
    """Two streams of one object count their rows apart."""
    format = NDJSON(final_record=True)
    first, second = copy.copy(format), copy.copy(format)
    first.begin(["a"])
    second.begin(["b"])
    first.feed([(1,), (2,)])
    assert second.feed([(3,)]) == b'{"b":3}\n'
    assert second.finish() == b'{"outcome":"complete","rows":1}\n'
    assert first.finish() == b'{"outcome":"complete","rows":2}\n'


def test_own_format_is_a_format() -> None:
    """Any object with the five names is a format; a class and others are none."""
    assert isinstance(Lines(), Format)
    assert all(isinstance(format, Format) for format in BUILT_IN)
    formats = BUILT_IN.plus([Lines()])
    assert isinstance(formats.named("ln"), Lines)
    assert isinstance(formats.named("application/X-Lines"), Lines)
    assert "lines (text/x-lines)" in str(formats)
    for other in (Lines, CSV, object(), "csv", None, open):
        with pytest.raises(ConfigurationError, match="is no format"):
            Formats([other])  # type: ignore[list-item]


def test_own_format_replaces_one_of_the_same_name() -> None:
    """The later one of two formats of a suffix is the one; others stay."""
    formats = BUILT_IN.plus([Semicolons()])
    assert isinstance(formats.named("csv"), Semicolons)
    assert isinstance(formats.named("text/csv"), Semicolons)
    assert [format.suffix for format in formats] == [f.suffix for f in BUILT_IN]
    assert type(BUILT_IN.named("csv")) is CSV


def test_some_formats() -> None:
    """A restriction keeps its own order, and takes names and objects."""
    some = BUILT_IN.only(["jsonl", Lines(), "csv"])
    assert [format.suffix for format in some] == ["ndjson", "lines", "csv"]
    assert some.named("json") is None
    with pytest.raises(ConfigurationError, match="'xml', which is no format"):
        BUILT_IN.only(["csv", "xml"])
    with pytest.raises(ConfigurationError, match="empty"):
        BUILT_IN.only([])


def test_media_types_with_their_aliases() -> None:
    """Accept is matched with every media type that a format has."""
    types = dict(BUILT_IN.media_types())
    assert types["application/jsonl"] is types["application/x-ndjson"]
    assert "jsonl" not in types
    assert next(iter(types)) == "text/csv"


class Faraway(Lines):
    """A format whose package is not installed."""

    available = False


def test_a_format_that_is_not_available() -> None:
    """It is found by its name alone; suffix, Accept and lists pass it over."""
    formats = BUILT_IN.plus([Faraway()])
    assert isinstance(formats.named("lines"), Faraway)
    assert formats.with_suffix("/rows.lines") is None
    assert "text/x-lines" not in dict(formats.media_types())
    assert "lines" not in str(formats)


@pytest.mark.parametrize("late", [False, True])
def test_application_registers_its_own(late: bool) -> None:
    """An application's format is chosen by name, suffix and Accept, as others are."""
    app = Flask("own")
    outpour = Outpour(formats=[Lines(), Semicolons()]) if late else None
    if outpour is None:
        Outpour(app, formats=[Lines(), Semicolons()])
    else:
        outpour.init_app(app)

    @app.route("/rows")
    @app.route("/rows.<suffix>")
    def rows(suffix: str = "") -> Any:
        return stream_rows([(1, "a"), (2, "b")], columns=["n", "t"])

    client = app.test_client()
    for answer in (
        client.get("/rows.lines"),
        client.get("/rows.ln"),
        client.get("/rows", headers={"Accept": "text/x-lines"}),
        client.get("/rows", headers={"Accept": "application/x-lines"}),
    ):
        assert answer.text == "# n t\n1: 1 a\n2: 2 b\n# 2 rows\n"
        assert answer.mimetype == "text/x-lines"
    assert client.get("/rows").text == "\ufeffn;t\n1;a\n2;b\n"


def test_application_refuses_what_is_no_format() -> None:
    """What is no format is an error when the application is set up."""
    with pytest.raises(ConfigurationError, match="is no format"):
        Outpour(Flask("own"), formats=[CSV])  # type: ignore[list-item]
