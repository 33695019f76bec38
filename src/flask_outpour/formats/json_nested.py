"""Columns enter; they leave, made of what a library of JSON writes as it should be."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Set
from itertools import chain
from itertools import islice
from typing import Any

from .values import Column
from .values import plain

#: Returns what stands for values of one type, the same ones where these will do, or
#: ``None`` where the library cannot write them.
Change = Callable[[Column], Column | None]
#: Returns what makes an object of the values of members with these names, or ``None``.
Record = Callable[[tuple[str, ...]], Callable[..., Any] | None]

_NAMES = frozenset({str, int})
_NESTED = frozenset({dict, list, tuple})
#: How deep nested values are looked at, and how many in a column of a batch: what
#: holds itself has no end, and what is shared by many is more with each level.
_DEEPEST = 12
_MOST = 1 << 22
#: What a look costs beside that at each value.
_LOOK = 64
#: Objects for which a type of their own is worth its making.
_WORTH = 64


class _Bounds:
    """How much of what is nested in a column is still looked at."""

    __slots__ = ("depth", "left")

    def __init__(self) -> None:
        self.depth = _DEEPEST
        #: Values.
        self.left = _MOST


class Preparation:
    """Prepare columns, nested ones too, so that a library writes them as it should.

    All values of one depth are looked at together, by calls of C: a look at each in
    Python would take longer than its writing.

    :param always: the types that the library writes right, whatever the value.
    :param changes: what becomes of the values of other types.
    :param record: makes objects that the library writes faster than dicts.
    """

    def __init__(
        self, always: Set[type], changes: Mapping[type, Change], record: Record
    ) -> None:
        self._sure = {type(None), *always}
        self._changes = changes
        self._record = record

    def column(
        self, values: Column, kinds: Set[type], bounds: _Bounds | None = None
    ) -> Column | None:
        """Return what is to be written in the place of a column, maybe itself.

        Return ``None`` where the library would write it in another way, or not at all.

        :param kinds: the types of the values.
        :param bounds: of all that is looked at; those of a whole column, if not given.
        """
        bounds = bounds or _Bounds()
        made = values
        for kind in kinds - self._sure:
            are_all = len(kinds) == 1
            those = values if are_all else [v for v in values if type(v) is kind]
            changed = self._changed(those, kind, bounds)
            if changed is None or are_all:
                return changed
            if changed is not those:
                turn = iter(changed)
                made = [
                    next(turn) if type(value) is kind else other
                    for value, other in zip(values, made, strict=True)
                ]
        return made

    def _changed(self, values: Column, kind: type, bounds: _Bounds) -> Column | None:
        if kind is not list and kind is not tuple and kind is not dict:
            change = self._changes.get(kind)
            return (
                self._plain(values, kind, bounds) if change is None else change(values)
            )
        parts = list(islice(chain.from_iterable(values), bounds.left))
        bounds.left -= len(parts) + _LOOK
        if bounds.left <= 0 or not bounds.depth:
            return None
        bounds.depth -= 1
        nested = self._dicts if kind is dict else self._lists
        made = nested(values, parts, bounds)
        bounds.depth += 1
        return made

    def _plain(self, values: Column, kind: type, bounds: _Bounds) -> Column | None:
        """Prepare what values of a type stand for: they are to slow no other column."""
        stand_ins = list(map(plain, values))
        kinds = set(map(type, stand_ins))
        if kind in kinds or not _NESTED.isdisjoint(kinds):
            # What an object leads to may lead back to it.
            return None
        return self.column(stand_ins, kinds, bounds)

    def _lists(
        self, values: Column, items: list[Any], bounds: _Bounds
    ) -> Column | None:
        made = self.column(items, set(map(type, items)), bounds)
        if made is None:
            return None
        if made is items:
            return values
        turn = iter(made)
        return [list(islice(turn, len(value))) for value in values]

    def _dicts(self, values: Column, keys: list[Any], bounds: _Bounds) -> Column | None:
        names = list(values[0])
        are_as_many = len(keys) == len(names) * len(values)
        are_texts = set(map(type, names)) == {str}
        if are_as_many and are_texts and keys == names * len(values):
            return self._alike(names, values, bounds)
        if not _NAMES.issuperset(map(type, keys)):
            return None
        cells = list(_cells(values))
        made = self.column(cells, set(map(type, cells)), bounds)
        if made is None:
            return None
        if made is cells:
            return values
        turn = iter(made)
        # The names come first, so that where they end no cell is taken.
        return [dict(zip(value, turn)) for value in values]  # noqa: B905

    def _alike(
        self, names: list[str], values: Column, bounds: _Bounds
    ) -> Column | None:
        """Prepare dicts with the same names in the same order."""
        cells = list(_cells(values))
        columns: list[Column] = []
        are_same = True
        for place in range(len(names)):
            column = cells[place :: len(names)]
            made = self.column(column, set(map(type, column)), bounds)
            if made is None:
                return None
            are_same = are_same and made is column
            columns.append(made)
        if are_same:
            return values
        if len(values) >= _WORTH + len(names):
            record = self._record(tuple(names))
            if record is not None:
                return list(map(record, *columns))
        return [
            dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)
        ]


def _cells(values: Sequence[dict[Any, Any]]) -> Iterator[Any]:
    return chain.from_iterable(map(dict.values, values))
