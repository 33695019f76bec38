"""The results of the race enter; a table and a page of them leave."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
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


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _by_speed(results: Results) -> list[Result]:
    return sorted(results.values(), key=lambda result: -result.speed)
