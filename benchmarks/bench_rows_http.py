"""Orders in a database enter; how fast other ways and Outpour send them leaves.

A PostgreSQL of its own holds them, on the same machine; ``benchmarks/lineup.py`` says
what each way is, and of Outpour's here are those that any driver has. Those that take
long send fewer rows, and Outpour then as few beside them. Who is not installed is left
out (``pip install --group benchmarks``).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from .contestants import Contestant
from .contestants import Databases
from .contestants import databases_with_orders
from .contestants import Printing
from .contestants import Serving
from .contestants import started
from .lineup import CORE
from .lineup import CURSOR
from .lineup import DATASETTE
from .lineup import FASTAPI
from .lineup import LINES
from .lineup import PAGE
from .lineup import PEERS
from .lineup import SQLITE
from .lineup import STREAM
from .measure import Report

LEAST_GAIN = 4.5
LATEST = 0.05


def main() -> int:
    """Measure all ways, and return the exit code."""
    report = Report.from_command_line("rows_http", __doc__)
    rows = report.choose(tiny=1_000, small=100_000, full=2_000_000)
    fewer = report.choose(tiny=500, small=10_000, full=100_000)
    with databases_with_orders(rows, in_sqlite=fewer) as databases:
        for group, number, ways in (
            ("CSV from PostgreSQL", rows, [PAGE, CORE, CURSOR, STREAM]),
            ("peers' CSV from PostgreSQL", fewer, [CORE, *PEERS]),
            ("JSON Lines from PostgreSQL", fewer, [LINES, FASTAPI]),
            ("CSV from SQLite", fewer, [SQLITE, DATASETTE]),
        ):
            measure(report, f"{group}, {number:,} rows", databases, number, ways)
        measure_first_byte(report, databases, fewer, [CORE, CURSOR])
    return report.finish()


def measure(
    report: Report,
    group: str,
    databases: Databases,
    rows: int,
    ways: Sequence[Contestant],
) -> None:
    """Alternate the ways, and hold the others against Outpour's first one."""
    with started(ways, databases, rows) as ready:
        times = report.alternate(
            group,
            {way.name: partial(total, ready[way], rows) for way in ready},
            rounds=report.choose(tiny=1, small=5, full=3),
        )
    ours = [way.name for way in ready if way.is_ours]
    if PAGE in ready:
        for name in ours:
            report.claim_ratio(f"{PAGE.name} / {name}", times, at_least=LEAST_GAIN)
    for way in ready:
        if way is not PAGE and not way.is_ours:
            report.claim_ratio(f"{way.name} / {ours[0]}", times, at_least=1.0)


def measure_first_byte(
    report: Report, databases: Databases, rows: int, ways: Sequence[Contestant]
) -> None:
    """Alternate the page and Outpour, and state when the first byte comes."""
    with started([PAGE, *ways], databases, rows) as ready:
        times = report.alternate(
            f"first byte of {rows:,} rows",
            {way.name: partial(first_byte, ready[way], rows) for way in ready},
            rounds=report.choose(tiny=1, small=20, full=40),
        )
    for way in ways:
        if way in ready:
            values = times.of[way.name]
            report.claim(times.group, way.name, "s", values, at_most=LATEST)


def total(way: Serving | Printing, rows: int) -> float:
    """Return the seconds until the last byte."""
    return way.fetch(rows).total


def first_byte(way: Serving | Printing, rows: int) -> float:
    """Return the seconds until the first byte."""
    return way.fetch(rows).first_byte


if __name__ == "__main__":
    sys.exit(main())
