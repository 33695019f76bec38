"""Rows enter; the first that something beside them holds leaves, if there is one.

What nobody else holds, nobody can change. CPython counts how many hold an object.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from ..surveyed import surveyed

#: Whether the values of a type cannot change.
Lasts = Callable[[type], bool]


def shared_record(records: Sequence[Any], lasts: Lasts) -> int | None:
    """Return the place of the first record that others hold, and can change."""
    return _shared(records, lasts, _IN_BATCH)


def shared_cell(cells: Sequence[Any], lasts: Lasts) -> int | None:
    """Return the place of the first cell of a column that others hold, and can change.

    :param cells: of rows that are surveyed, and held by nobody else.
    """
    return _shared(cells, lasts, _IN_ROW)


def _shared(values: Sequence[Any], lasts: Lasts, alone: int) -> int | None:
    for place in range(len(values)):
        if not lasts(type(values[place])) and _holders(values, place) > alone:
            return place
    return None


def _holders(values: Sequence[Any], place: int) -> int:
    return sys.getrefcount(values[place])


_BATCH = [object()]
_IN_BATCH = _holders(_BATCH, 0)
_ROWS = surveyed([(object(),)])
_IN_ROW = _holders(_ROWS.columns[0], 0)
