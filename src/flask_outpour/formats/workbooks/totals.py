"""The cells of columns enter; the row below them, with their totals, leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import time
from datetime import timedelta
from decimal import Context
from decimal import Decimal
from decimal import localcontext
from typing import Any

from ..columns import Batch
from ..values import Column
from ..values import plain
from .cells import Cells
from .cells import EMPTY
from .choices import Function
from .parts import letters
from .styles import bold
from .styles import bolded
from .texts import LONGEST

#: What Excel calls them; its COUNT is of numbers alone.
_NAMES: Mapping[Function, str] = {
    **{"sum": "SUM", "average": "AVERAGE", "mean": "AVERAGE"},
    **{"count": "COUNTA", "min": "MIN", "max": "MAX"},
}
#: A cell, or the beginning of it, that has a number and perhaps a style.
_NUMBER = re.compile(r'"(?: s="(\d+)")?><v>(?:([^<]+)</v></c>)?')
#: No sum is rounded, whatever the application computes with.
_EXACT = Context(prec=100_000)
#: Digits that tell all doubles apart, and those that a cell keeps of a number.
_DOUBLE, _SHORT = Context(prec=17), Context(prec=15)
#: Signs of a number beyond which its double says as much.
_LONG = 40
#: What Excel has for a number that no double is.
_TOO_LARGE = "#NUM!"


class Total:
    """Compute the total of one column of a sheet, out of the numbers in its cells."""

    def __init__(self, place: int, function: Function, cells: Cells) -> None:
        self._place = place
        self._function = function
        self._cells = cells
        #: That of the numbers, or the last one of several.
        self._style = cells.styles.number
        #: Cells that are not empty, and the numbers among them.
        self._filled = self._count = 0
        self._sum = Decimal()
        #: The least and the greatest.
        self._ends: list[Decimal] = []
        #: Whether numbers are text in their cells, where the formula misses them.
        self._is_beyond = False

    def add(self, batch: Batch) -> None:
        """Look at some rows of the sheet."""
        values = [row[self._place] for row in batch]
        with localcontext(_EXACT):
            numbers = list(self._numbers(values))
            if numbers:
                self._count += len(numbers)
                self._sum = sum(numbers, self._sum)
                ends = [*self._ends, *numbers]
                self._ends = [min(ends), max(ends)]

    def _numbers(self, values: Column) -> Iterator[Decimal]:
        written = self._cells.write(values, set(map(type, values)))
        if found := _NUMBER.fullmatch(written.before):
            self._filled += len(values)
            self._see(found)
            yield from map(Decimal, written.texts)
            return
        for value, cell in zip(values, written.whole(), strict=True):
            self._filled += cell != EMPTY
            if found := _NUMBER.fullmatch(cell):
                self._see(found)
                yield Decimal(found[2])
            elif (number := _beyond(value)) is not None:
                # A text counts, too.
                self._is_beyond = self._function != "count"
                yield number

    def _see(self, found: re.Match[str]) -> None:
        self._style = max(self._style, int(found[1] or 0))

    def cell(self, first: int, last: int) -> str:
        """Return the cell below the rows, with a formula and its value."""
        letter, value = letters(self._place), self._value()
        reference = f'<c r="{letter}{last + 1}'
        if value is None or last < first or self._is_beyond:
            # There is nothing that a formula would find, or not all.
            return bolded(f"{reference}{self._plain(value)}")
        style, text = bold(self._shown()), _double(value)
        kind = ' t="e"' if text == _TOO_LARGE else ""
        formula = f"{_NAMES[self._function]}({letter}{first}:{letter}{last})"
        return f'{reference}" s="{style}"{kind}><f>{formula}</f><v>{text}</v></c>'

    def _value(self) -> Decimal | None:
        """Return the total, or ``None`` where there is nothing to take it of."""
        if self._function == "count":
            return Decimal(self._filled)
        if self._function == "sum":
            return self._sum
        if not self._count:
            return None
        if self._function in ("min", "max"):
            return self._ends[self._function == "max"]
        return _DOUBLE.divide(self._sum, self._count)

    def _shown(self) -> int:
        """Return the style of the numbers, in which the total is shown as well."""
        if self._function == "count":
            return 0
        if self._function == "sum":
            # Together, times of a day may be more than one.
            styles = self._cells.styles.times
            longer = dict(zip(styles[time], styles[timedelta], strict=True))
            return longer.get(self._style, self._style)
        return self._style

    def _plain(self, value: Decimal | None) -> str:
        """Return the cell from behind its reference."""
        if self._function in ("average", "mean") and value is not None:
            value = _SHORT.plus(value)
        if value is not None and len(format(value, "f")) > LONGEST:
            return self._cells.cell(f"{value:.14E}")
        return self._cells.cell(value)


def total_row(totals: Sequence[Total], first: int, last: int) -> bytes:
    """Return the row below those of a sheet.

    :param first: the number of the first of them.
    :param last: that of the last.
    """
    cells = "".join(total.cell(first, last) for total in totals)
    return f'<row r="{last + 1}">{cells}</row>'.encode()


def _beyond(value: Any) -> Decimal | None:
    """Return a number that is text in its cell."""
    value = plain(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    is_finite = isinstance(value, Decimal) and value.is_finite()
    return value if is_finite else None


def _double(value: Decimal) -> str:
    """Return a number as a cell with a formula has it."""
    text = str(value)
    if len(text) <= _LONG:
        return text
    text = repr(float(value))
    return _TOO_LARGE if text.endswith("inf") else text
