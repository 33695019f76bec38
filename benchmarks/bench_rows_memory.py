"""Ten million rows enter; how far the worker's memory rose meanwhile leaves.

Each format is fed by a generator, each source is written as CSV, and what COPY and
Arrow give is written in other formats, too: by a gunicorn of its own with one worker
thread. It has streamed a few rows the same way before, so that every library is loaded.
Growth is the worker's highest resident memory (VmHWM, after a reset of that mark) less
what was resident before. The databases store fewer rows, and give them several times.
Linux only.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from .client import fetch
from .client import Times
from .measure import doing
from .measure import Report
from .memory import growth_during
from .orders import load_sqlite
from .postgresql import postgresql_with_orders
from .servers import running

MOST = 32 * 2**20
MOST_OF_ENTITIES = 64 * 2**20
LATEST = 0.05
FORMATS = ("csv", "tsv", "ndjson", "json", "json-seq", "html", "xlsx")
ARROW_FORMATS = ("arrows", "parquet")
SOURCES = (
    *("dicts", "dataclasses", "sqlite3", "duckdb"),
    *("psycopg", "core-sqlite", "orm"),
)
#: Lines that end in CRLF come from a cursor; the others by COPY.
COPIED = ("csv-crlf", "csv", "csv-postgresql", "ndjson")
CASES = (
    *[("generator", format_) for format_ in FORMATS],
    *[(source, "csv") for source in SOURCES],
    *[("core", format_) for format_ in COPIED],
)
ARROW_CASES = (
    *[("generator", format_) for format_ in ARROW_FORMATS],
    *[("arrow-repeated", format_) for format_ in ("csv", "ndjson", *ARROW_FORMATS)],
)
ADBC_CASES = (("adbc", "csv"),)
#: Sources of which the first byte must not be late.
PROMPT = ("core", "arrow-repeated", "adbc")
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
        for package, cases in (
            ("sqlalchemy", CASES),
            ("pyarrow", ARROW_CASES),
            ("adbc_driver_postgresql", ADBC_CASES),
        ):
            if find_spec(package) is None:
                print(f"\nleft out: {package}, which is not installed")
                continue
            most = report.choose(tiny=2, small=None, full=None)
            for source, format_ in cases[:most]:
                measure(report, source, format_, rows, databases)
    return report.finish()


def measure(
    report: Report, source: str, format_: str, rows: int, databases: dict[str, str]
) -> None:
    """Stream once in a new server, and report its worker's growth."""
    group = f"{source} to {format_}, {rows:,} rows"
    with (
        doing(group),
        running(
            "gunicorn",
            outpour=True,
            rows=rows,
            threads=1,
            app="benchmarks.rows_apps:from_environment()",
            **databases,
        ) as server,
    ):
        path = f"/{source}/{format_}?rows="
        fetch(server.port, f"{path}{WARM_UP}")
        times: list[Times] = []
        growth = growth_during(
            server.worker,
            lambda: times.append(fetch(server.port, f"{path}{rows}")),
        )
    print(f"\n{group}")
    most = MOST_OF_ENTITIES if source == "orm" else MOST
    report.claim(group, "growth", "bytes", [growth], at_most=most)
    latest = LATEST if source in PROMPT else None
    report.claim(group, "first byte", "s", [times[0].first_byte], at_most=latest)


if __name__ == "__main__":
    sys.exit(main())
