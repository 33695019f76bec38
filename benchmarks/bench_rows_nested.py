"""Orders with lists of their items enter; how fast NDJSON is made of them leaves.

The base is ``json.dumps`` for each row. Orders have 1 to 5 items, which are dicts with
a text, an integer and a float; or with an amount and a time, for which ``json.dumps``
has ``default=str``. Orders are dicts, tuples, objects of a dataclass, and entities of
SQLAlchemy's ORM, in a list; or they come one by one, when Outpour copies what is
nested in each before it asks for the next. Each set of installed libraries has
a process of its own. Processor time; no server, no database.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context

from .measure import Report

#: What may be imported, and how many times as fast as the base a list is to be.
LEAST = {("msgspec",): 2.0, (): 1.0}


def main() -> int:
    """Measure with msgspec and without it, and return the exit code."""
    report = Report.from_command_line("rows_nested", __doc__)
    for libraries, least in LEAST.items():
        name = f"{'with' if libraries else 'without'} msgspec"
        if not all(map(find_spec, libraries)):
            print(f"\nleft out: {name}, which is not installed")
            continue
        hidden = [] if libraries else ["msgspec"]
        with ProcessPoolExecutor(
            1, get_context("spawn"), initializer=_hide, initargs=(hidden,)
        ) as child:
            measure(report, name, child, least)
    return report.finish()


def measure(
    report: Report, name: str, child: ProcessPoolExecutor, least: float
) -> None:
    """Alternate the ways in one process."""
    rows = report.choose(tiny=1_000, small=20_000, full=60_000)
    ways, pairs = child.submit(_ways).result()
    times = report.alternate(
        f"{name}, {rows:,} orders",
        {way: partial(_result, child, way, rows) for way in ways},
        rounds=report.choose(tiny=1, small=5, full=25),
    )
    for pair in pairs:
        target = None if "generator" in pair else least
        report.claim_ratio(pair, times, at_least=target)


# These import in the child, after its libraries are hidden.
def _hide(libraries: list[str]) -> None:
    for library in libraries:
        sys.modules[library] = None  # type: ignore[assignment]


def _ways() -> tuple[list[str], list[str]]:
    from .nested import PAIRS
    from .nested import WAYS

    return list(WAYS), PAIRS


def _result(child: ProcessPoolExecutor, way: str, rows: int) -> float:
    return child.submit(_time, way, rows).result()


def _time(way: str, rows: int) -> float:
    from .nested import time

    return time(way, rows)


if __name__ == "__main__":
    sys.exit(main())
