"""A SQLite file enters; how fast its orders become CSV leaves.

Against the program ``sqlite3 -csv``, which is written in C and prints the same query.
*WSGI* calls the application in this process and drops the bytes, as the program's go to
``/dev/null``. *HTTP* is gunicorn, and a client that reads and forgets; it reads the
program's output through a pipe likewise.
"""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from flask import Flask
from werkzeug.test import create_environ

from .client import fetch
from .measure import Report
from .orders import load_sqlite
from .programs import run
from .rows_apps import create_app
from .servers import running

LEAST = 0.8
QUERY = "SELECT * FROM orders"
PROGRAM = "sqlite3 -csv"
PAIR = f"{PROGRAM} / Outpour"


def main() -> int:
    """Measure both ways, and return the exit code."""
    report = Report.from_command_line("rows_sqlite", __doc__)
    rows = report.choose(tiny=2_000, small=200_000, full=2_000_000)
    with tempfile.TemporaryDirectory(prefix="outpour-sqlite-") as directory:
        path = Path(directory, "orders.sqlite3")
        load_sqlite(path, rows)
        measure_calls(report, path, rows)
        measure_http(report, path, rows)
    return report.finish()


def measure_calls(report: Report, path: Path, rows: int) -> None:
    """Alternate calls of the application, the program, and the csv module."""
    app = create_app("postgresql://", str(path))
    ways = {
        "Outpour": partial(time_call, app, f"/sqlite3/csv?rows={rows}"),
        "Outpour, SQLAlchemy": partial(time_call, app, f"/core-sqlite/csv?rows={rows}"),
        "csv.writer": partial(time_csv_module, path),
    }
    if program := find_program():
        ways[PROGRAM] = partial(time_program, program, path, subprocess.DEVNULL)
    times = report.alternate(
        f"WSGI, {rows:,} rows", ways, rounds=report.choose(tiny=1, small=7, full=7)
    )
    if program:
        report.claim_ratio(PAIR, times, at_least=LEAST)
    report.claim_ratio("csv.writer / Outpour", times)


def measure_http(report: Report, path: Path, rows: int) -> None:
    """Alternate a server and the program, both read by this process."""
    program = find_program()
    if not program:
        print(f"\nleft out: {PROGRAM}, which is not in PATH")
        return
    app = "benchmarks.rows_apps:from_environment()"
    with running(
        "gunicorn", outpour=True, rows=rows, app=app, BENCHMARK_SQLITE=str(path)
    ) as server:
        times = report.alternate(
            f"HTTP, {rows:,} rows",
            {
                "Outpour": lambda: (
                    fetch(server.port, f"/sqlite3/csv?rows={rows}").total
                ),
                PROGRAM: partial(time_program, program, path, subprocess.PIPE),
            },
            rounds=report.choose(tiny=1, small=7, full=7),
        )
    report.claim_ratio(PAIR, times, at_least=LEAST)


def find_program() -> str | None:
    """Return the path of the program, where it is installed."""
    return shutil.which("sqlite3")


def time_call(app: Flask, path: str) -> float:
    """Return the seconds of a call, its answer dropped."""
    environ = create_environ(path)
    started: list[str] = []
    begun = perf_counter()
    iterable: Any = app(environ, lambda status, *_: started.append(status))
    for _ in iterable:
        pass
    iterable.close()
    taken = perf_counter() - begun
    if started != ["200 OK"]:
        raise RuntimeError(f"{path} answered {started}")
    return taken


def time_program(program: str, path: Path, output: int) -> float:
    """Return the seconds that the program takes, its output dropped or read."""
    return run([program, "-csv", str(path), QUERY], output).total


def time_csv_module(path: Path) -> float:
    """Return the seconds that the csv module takes to drop all rows as lines."""
    begun = perf_counter()
    with closing(sqlite3.connect(path)) as connection, open(os.devnull, "w") as sink:
        csv.writer(sink).writerows(connection.execute(QUERY))
    return perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
