"""A page of the documentation enters; the cells of its tables leave.

The tables are the only place of a figure: the charts are drawn from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its first cell without emphasis, and all by their headings."""

    section: str
    name: str
    cells: dict[str, str]


def read_rows(page: str) -> list[Row]:
    """Return the rows of all tables of a page in Markdown, in order."""
    return list(_rows(page.splitlines()))


def find_row(rows: list[Row], section: str, name: str) -> Row:
    """Return the row of a section that begins with this cell.

    :raises LookupError: where there is none, or more than one.
    """
    found = [row for row in rows if (row.section, row.name) == (section, name)]
    if len(found) != 1:
        raise LookupError(f"{section} has {len(found)} rows {name!r}, and not one.")
    return found[0]


def part_of(cell: str, part: int | None) -> str:
    """Return one of the figures ``1.9, 1.5 MiB``, with the unit of all."""
    if part is None:
        return cell
    figures, _, unit = cell.rpartition(" ")
    return f"{figures.split(', ')[part]} {unit}"


def value_of(figure: str) -> float:
    """Return the number in a figure; of a range, the end."""
    return float(_NUMBER.findall(figure)[-1].replace(",", ""))


def _rows(lines: list[str]) -> Iterator[Row]:
    section = ""
    headings: list[str] = []
    for line in lines:
        if line.startswith("#"):
            section = line.lstrip("# ")
        if not line.startswith("|"):
            headings = []
        elif not headings:
            headings = _cells(line)
        elif not line.startswith("|-"):
            cells = dict(zip(headings, _cells(line), strict=True))
            yield Row(section, _cells(line)[0].replace("**", ""), cells)


def _cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip())[1:-1]
    return [part.strip().replace("\\|", "|") for part in parts]
