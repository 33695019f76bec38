"""Everyone who can send orders enters; how fast each does, and how rightly, leaves.

All send the same rows of one PostgreSQL, or of a SQLite file that has them too, each
by a process of its own, over HTTP or to a pipe. First each one's rows go to a file,
and are compared with the orders, cell by cell; the growth of the process's memory is
of that run. Then all take turns, round by round, and the medians count. Slow ones
send fewer rows. ``--write`` makes a page and a chart of it for the documentation.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from typing import Any

import psycopg

from flask_outpour.progress import progress_line

from . import charts
from .checks import find_fault
from .contestants import Contestant
from .contestants import databases_with_orders
from .contestants import Printing
from .contestants import Serving
from .contestants import started
from .lineup import CONTESTANTS
from .measure import describe_machine
from .race_page import page
from .race_page import Result
from .race_page import table
from .servers import ROOT

#: Rows that come before all others, so that every library is loaded.
WARM_UP = 10
#: A slow contestant is asked for one row in so many.
SLOW = 20


def main() -> int:
    """Run the race, print its table, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.race",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for option, default in ("--rows", 20_000), ("--rounds", 3):
        parser.add_argument(
            option,
            type=int,
            default=default,
            metavar="N",
            help=f"{default:,} if not said",
        )
    parser.add_argument(
        "--write", action="store_true", help="write docs/race.md and docs/race.svg"
    )
    options = parser.parse_args()
    results, machine = race(options.rows, options.rounds)
    print(f"\n{table(results)}")
    if options.write:
        docs = ROOT / "docs"
        left_out = [one.name for one in CONTESTANTS if one not in results]
        text = page(results, machine, left_out)
        (docs / "race.md").write_text(text)
        (docs / "race.svg").write_text(charts.race(text))
    return 0


def race(rows: int, rounds: int) -> tuple[dict[Contestant, Result], dict[str, Any]]:
    """Return what each contestant did, and what the machine is."""
    results: dict[Contestant, Result] = {}
    with (
        databases_with_orders(rows, in_sqlite=rows) as databases,
        started(CONTESTANTS, databases, rows) as ready,
    ):
        with psycopg.connect(databases.postgresql) as connection:
            version = connection.info.parameter_status("server_version")
        failures: dict[Contestant, Exception] = {}
        with progress_line() as show:
            for number, one in enumerate(ready):
                show(f"reading back: {one.name}", number / len(ready))
                try:
                    results[one] = read_back(
                        one, ready[one], rows // SLOW if one.slow else rows
                    )
                except Exception as error:
                    failures[one] = error
        for one, error in failures.items():
            print(f"\nleft out: {one.name}: {error}")
        turns = list(product(range(1, rounds + 1), results.items()))
        with progress_line() as show:
            for turn, (number, (one, result)) in enumerate(turns):
                show(f"round {number} of {rounds}: {one.name}", turn / len(turns))
                result.times.append(ready[one].fetch(result.rows))
    versions = {"postgresql": version, "sqlite3": sqlite_version()}
    return results, describe_machine() | versions


def read_back(contestant: Contestant, ready: Serving | Printing, rows: int) -> Result:
    """Return the growth of memory, and the length and any fault of what is sent."""
    with tempfile.TemporaryFile() as file:
        ready.keep(WARM_UP, file)
        file.truncate(file.seek(0))
        growth = ready.keep(rows, file)
        length = file.tell()
        fault = find_fault(
            file, contestant.kind, rows, from_sqlite=contestant.from_sqlite
        )
    return Result(contestant, rows, length, growth, fault)


def sqlite_version() -> str:
    """Return the version of the program sqlite3, if it is there."""
    if not shutil.which("sqlite3"):
        return "missing"
    command = ["sqlite3", "--version"]
    return subprocess.run(command, capture_output=True, text=True).stdout.split()[0]


if __name__ == "__main__":
    sys.exit(main())
