"""Rows that a view yields one by one enter; how much faster they arrive leaves.

Three ways to send 200,000 rows of 60 bytes. *lines* are rows that are ready as text,
so that only the sending counts. */large.csv* is the view of Flask's documentation,
word for word: it joins the ten cells of each row first, which costs the same with and
without Outpour and as much as all the rest. *ready chunks* is one constant of 64 KiB,
which no view of rows can reach. The client is a bare socket that reads and forgets.

*by hand* joins up to 64 KiB from the first row on, and so holds rows back where their
source falls silent. *by hand, within the rule* never holds more than 1/128 of what it
has sent, as Outpour does: it makes the same thousand chunks before they are full, and
the two differ in the loop alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from statistics import median

from .client import fetch
from .client import fetch_body
from .measure import Report
from .servers import running
from .servers import Server

#: Of lines, for each server, over plain Flask.
LEAST_GAIN = {"gunicorn": 30.0, "waitress": 50.0}
#: Of the lines, over what is joined by hand within the rule.
MOST_OF_JOINED = 1.4


def main() -> int:
    """Measure on both servers, and return the exit code."""
    report = Report.from_command_line("large_csv", __doc__)
    rows = report.choose(tiny=2_000, small=50_000, full=200_000)
    for name in LEAST_GAIN:
        with (
            running(name, outpour=False, rows=rows) as plain,
            running(name, outpour=True, rows=rows) as ours,
        ):
            measure(report, name, plain, ours)
    return report.finish()


def measure(report: Report, name: str, plain: Server, ours: Server) -> None:
    """Alternate the ways on one kind of server."""
    for rows, view, joined, least, most in (
        ("lines", "/lines", "/joined-lines", LEAST_GAIN[name], MOST_OF_JOINED),
        ("/large.csv", "/large.csv", "/joined-rows", None, None),
    ):
        flask = partial(_seconds, plain.port, view)
        outpour = partial(_seconds, ours.port, view)
        by_hand = partial(_seconds, plain.port, joined)
        ways = {"Outpour": outpour, "by hand": by_hand}
        if view == "/lines":
            within = f"{joined}-within-the-rule"
            ways["by hand, within the rule"] = partial(_seconds, plain.port, within)
            _check_bodies((plain, view), (plain, within))
        ways["ready chunks"] = partial(_seconds, plain.port, "/chunks")
        _check_bodies((plain, view), (ours, view), (plain, joined))
        group = f"{name}, {rows}"
        times = report.alternate(
            f"{group}, one by one",
            {"plain Flask": flask, "Outpour": partial(_median_of_five, outpour)},
            rounds=report.choose(tiny=1, small=5, full=15),
        )
        report.claim_ratio("plain Flask / Outpour", times, at_least=least)
        # These take milliseconds: many pairs are cheap, and needed.
        times = report.alternate(
            f"{group}, joined",
            ways,
            rounds=report.choose(tiny=1, small=15, full=75),
        )
        for way in ways:
            if way != "Outpour":
                limit = most if way.endswith("rule") else None
                report.claim_ratio(f"Outpour / {way}", times, at_most=limit)


def _check_bodies(*ways: tuple[Server, str]) -> None:
    if len({fetch_body(server.port, path) for server, path in ways}) != 1:
        raise RuntimeError("The ways to send the rows gave different bodies.")


def _median_of_five(sample: Callable[[], float]) -> float:
    # Another program's moment weighs on milliseconds, not on the seconds beside them.
    return median(sample() for _ in range(5))


def _seconds(port: int, path: str) -> float:
    return fetch(port, path).total


if __name__ == "__main__":
    sys.exit(main())
