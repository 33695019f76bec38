"""Ten million rows enter; how far the worker's memory rose meanwhile leaves.

Each format is fed by a generator, and each source is written as CSV, by a gunicorn of
its own with one worker thread. It has streamed a few rows the same way before, so that
every library is loaded. Growth is the worker's highest resident memory (VmHWM, after a
reset of that mark) less what was resident before. The databases store fewer rows, and
give them several times. Linux only.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from .bench_memory import growth_during
from .client import fetch
from .measure import Report
from .orders import load_sqlite
from .postgresql import postgresql_with_orders
from .servers import running

MOST = 32 * 2**20
MOST_OF_ENTITIES = 64 * 2**20
FORMATS = ("csv", "tsv", "ndjson", "json", "json-seq", "html")
SOURCES = (
    *("dicts", "dataclasses", "sqlite3", "duckdb"),
    *("psycopg", "core", "core-sqlite", "orm"),
)
WARM_UP = 10
REPEATS = 10


def main() -> int:
    """Measure each format and each source, and return the exit code."""
    report = Report.from_command_line("rows_memory", __doc__)
    rows = report.choose(tiny=2_000, small=200_000, full=10_000_000)
    stored = rows // REPEATS
    with (
        tempfile.TemporaryDirectory(prefix="outpour-sqlite-") as directory,
        postgresql_with_orders(stored, REPEATS) as postgresql,
    ):
        sqlite = Path(directory, "orders.sqlite3")
        load_sqlite(sqlite, stored, REPEATS)
        databases = {
            "BENCHMARK_POSTGRESQL": postgresql,
            "BENCHMARK_SQLITE": str(sqlite),
        }
        for format_ in FORMATS:
            measure(report, "generator", format_, rows, databases)
        for source in SOURCES:
            measure(report, source, "csv", rows, databases)
    return report.finish()


def measure(
    report: Report, source: str, format_: str, rows: int, databases: dict[str, str]
) -> None:
    """Stream once in a new server, and report its worker's growth."""
    group = f"{source} to {format_}, {rows:,} rows"
    report.show_progress(group)
    with running(
        "gunicorn",
        outpour=True,
        rows=rows,
        threads=1,
        app="benchmarks.rows_apps:from_environment()",
        **databases,
    ) as server:
        path = f"/{source}/{format_}?rows="
        fetch(server.port, f"{path}{WARM_UP}")
        growth = growth_during(server, partial(fetch, server.port, f"{path}{rows}"))
    report.show_progress("")
    print(f"\n{group}")
    most = MOST_OF_ENTITIES if source == "orm" else MOST
    report.claim(group, "growth", "bytes", [growth], at_most=most)


if __name__ == "__main__":
    sys.exit(main())
