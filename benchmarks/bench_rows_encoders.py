"""Rows in memory enter; how fast each way makes bytes of them leaves.

The base is what Flask's documentation does, ``','.join(map(str, row)) + '\\n'``, joined
for each batch of 1,000 rows: it writes ``None``, and breaks records at a comma in a
cell. The other ways write what can be read back. Each set of installed libraries has a
process of its own, in which the others cannot be imported. Processor time; no server.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context

from .measure import Report

LEAST_CSV = 1.8
#: What may be imported, and how many times as fast as the base NDJSON is to be.
LEAST_NDJSON = {("msgspec", "orjson"): 2.7, (): 0.6}
LIBRARIES = ("msgspec", "orjson")


def main() -> int:
    """Measure with each set of libraries, and return the exit code."""
    report = Report.from_command_line("rows_encoders", __doc__)
    for libraries, least in LEAST_NDJSON.items():
        name = f"{'with' if libraries else 'without'} msgspec and orjson"
        if not all(map(find_spec, libraries)):
            print(f"\nleft out: {name}, which is not installed")
            continue
        hidden = [library for library in LIBRARIES if library not in libraries]
        with ProcessPoolExecutor(
            1, get_context("spawn"), initializer=_hide, initargs=(hidden,)
        ) as child:
            measure(report, name, child, least)
    return report.finish()


def measure(
    report: Report, name: str, child: ProcessPoolExecutor, least: float
) -> None:
    """Alternate the ways in one process."""
    rows = report.choose(tiny=2_000, small=20_000, full=50_000)
    ways = {
        way: partial(_result, child, way, rows) for way in child.submit(_ways).result()
    }
    base, csv, ndjson, *others = ways
    times = report.alternate(
        f"{name}, {rows:,} rows",
        {way: ways[way] for way in (base, csv, ndjson)},
        rounds=report.choose(tiny=1, small=15, full=75),
    )
    report.claim_ratio(f"{base} / {csv}", times, at_least=LEAST_CSV)
    report.claim_ratio(f"{base} / {ndjson}", times, at_least=least)
    times = report.alternate(
        f"{name}, {rows:,} rows, other ways",
        {way: ways[way] for way in (base, *others)},
        rounds=report.choose(tiny=1, small=3, full=15),
    )
    for other in others:
        report.claim_ratio(f"{base} / {other}", times)


# These import in the child, after its libraries are hidden.
def _hide(libraries: list[str]) -> None:
    for library in libraries:
        sys.modules[library] = None  # type: ignore[assignment]


def _ways() -> list[str]:
    from .encoders import WAYS

    return list(WAYS)


def _time(way: str, rows: int) -> float:
    from .encoders import time

    return time(way, rows)


def _result(child: ProcessPoolExecutor, way: str, rows: int) -> float:
    return child.submit(_time, way, rows).result()


if __name__ == "__main__":
    sys.exit(main())
