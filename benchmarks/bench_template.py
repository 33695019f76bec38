"""A template of 100,000 rows enters; how much faster its page arrives leaves.

The recipe is that of Flask's documentation, word for word, with its
``enable_buffering(5)``: on plain Flask, the same under Outpour, and Outpour's own
``stream_template``. *page.html* has a table with three cells in a row, *list.html* one
value in a row.
"""

from __future__ import annotations

import sys
from functools import partial

from .client import fetch
from .client import fetch_body
from .measure import Report
from .servers import running

LEAST_GAIN = 3.0


def main() -> int:
    """Measure on gunicorn, and return the exit code."""
    report = Report.from_command_line("template", __doc__)
    rows = report.choose(tiny=1_000, small=20_000, full=100_000)
    with (
        running("gunicorn", outpour=False, rows=rows) as plain,
        running("gunicorn", outpour=True, rows=rows) as ours,
    ):
        for template in ("page.html", "list.html"):
            measure(report, template, plain.port, ours.port)
    return report.finish()


def measure(report: Report, template: str, plain: int, ours: int) -> None:
    """Alternate the ways to stream one template."""
    ways = {
        "recipe": (plain, f"/recipe/{template}"),
        "recipe under Outpour": (ours, f"/recipe/{template}"),
        "stream_template": (ours, f"/ours/{template}"),
    }
    if len({fetch_body(port, path) for port, path in ways.values()}) != 1:
        raise RuntimeError("The ways to stream the page gave different bodies.")
    times = report.alternate(
        template,
        {name: partial(_seconds, port, path) for name, (port, path) in ways.items()},
        rounds=report.choose(tiny=1, small=5, full=11),
    )
    for way in ("recipe under Outpour", "stream_template"):
        report.claim_ratio(f"recipe / {way}", times, at_least=LEAST_GAIN)


def _seconds(port: int, path: str) -> float:
    return fetch(port, path).total


if __name__ == "__main__":
    sys.exit(main())
