"""Orders in Arrow's columns enter; how fast Outpour sends them leaves.

*Arrow* is a table in memory, and *ADBC* reads PostgreSQL batch by batch. Beside them is
the snippet of Flask's documentation, over psycopg's server-side cursor. To IPC, bytes
are counted instead of rows. The encoders alone, by processor time in this process, have
those of polars and pyarrow beside them, which write other bytes.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from time import process_time
from typing import Any

from flask_outpour.formats import CSV
from flask_outpour.formats import NDJSON

from .bench_rows_http import measure_first_byte
from .bench_rows_http import total
from .contestants import Databases
from .contestants import databases_with_orders
from .contestants import read
from .contestants import started
from .lineup import ADBC
from .lineup import ARROW
from .lineup import ARROW_IPC
from .lineup import ARROW_PARQUET
from .lineup import PAGE
from .measure import Report
from .measure import Samples
from .orders import arrow_table

LEAST_CSV = 7
LEAST_IPC = 50
LEFT_OUT = "\nleft out: Arrow; not installed: pyarrow"


def main() -> int:
    """Measure servers and encoders, and return the exit code."""
    report = Report.from_command_line("arrow", __doc__)
    if find_spec("pyarrow") is None:
        print(LEFT_OUT)
        return report.finish()
    rows = report.choose(tiny=1_000, small=100_000, full=2_000_000)
    with databases_with_orders(rows, in_sqlite=1) as databases:
        measure_http(report, databases, rows)
        fewer = min(rows, 100_000)
        ways = [ADBC, ARROW, ARROW_IPC, ARROW_PARQUET]
        measure_first_byte(report, databases, fewer, ways)
    measure_encoders(report, report.choose(tiny=1_000, small=50_000, full=200_000))
    return report.finish()


def measure_http(report: Report, databases: Databases, rows: int) -> None:
    """Alternate all ways, and hold them against the page."""
    ways = [PAGE, ARROW, ADBC, ARROW_IPC, ARROW_PARQUET]
    with started(ways, databases, rows) as ready:
        lengths = {way: len(read(ready[way], rows)) for way in (PAGE, ARROW_IPC)}
        times = report.alternate(
            f"{rows:,} rows",
            {way.name: partial(total, ready[way], rows) for way in ready},
            rounds=report.choose(tiny=1, small=5, full=3),
        )
    for way in ready:
        if way is not PAGE:
            least = LEAST_CSV if way.kind == "csv" else None
            report.claim_ratio(f"{PAGE.name} / {way.name}", times, at_least=least)
    speeds = {
        way.name: [length / 1e6 / taken for taken in times.of[way.name]]
        for way, length in lengths.items()
    }
    report.claim_ratio(
        f"{ARROW_IPC.name} / {PAGE.name}",
        report.add(Samples(f"{rows:,} rows, bytes", "MB/s", speeds)),
        at_least=LEAST_IPC,
    )


def measure_encoders(report: Report, rows: int) -> None:
    """Alternate what makes text of batches that are there."""
    table = arrow_table(rows)
    ways: dict[str, Callable[[Any], object]] = {
        "Outpour CSV": partial(by_format, CSV()),
        "Outpour NDJSON": partial(by_format, NDJSON()),
        "pyarrow CSVWriter": by_pyarrow,
    }
    if find_spec("polars"):
        ways |= {"polars write_csv": by_polars, "polars write_ndjson": by_polars_ndjson}
    times = report.alternate(
        f"encoders alone, {rows:,} rows",
        {name: partial(time, way, table) for name, way in ways.items()},
        rounds=report.choose(tiny=1, small=5, full=15),
    )
    for name in ways:
        if not name.startswith("Outpour"):
            ours = "Outpour NDJSON" if "ndjson" in name else "Outpour CSV"
            report.claim_ratio(f"{name} / {ours}", times)


def time(way: Callable[[Any], object], table: Any) -> float:
    """Return the processor seconds that a way takes."""
    begun = process_time()
    way(table)
    return process_time() - begun


def by_format(format_: Any, table: Any) -> None:
    """Write as a stream of rows does."""
    format_.begin_arrow(table.schema)
    for batch in table.to_batches():
        format_.feed_arrow(batch)
    format_.finish()


def by_pyarrow(table: Any) -> None:
    """Write batches by pyarrow, which quotes every text."""
    from pyarrow.csv import CSVWriter

    with CSVWriter(io.BytesIO(), table.schema) as writer:
        for batch in table.to_batches():
            writer.write_batch(batch)


def by_polars(table: Any) -> None:
    """Write batches by polars."""
    for frame in _frames(table):
        frame.write_csv(io.BytesIO(), include_header=False)


def by_polars_ndjson(table: Any) -> None:
    """Write batches by polars, as JSON."""
    for frame in _frames(table):
        frame.write_ndjson(io.BytesIO())


def _frames(table: Any) -> Iterator[Any]:
    import polars

    return map(polars.from_arrow, table.to_batches())


if __name__ == "__main__":
    sys.exit(main())
