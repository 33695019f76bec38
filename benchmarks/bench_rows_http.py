"""Orders in a database enter; how fast other ways and Outpour send them leaves.

A PostgreSQL of its own holds them, on the same machine. All who take rows from psycopg
have the same server-side cursor, and fetch 1,000 rows at a time, but for *stream()*,
which lets the server send ahead. *Flask's page* is the
snippet of Flask's documentation, ``','.join(map(str, row)) + '\\n'``, which here writes
the lines of Starlette too. The others send what their own documentation shows. Those
that take long send fewer rows, and Outpour then as few beside them. Flask and Django
run on gunicorn's ``gthread`` worker, the others on uvicorn. Who is not installed is
left out (``pip install --group benchmarks``).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from .client import fetch
from .measure import Report
from .orders import load_sqlite
from .postgresql import postgresql_with_orders
from .servers import running
from .servers import Server

LEAST_GAIN = 4.5
LATEST = 0.05
#: Every way takes at least as many bytes for a row.
LEAST_BYTES = 90
VIEWS = "benchmarks.peers."


@dataclass(frozen=True, slots=True)
class Way:
    """A way to send the orders."""

    name: str
    path: str
    server: str = "gunicorn"
    app: str = "benchmarks.rows_apps:from_environment()"
    needs: tuple[str, ...] = ()
    ready: str = "/text"

    @property
    def is_ours(self) -> bool:
        """Whether Outpour is measured, and not a peer."""
        return self.name.startswith("Outpour")


CORE = Way("Outpour, SQLAlchemy", "/core/csv?rows={rows}")
CURSOR = Way("Outpour, psycopg", "/psycopg/csv?rows={rows}")
STREAM = Way("Outpour, psycopg stream()", "/psycopg-stream/csv?rows={rows}")
LINES = Way("Outpour, NDJSON", "/core/ndjson?rows={rows}")
SQLITE = Way("Outpour, sqlite3", "/sqlite3/csv?rows={rows}")
PAGE = Way("Flask's page", "/page.csv", app=f"{VIEWS}flask_views:app")
PANDAS = Way("pandas", "/pandas.csv", app=f"{VIEWS}flask_views:app", needs=("pandas",))
DJANGO = Way(
    *("Django", "/orders.csv", "gunicorn"),
    *(f"{VIEWS}django_views:application", ("django",)),
)
STARLETTE = Way(
    *("Starlette, generator", "/generator.csv", "uvicorn"),
    *(f"{VIEWS}starlette_views:app", ("uvicorn", "starlette")),
)
STARLETTE_ASYNC = Way(
    *("Starlette, async generator", "/async-generator.csv", "uvicorn"),
    *(f"{VIEWS}starlette_views:app", ("uvicorn", "starlette")),
)
PEERS = (DJANGO, PANDAS, STARLETTE, STARLETTE_ASYNC)
FASTAPI = Way(
    *("FastAPI, JSON Lines", "/orders.jsonl", "uvicorn"),
    *(f"{VIEWS}fastapi_views:app", ("uvicorn", "fastapi")),
)
DATASETTE = Way(
    *("Datasette", "/orders/orders.csv?_stream=1", "datasette"),
    *("{sqlite}", ("datasette",), "/-/versions.json"),
)


@dataclass(frozen=True, slots=True)
class Databases:
    """The same orders twice; the file has fewer."""

    postgresql: str
    sqlite: Path


def main() -> int:
    """Measure all ways, and return the exit code."""
    report = Report.from_command_line("rows_http", __doc__)
    rows = report.choose(tiny=1_000, small=100_000, full=2_000_000)
    fewer = report.choose(tiny=500, small=10_000, full=100_000)
    with (
        tempfile.TemporaryDirectory(prefix="outpour-sqlite-") as directory,
        postgresql_with_orders(rows) as postgresql,
    ):
        databases = Databases(postgresql, Path(directory, "orders.db"))
        load_sqlite(databases.sqlite, fewer)
        for group, number, ways in (
            ("CSV from PostgreSQL", rows, [PAGE, CORE, CURSOR, STREAM]),
            ("peers' CSV from PostgreSQL", fewer, [CORE, *PEERS]),
            ("JSON Lines from PostgreSQL", fewer, [LINES, FASTAPI]),
            ("CSV from SQLite", fewer, [SQLITE, DATASETTE]),
        ):
            measure(report, f"{group}, {number:,} rows", databases, number, ways)
        measure_first_byte(report, databases, fewer)
    return report.finish()


def measure(
    report: Report, group: str, databases: Databases, rows: int, ways: list[Way]
) -> None:
    """Alternate the ways, and hold the others against Outpour's first one."""
    with started(ways, databases, rows) as ports:
        times = report.alternate(
            group,
            {way.name: partial(total, port, way, rows) for way, port in ports.items()},
            rounds=report.choose(tiny=1, small=5, full=3),
        )
    ours = [way.name for way in ports if way.is_ours]
    if PAGE in ports:
        for name in ours:
            report.claim_ratio(f"{PAGE.name} / {name}", times, at_least=LEAST_GAIN)
    for way in ports:
        if way is not PAGE and not way.is_ours:
            report.claim_ratio(f"{way.name} / {ours[0]}", times, at_least=1.0)


def measure_first_byte(report: Report, databases: Databases, rows: int) -> None:
    """Alternate the page and Outpour, and state when the first byte comes."""
    with started([PAGE, CORE, CURSOR], databases, rows) as ports:
        times = report.alternate(
            f"first byte of {rows:,} rows",
            {
                way.name: partial(first_byte, port, way, rows)
                for way, port in ports.items()
            },
            rounds=report.choose(tiny=1, small=20, full=40),
        )
    for name in (CORE.name, CURSOR.name):
        report.claim(times.group, name, "s", times.of[name], at_most=LATEST)


@contextmanager
def started(
    ways: list[Way], databases: Databases, rows: int
) -> Iterator[dict[Way, int]]:
    """Start a server for each way that is installed; yield the ports."""
    ports: dict[Way, int] = {}
    with ExitStack() as stack:
        for way in ways:
            if missing := [name for name in way.needs if find_spec(name) is None]:
                print(f"\nleft out: {way.name}; not installed: {', '.join(missing)}")
            else:
                ports[way] = stack.enter_context(_serve(way, databases, rows)).port
        yield ports


def _serve(way: Way, databases: Databases, rows: int) -> AbstractContextManager[Server]:
    return running(
        way.server,
        outpour=False,
        rows=rows,
        app=way.app.format(sqlite=databases.sqlite),
        ready=way.ready,
        BENCHMARK_POSTGRESQL=databases.postgresql,
        BENCHMARK_SQLITE=str(databases.sqlite),
    )


def total(port: int, way: Way, rows: int) -> float:
    """Return the seconds until the last byte."""
    times = fetch(port, way.path.format(rows=rows))
    # Some end with the message of an error as if it were the last of the rows.
    if times.length < LEAST_BYTES * rows:
        raise RuntimeError(f"{way.name} sent only {times.length} bytes")
    return times.total


def first_byte(port: int, way: Way, rows: int) -> float:
    """Return the seconds until the first byte."""
    return fetch(port, way.path.format(rows=rows)).first_byte


if __name__ == "__main__":
    sys.exit(main())
