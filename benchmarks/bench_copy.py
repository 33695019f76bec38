"""Orders in PostgreSQL enter; how fast its COPY brings them through Outpour leaves.

PostgreSQL writes the lines: with casts, so that the bytes are those of any other source
(which is checked first), in its own dialect, and as JSON. Beside it are the snippet of
Flask's documentation, over psycopg's server-side cursor, and ``psql``, whose ``\\copy``
prints the same query to a pipe.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial

import psycopg

from flask_outpour.lines import CSVLines
from flask_outpour.rows.casts import copy_query

from .bench_rows_http import measure_first_byte
from .bench_rows_http import total
from .contestants import Databases
from .contestants import databases_with_orders
from .contestants import read
from .contestants import started
from .lineup import COPY
from .lineup import COPY_DIALECT
from .lineup import COPY_LINES
from .lineup import CURSOR
from .lineup import LINES
from .lineup import PAGE
from .lineup import PSQL
from .measure import Report

LEAST_OF_PSQL = 0.9
#: How many times as fast as the page each is to be.
LEAST = {COPY: 10, COPY_DIALECT: 15, COPY_LINES: 8}
#: Of these the bytes are compared.
SAME = ((COPY, CURSOR), (COPY_LINES, LINES))


def main() -> int:
    """Measure all ways, and return the exit code."""
    report = Report.from_command_line("copy", __doc__)
    rows = report.choose(tiny=1_000, small=200_000, full=2_000_000)
    fewer = report.choose(tiny=500, small=20_000, full=100_000)
    with databases_with_orders(rows, in_sqlite=1) as databases:
        require_same_bytes(databases, fewer)
        measure(report, databases, rows)
        measure_first_byte(report, databases, fewer, list(LEAST))
    return report.finish()


def require_same_bytes(databases: Databases, rows: int) -> None:
    """Check that COPY sends what Outpour sends of a cursor.

    :raises RuntimeError: if it does not.
    """
    with started([way for pair in SAME for way in pair], databases, rows) as ready:
        for copied, general in SAME:
            if read(ready[copied], rows) != read(ready[general], rows):
                raise RuntimeError(f"{copied.name} and {general.name} differ")


def measure(report: Report, databases: Databases, rows: int) -> None:
    """Alternate the ways, and hold ours against the page and psql."""
    command = (*PSQL.command[:-1], cast_query(databases, rows))
    casts = replace(PSQL, name="psql, casts", command=command)
    programs = {COPY: casts, COPY_DIALECT: PSQL}
    with started([PAGE, *LEAST, PSQL, casts], databases, rows) as ready:
        times = report.alternate(
            f"{rows:,} rows",
            {way.name: partial(total, ready[way], rows) for way in ready},
            rounds=report.choose(tiny=1, small=5, full=3),
        )
    for way, least in LEAST.items():
        report.claim_ratio(f"{PAGE.name} / {way.name}", times, at_least=least)
    for way, program in programs.items():
        if program in ready:
            pair = f"{program.name} / {way.name}"
            report.claim_ratio(pair, times, at_least=LEAST_OF_PSQL)


def cast_query(databases: Databases, rows: int) -> str:
    """Return the command that PostgreSQL runs for CSV with the same bytes."""
    orders = f"SELECT * FROM orders LIMIT {rows}"
    with psycopg.connect(databases.postgresql) as connection:
        columns = connection.execute(orders).description or ()
    names = [column.name for column in columns]
    oids = [column.type_code for column in columns]
    query = copy_query(orders, oids, names, range(len(names)), CSVLines(","))
    if query is None:
        raise RuntimeError("COPY cannot write the orders")
    # psycopg's placeholders begin with a percent sign, so others are doubled.
    return query.replace("%%", "%")


if __name__ == "__main__":
    sys.exit(main())
