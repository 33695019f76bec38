"""The results of the race enter; a table, a page and a chart of them leave."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from html import escape
from statistics import median
from typing import Any

from .client import Times
from .contestants import Contestant
from .lineup import PAGE

PAGE_TEXT = """\
# The race

Everyone who can stream rows, on one machine and with the same orders: {rows:,} rows
of eight columns, which are an integer, a time with its zone, three texts, a decimal,
another integer, a boolean, and a text that is NULL in three of ten. This page was
made by `python -m benchmarks.race --rows {rows} --write`, which makes it again on any
machine; [](benchmarks.md) says more of how it is measured.

![Rows per second of each, as bars](race.svg)

{table}

- *Rows/s* are medians of rounds in which all took turns: over HTTP on the same
  machine, or, of programs, through a pipe. Who is slow sent fewer rows.
- The *first byte* is counted from the request, or from the start of the program.
- *Memory* is what the process grew by while it sent all rows, after ten.
- *Right* is who sent rows that read back as those of the database, whatever the
  spelling of a time or a boolean. All were read, up to the first that has too many or
  too few cells; of other faults the first in each column is told.
- *{page}* is the snippet of Flask's documentation, `','.join(map(str, row)) + '\\n'`,
  over psycopg's server-side cursor; Starlette sends the same lines.
- Arrow is a table in memory. sqlite3 and Datasette read a SQLite file of the same
  orders. All others read PostgreSQL.

Measured on {machine}. {left_out}
"""
#: The chart's measures, in pixels.
WIDTH, LEFT, BAR = 860, 250, 440
TOP, ROW, BOTTOM = 44, 22, 44
#: Times the fastest text, where a bar is cut.
CUT = 1.1
CHART = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}" role="img" aria-label="{title}">
<title>{title}</title>
<style>
text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }}
.title {{ font-weight: bold }}
.paper {{ fill: #ffffff }}
.ours {{ fill: #0b7a75 }}
.others {{ fill: #8b949e }}
.wrong {{ fill: url(#hatched) }}
#hatched path {{ stroke: #cf222e; stroke-width: 3 }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }}
.paper {{ fill: #0d1117 }}
.ours {{ fill: #2fb5ad }}
#hatched path {{ stroke: #ff7b72 }}
}}
</style>
<defs><pattern id="hatched" width="7" height="7" patternUnits="userSpaceOnUse" \
patternTransform="rotate(45)"><path d="M0 0V7"/></pattern></defs>
<rect class="paper" width="{width}" height="{height}" rx="8"/>
<text class="title" x="16" y="27">{title}</text>
{bars}
<rect class="ours" x="16" y="{legend}" width="14" height="12"/>\
<text x="36" y="{legend}" dy="11">Outpour</text>
<rect class="others" x="110" y="{legend}" width="14" height="12"/>\
<text x="130" y="{legend}" dy="11">others</text>
<rect class="wrong" x="190" y="{legend}" width="14" height="12"/>\
<text x="210" y="{legend}" dy="11">not what the database has</text>
</svg>
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What one contestant did; ``growth`` is ``None`` where nobody tells."""

    contestant: Contestant
    rows: int
    length: int
    growth: float | None
    fault: str | None
    times: list[Times] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Rows per second."""
        return self.rows / median(times.total for times in self.times)

    @property
    def first_byte(self) -> float:
        """Seconds."""
        return median(times.first_byte for times in self.times)


Results = Mapping[Contestant, Result]


def page(results: Results, machine: Mapping[str, Any], left_out: Iterable[str]) -> str:
    """Return the documentation's page, in Markdown."""
    facts = dict(machine)
    where = (
        f"{facts.pop('processor')}, {facts.pop('cores')} cores, {facts.pop('system')}"
    )
    versions = [f"{name} {version}" for name, version in facts.items()]
    missing = ", ".join(left_out)
    return PAGE_TEXT.format(
        rows=results[PAGE].rows,
        table=table(results),
        page=PAGE.name,
        machine=", ".join([where, *versions]),
        left_out=f"Left out: {missing}." if missing else "Nobody was left out.",
    )


def table(results: Results) -> str:
    """Return a table in Markdown, the fastest first."""
    base = results[PAGE].speed
    lines = [
        "| | format | rows/s | times the page | rows | bytes a row | first byte"
        " | memory | right |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for result in _by_speed(results):
        one = result.contestant
        growth = result.growth
        cells = (
            f"**{one.name}**" if one.is_ours else one.name,
            one.kind,
            f"{result.speed:,.0f}",
            f"{result.speed / base:.2f}",
            f"{result.rows:,}",
            f"{result.length / result.rows:.0f}",
            f"{result.first_byte * 1000:.1f} ms",
            "" if growth is None else f"{growth / 2**20:.1f} MiB",
            f"**wrong**: {_in_cell(result.fault)}" if result.fault else "yes",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def chart(results: Results) -> str:
    """Return a chart of bars as SVG, the fastest first.

    Its length is that of the fastest text. Arrow's own bytes, which nobody has to make,
    would leave the others no room: such a bar is cut, and its figure says the rest.
    """
    ranked = _by_speed(results)
    longest = max(r.speed for r in ranked if r.contestant.kind in ("csv", "ndjson"))
    rows = results[PAGE].rows
    height = TOP + ROW * len(ranked) + BOTTOM
    bars = "\n".join(
        _bar(result, TOP + ROW * number, longest)
        for number, result in enumerate(ranked)
    )
    return CHART.format(
        width=WIDTH,
        height=height,
        title=f"Rows per second, {rows:,} orders",
        bars=bars,
        legend=height - BOTTOM + 24,
    )


def _bar(result: Result, top: int, longest: float) -> str:
    one = result.contestant
    share = min(result.speed / longest, CUT)
    kind = "wrong" if result.fault else "ours" if one.is_ours else "others"
    length = round(BAR * share, 1)
    cut = " (cut)" if share == CUT else ""
    figure = f"{result.speed:,.0f}{cut}{', wrong' if result.fault else ''}"
    return (
        f'<text x="{LEFT - 8}" y="{top + 15}" text-anchor="end">'
        f"{escape(one.name)}</text>"
        f'<rect class="{kind}" x="{LEFT}" y="{top + 3}" width="{length}"'
        f' height="{ROW - 6}"/>'
        f'<text x="{LEFT + length + 6:g}" y="{top + 15}">{figure}</text>'
    )


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _by_speed(results: Results) -> list[Result]:
    return sorted(results.values(), key=lambda result: -result.speed)
