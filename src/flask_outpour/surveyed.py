"""Rows enter; they leave with their columns, and with the types in each of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Surveyed(list[Any]):
    """Rows whose columns are looked at once: what has to know more need not look again.

    That is done when somebody asks, and not before. The rows of the last batch are then
    gone, and Python sees no growth that its collector of garbage would have to go for.
    """

    __slots__ = ("_columns", "_kinds")

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        super().__init__(rows)
        self._columns: list[Sequence[Any]] | None = None

    @property
    def columns(self) -> list[Sequence[Any]]:
        """The values of each column.

        :raises ValueError: where the rows are not of one length.
        """
        if self._columns is None:
            self._columns = list(zip(*self, strict=True))
            self._kinds = [set(map(type, values)) for values in self._columns]
        return self._columns

    @property
    def kinds(self) -> list[set[type]]:
        """The types of a column's values."""
        assert self.columns is not None
        return self._kinds


def surveyed(rows: Sequence[Sequence[Any]]) -> Surveyed:
    """Return rows as :class:`Surveyed`, or as they are if they are that already.

    :raises ValueError: where they are not of one length.
    """
    found = rows if type(rows) is Surveyed else Surveyed(rows)
    assert found.columns is not None
    return found
