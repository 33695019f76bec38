"""A source in Arrow's columns enters; whether to fetch ahead in a thread pays leaves.

ADBC reads PostgreSQL, and each batch becomes CSV: of a cursor while a thread fetches
the next ones, and of its reader one after the other. What fetches and what writes lets
other threads run, so two cores can share the work; but PostgreSQL and the client want
them, too.
"""

from __future__ import annotations

import sys
from functools import partial

from .bench_rows_http import total
from .contestants import databases_with_orders
from .contestants import started
from .lineup import ADBC
from .lineup import ADBC_READER
from .measure import Report


def main() -> int:
    """Alternate both ways, and return the exit code."""
    report = Report.from_command_line("fetch_ahead", __doc__)
    rows = report.choose(tiny=1_000, small=200_000, full=2_000_000)
    with (
        databases_with_orders(rows, in_sqlite=1) as databases,
        started([ADBC_READER, ADBC], databases, rows) as ready,
    ):
        if len(ready) == 2:
            times = report.alternate(
                f"{rows:,} rows",
                {way.name: partial(total, ready[way], rows) for way in ready},
                rounds=report.choose(tiny=1, small=9, full=5),
            )
            report.claim_ratio(f"{ADBC_READER.name} / {ADBC.name}", times)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
