"""What a source knows of the types of its columns, before their values."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """What is known of the type of a column.

    :param base: the type of Python that its values have, or are brought to; ``dict``
        for what becomes JSON.
    :param precision: of decimals, their digits.
    :param scale: of decimals, those behind the point.
    :param zoned: of datetimes, whether they have a zone.
    :param unsigned: of integers, whether they are from 0 to 2\\ :sup:`64` - 1.
    :param item: of lists.
    :param is_sure: whether another value is an error. Else it is just what values are
        expected where the first rows have none.
    """

    base: type
    precision: int | None = None
    scale: int | None = None
    zoned: bool | None = None
    unsigned: bool = False
    item: ColumnType | None = None
    is_sure: bool = True

    def unsure(self) -> ColumnType:
        """Return the same type, of which values may differ."""
        return replace(self, is_sure=False)


#: For each column what is known of it, or ``None``.
Types = Sequence[ColumnType | None]
#: The same by the names of some columns.
ByName = Mapping[str, ColumnType | None]
#: Returns one of these, for formats that ask.
Ahead = Callable[[], Types | ByName]
