"""The tables of docs/benchmarks.md and docs/race.md enter; their charts leave, as SVG.

Without an option it writes them. Each figure stands in a table of a page, and nowhere
else: a table that has changed wants its charts drawn again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from .bars import Bar
from .bars import draw
from .bars import Kind
from .tables import find_row
from .tables import part_of
from .tables import read_rows
from .tables import Row
from .tables import value_of

DOCS = Path(__file__).parents[1] / "docs"
MEDIAN = "median of pairs"


@dataclass(frozen=True, slots=True)
class Entry:
    """One bar of a chart, and where its figure stands.

    :param part: which of several figures in a cell it is.
    """

    label: str
    row: str
    part: int | None = None
    kind: Kind = "ours"
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the page.

    :param column: the heading of its figures.
    :param unit: what a figure is followed by that says none.
    :param base: the bar of what the others are compared with, which is 1.
    :param rising: whether the least comes first, since it is the best.
    :param options: of the drawing.
    """

    title: str
    note: str
    section: str
    entries: tuple[Entry, ...]
    column: str = MEDIAN
    unit: str = ""
    base: tuple[str, Kind] | None = None
    rising: bool = False
    options: dict[str, Any] = field(default_factory=dict)


_LINES = "plain Flask / Outpour"
CHARTS = {
    "faster": Chart(
        title="How many times faster than plain Flask",
        note="200,000 rows, one by one, and a page of 100,000",
        section="Views as they are",
        unit=" times",
        base=("plain Flask", "others"),
        entries=(
            Entry("ready lines, waitress", f"waitress: {_LINES}"),
            Entry("Flask's /large.csv, waitress", f"`/large.csv`, waitress: {_LINES}"),
            Entry("ready lines, gunicorn", f"lines, gunicorn: {_LINES}"),
            Entry(
                "Flask's /large.csv, gunicorn",
                f"`/large.csv` as Flask's documentation has it, gunicorn: {_LINES}",
            ),
            Entry(
                "streamed page, stream_template",
                "three cells: recipe / `stream_template`",
            ),
            Entry(
                "streamed page, unchanged",
                "three cells a row: recipe / recipe under Outpour",
            ),
        ),
    ),
    "rows": Chart(
        title="How many times faster than Flask's page",
        note="2,000,000 orders on gunicorn; as CSV unless named",
        section="Rows",
        unit=" times",
        base=("Flask's page, psycopg", "others"),
        entries=(
            Entry("Arrow table to Parquet", "the page's snippet / a table to Parquet"),
            Entry(
                "Arrow table", "in Arrow's columns: the page's snippet / a table to CSV"
            ),
            Entry(
                "COPY, PostgreSQL's text",
                "the page's snippet / COPY in PostgreSQL's dialect",
            ),
            Entry("COPY", "by COPY: the page's snippet / COPY"),
            Entry("ADBC", "the page's snippet / ADBC to CSV, batches of 1 MiB"),
            Entry("COPY to NDJSON", "the page's snippet / COPY to NDJSON"),
            Entry(
                "psycopg, stream()",
                "the page's snippet / psycopg's `stream(size=1000)`",
            ),
            Entry(
                "SQLAlchemy",
                "from PostgreSQL as CSV: the page's snippet / SQLAlchemy",
            ),
            Entry(
                "psycopg, server-side cursor",
                "the page's snippet / psycopg's server-side cursor",
            ),
        ),
    ),
    "first-byte": Chart(
        title="Time to the first byte",
        note="100,000 orders on gunicorn; as CSV unless named",
        section="First byte",
        column="median",
        rising=True,
        entries=(
            Entry("SQLAlchemy", "100,000 orders: SQLAlchemy"),
            Entry("psycopg", "psycopg"),
            Entry("COPY", "COPY: CSV, PostgreSQL's dialect, NDJSON", 0),
            Entry("COPY to NDJSON", "COPY: CSV, PostgreSQL's dialect, NDJSON", 2),
            Entry("Arrow table", "ADBC, a table to CSV, IPC, Parquet", 1),
            Entry("Arrow table to IPC", "ADBC, a table to CSV, IPC, Parquet", 2),
            Entry("Arrow table to Parquet", "ADBC, a table to CSV, IPC, Parquet", 3),
            Entry("ADBC", "ADBC, a table to CSV, IPC, Parquet", 0),
        ),
    ),
    "memory": Chart(
        title="Memory that a stream adds to its process",
        note="10,000,000 rows where no number is named",
        section="Memory",
        column="growth",
        rising=True,
        entries=(
            Entry("lines, 600 MB", "10,000,000 lines (600 MB) through one thread"),
            Entry("COPY to CSV", "COPY to CSV, PostgreSQL's dialect, NDJSON", 0),
            Entry("psycopg's cursor", "cursors of sqlite3, psycopg, DuckDB", 1),
            Entry("SQLAlchemy", "SQLAlchemy on PostgreSQL, on SQLite", 0),
            Entry("ORM entities", "ORM entities"),
            Entry("ADBC to CSV", "ADBC to CSV"),
            Entry("DuckDB's cursor", "cursors of sqlite3, psycopg, DuckDB", 2),
            Entry("rows to Parquet", "a generator to Arrow IPC, Parquet", 1),
            Entry(
                "Excel workbook, 1,000,000 orders",
                "memory of 1,000,000 orders",
                section="Workbooks",
            ),
            Entry(
                "ZIP archive, an entry of 1,000 MB",
                "memory: one entry of 1,000 MB",
                section="ZIP archives",
            ),
            Entry(
                "plain Flask, render_template, 100,000 rows",
                "the page with three cells: `render_template`",
                kind="others",
            ),
            Entry(
                "plain Flask, one text of 1,000,000 lines",
                "1,000,000 lines returned as one text, plain Flask",
                kind="others",
            ),
        ),
    ),
    "compression": Chart(
        title="How late a line of a slow log can be read",
        note="lines 40 ms apart, in zstd; a scale of logarithms",
        section="Compression",
        column="zstd",
        rising=True,
        entries=(
            Entry("Outpour", "the same, Outpour"),
            Entry(
                "Flask-Compress",
                "lines of a log 40 ms apart, how late they can be read: Flask-Compress",
                kind="others",
            ),
        ),
        options={"least": 0.1, "longest": 1000},
    ),
    "workbooks": Chart(
        title="How long others take for an Excel workbook",
        note="1,000,000 orders, into a file; Outpour's time is 1",
        section="Workbooks",
        unit=" times",
        base=("Outpour", "ours"),
        entries=(
            Entry(
                "XlsxWriter, constant_memory",
                "XlsxWriter with constant_memory / Outpour",
                kind="others",
            ),
            Entry("PyExcelerate", "PyExcelerate / Outpour", kind="others"),
            Entry("rustpy-xlsxwriter", "rustpy-xlsxwriter / Outpour", kind="others"),
        ),
    ),
}


def main() -> int:
    """Write all charts, and return the exit code."""
    for path, chart in charts():
        path.parent.mkdir(exist_ok=True)
        path.write_text(chart)
        print(path.relative_to(DOCS.parent))
    return 0


def charts() -> Iterator[tuple[Path, str]]:
    """Yield the path of each chart, and what the pages make of it now."""
    page = DOCS.joinpath("benchmarks.md").read_text()
    for name, chart in CHARTS.items():
        yield DOCS / "charts" / f"{name}.svg", chart_of(chart, page)
    yield DOCS / "race.svg", race(DOCS.joinpath("race.md").read_text())


def chart_of(chart: Chart, page: str) -> str:
    """Return a chart of a page's figures.

    :raises LookupError: where the page has no such row.
    """
    rows = read_rows(page)
    bars = [_bar(chart, entry, rows) for entry in chart.entries]
    if chart.base is not None:
        label, kind = chart.base
        bars.append(Bar(label, 1, f"1{chart.unit}".removesuffix("s"), kind))
    bars.sort(key=lambda bar: bar.value, reverse=not chart.rising)
    return draw(chart.title, chart.note, bars, **chart.options)


def _bar(chart: Chart, entry: Entry, rows: list[Row]) -> Bar:
    section = entry.section or chart.section
    cells = find_row(rows, section, entry.row).cells
    # The tables of workbooks and archives have more than memory in them.
    cell = cells.get(chart.column) or cells[MEDIAN]
    figure = part_of(cell, entry.part) + chart.unit
    target = cells.get("target", "")
    limited = target.startswith("≤") and not chart.unit
    most = value_of(target) if limited else None
    return Bar(entry.label, value_of(figure), figure, entry.kind, most)


def race(page: str) -> str:
    """Return the chart of the race's page, the fastest first.

    Its length is that of the fastest text. Arrow's own bytes, which nobody has to make,
    would leave the others no room: such a bar is cut, and its figure says the rest.
    """
    rows = read_rows(page)
    speeds = [value_of(row.cells["rows/s"]) for row in rows]
    longest = max(
        speed
        for row, speed in zip(rows, speeds, strict=True)
        if row.cells["format"] in ("csv", "ndjson")
    )
    bars = [
        _racer(row, speed, longest) for row, speed in zip(rows, speeds, strict=True)
    ]
    (most,) = {row.cells["rows"] for row in rows if row.name == "Flask's page"}
    return draw("Rows per second", f"{most} orders", bars, longest=longest)


def _racer(row: Row, speed: float, longest: float) -> Bar:
    kind: Kind = "ours" if row.name.startswith("Outpour") else "others"
    figure = row.cells["rows/s"] + " (cut)" * (speed > longest)
    if row.cells["right"] != "yes":
        return Bar(row.name, speed, f"{figure}, wrong", "wrong")
    return Bar(row.name, speed, figure, kind)


if __name__ == "__main__":
    sys.exit(main())
