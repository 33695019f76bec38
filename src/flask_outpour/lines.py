"""A format enters; what a source must know to write its lines itself leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Whose texts the cells have: those of the value table, or PostgreSQL's own.
Dialect = Literal["outpour", "postgresql"]


@dataclass(frozen=True, slots=True)
class CSVLines:
    r"""Lines of CSV that end in ``"\n"``, without a header.

    :param delimiter: one character between the cells.
    :param dialect: whose texts the cells have.
    :param decimal: the decimal sign, ``"."`` or ``","``.
    :param dates: a pattern of ``strftime()`` for dates; so are the others.
    """

    delimiter: str
    dialect: Dialect = "outpour"
    decimal: str = "."
    dates: str | None = None
    times: str | None = None
    datetimes: str | None = None


@dataclass(frozen=True, slots=True)
class JSONLines:
    """A JSON object on each line; decimals are strings."""


Lines = CSVLines | JSONLines
