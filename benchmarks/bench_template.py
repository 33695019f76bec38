"""A template of 100,000 rows enters; how soon its page arrives, and its memory, leave.

The recipe is that of Flask's documentation, word for word, with its
``enable_buffering(5)``: on plain Flask, the same under Outpour, and Outpour's own
``stream_template``. Flask's ``render_template``, on plain Flask, makes the page as one
text and sends nothing until then. *page.html* has a table with three cells in a row,
*list.html* one value in a row. Memory is how far the highest resident memory of a new
worker with one thread rises while it sends *page.html* for the first time (Linux).
"""

from __future__ import annotations

import sys
from functools import partial

from .client import fetch
from .client import fetch_body
from .measure import doing
from .measure import Report
from .memory import AVAILABLE
from .memory import growth_during
from .servers import running

LEAST_GAIN = 3.0
#: Of the time of ``render_template``, to the last byte.
MOST = 1.3
#: How many times earlier the first byte comes than that of ``render_template``.
LEAST_EARLIER = 20.0
MOST_GROWTH = 4 * 2**20
TEMPLATES = ("page.html", "list.html")

#: Ports and paths, by the name of a way to send the page.
Ways = dict[str, tuple[int, str]]


def main() -> int:
    """Measure on gunicorn, and return the exit code."""
    report = Report.from_command_line("template", __doc__)
    rows = report.choose(tiny=1_000, small=20_000, full=100_000)
    with (
        running("gunicorn", outpour=False, rows=rows) as plain,
        running("gunicorn", outpour=True, rows=rows) as ours,
    ):
        for template in TEMPLATES:
            ways = {
                "recipe": (plain.port, f"/recipe/{template}"),
                "recipe under Outpour": (ours.port, f"/recipe/{template}"),
                "stream_template": (ours.port, f"/ours/{template}"),
                "render_template": (plain.port, f"/rendered/{template}"),
            }
            measure(report, template, ways)
            measure_first_byte(report, template, ways)
    if AVAILABLE:
        path = "/ours/page.html"
        measure_memory(report, "stream_template", path, rows, most=MOST_GROWTH)
        measure_memory(report, "render_template", "/rendered/page.html", rows)
    return report.finish()


def measure(report: Report, template: str, ways: Ways) -> None:
    """Alternate the ways to send one page, until its last byte."""
    if len({fetch_body(port, path) for port, path in ways.values()}) != 1:
        raise RuntimeError("The ways to send the page gave different bodies.")
    times = report.alternate(
        template,
        {name: partial(_total, port, path) for name, (port, path) in ways.items()},
        rounds=report.choose(tiny=1, small=5, full=11),
    )
    for way in ("recipe under Outpour", "stream_template"):
        report.claim_ratio(f"recipe / {way}", times, at_least=LEAST_GAIN)
    report.claim_ratio("stream_template / render_template", times, at_most=MOST)


def measure_first_byte(report: Report, template: str, ways: Ways) -> None:
    """Alternate a page that is streamed with one that is made first."""
    times = report.alternate(
        f"first byte of {template}",
        {
            name: partial(_first_byte, *ways[name])
            for name in ("render_template", "stream_template")
        },
        rounds=report.choose(tiny=1, small=10, full=20),
    )
    pair = "render_template / stream_template"
    report.claim_ratio(pair, times, at_least=LEAST_EARLIER)


def measure_memory(
    report: Report, way: str, path: str, rows: int, *, most: float | None = None
) -> None:
    """Send the page once from a new server, and report its worker's growth."""
    outpour = way == "stream_template"
    with (
        doing(f"memory of {way}"),
        running("gunicorn", outpour=outpour, rows=rows, threads=1) as server,
    ):
        growth = growth_during(server.worker, partial(fetch, server.port, path))
    group = f"{way}, page.html, {rows:,} rows, one thread"
    print(f"\n{group}")
    report.claim(group, "growth", "bytes", [growth], at_most=most)


def _total(port: int, path: str) -> float:
    return fetch(port, path).total


def _first_byte(port: int, path: str) -> float:
    return fetch(port, path).first_byte


if __name__ == "__main__":
    sys.exit(main())
