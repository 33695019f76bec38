"""Records enter as they are yielded; rows that nobody changes any more leave.

A source may fill one dict or list anew for each row, as ``csv.DictWriter`` allows, or
go on with an object that it has yielded, in a cell or as the record. So each record is
copied, and the types of its cells are looked at, before the source is asked for the
next one. What can be changed is copied at once, inside and out.

A look in Python would take as long as the writing of a row. So one call of C goes
through the cells of many rows, one after the other, and stops at the first whose type
is not known to last: its row is the last that came.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import MutableSequence
from collections.abc import Sequence
from itertools import chain
from itertools import filterfalse
from itertools import islice
from typing import Any

from ..lasting import all_kept
from ..lasting import kept
from ..lasting import LASTING
from ..lasting import lasts
from ..surveyed import Surveyed
from .batches import batches_of
from .batches import grown
from .model import Rows
from .records import rows_of_records
from .shapes import Attributes
from .shapes import Extras
from .shapes import Shape
from .shapes import shape_of
from .types_ahead import types_of_records

_END = object()


def rows_of_iterable(
    source: Iterable[Any], *, columns: Sequence[str] | None, extras: Extras
) -> Rows:
    """Return the rows of an iterable of records; closing them closes it.

    :param extras: what becomes of a dict's keys beyond the columns.
    :raises SourceError: when the first record is no row, or has no names.
    """
    close = getattr(source, "close", None)
    if isinstance(source, list | tuple):
        # Nothing of the view's runs while they are read.
        batches = batches_of(source)
        return rows_of_records(batches, columns=columns, extras=extras, close=close)
    records = iter(source)
    first = next(records, _END)
    if first is _END:
        return Rows(() if columns is None else columns, (), close=close)
    shape = shape_of(first, columns, None, extras)
    types = types_of_records(shape, first, None, None)
    return Rows(shape.columns, taken(first, records, shape), types=types, close=close)


def taken(first: Any, records: Iterator[Any], shape: Shape) -> Iterator[Surveyed]:
    """Yield the rows of records as these were when they were yielded.

    :param first: of the records, which was taken from them already.
    :raises RowError: where a record does not fit.
    """
    taker = _Taker(first, records, shape)
    batch: list[Any] = []
    error = taker.add(batch, first)
    if error is not None:
        raise error
    del first
    taker.count = 1
    yield Surveyed(batch)
    for batch in grown(taker.taker, taker.ended):
        yield from taker.finished(batch)


class _Taker:
    """Take records, many at once, and make rows of them."""

    def __init__(self, first: Any, records: Iterator[Any], shape: Shape) -> None:
        self._source = records
        self._shape = shape
        copy = shape.copier(first)
        self._copy = shape.one if copy is None else copy
        #: Whether copies are rows.
        self._are_rows = copy is None or shape.copies_are_rows
        #: What came for this batch; of dicts, only the last one.
        self._came: MutableSequence[Any] = []
        if copy is dict.copy:
            self._came = deque(maxlen=1)
        #: The types of what cannot change.
        self._lasting = set(LASTING)
        #: Whether there was a cell that could be changed.
        self._is_watching = False
        #: Whether this batch consists of rows.
        self._is_made = False
        #: Rows of the batches that were finished.
        self.count = 0

    def taker(self, batch: list[Any], size: int) -> Callable[[int], object]:
        """Return what takes some of the next records into a batch."""
        self._came.clear()
        self._is_made = False
        records = islice(self._source, size)
        copies = map(self._copy, filterfalse(self._came.append, records))
        if self._is_watching:
            rows = map(self._kept, copies)
            return lambda count: batch.extend(islice(rows, count))
        return self._until_changeable(batch, filterfalse(batch.append, copies))

    def _until_changeable(
        self, batch: list[Any], copies: Iterator[Any]
    ) -> Callable[[int], object]:
        """Return what takes records as long as none has a cell that can be changed.

        :param copies: are in the batch when they have come from here.
        """
        width = max(1, self._shape.width)
        are_lasting = self._lasting.issuperset
        kinds = self._kinds(copies)

        def take(count: int) -> None:
            nonlocal kinds
            enough = len(batch) + count
            # Where a row has another width, its batch will not do.
            while not are_lasting(islice(kinds, count * width)):
                batch[-1] = self._looked_at(batch[-1])
                kinds = self._kinds(copies)
                count = enough - len(batch)

        return take

    def _kinds(self, copies: Iterator[Any]) -> Iterator[type]:
        """Return the types of all cells, which come row by row."""
        rows = copies if self._copy is not dict.copy else map(dict.values, copies)
        return map(type, chain.from_iterable(rows))

    def _looked_at(self, copy: Any) -> Any:
        """Return a copy of a record that nobody changes inside, and learn of it."""
        kinds = set(map(type, copy.values() if type(copy) is dict else copy))
        self._lasting.update(filter(lasts, kinds - self._lasting))
        if kinds <= self._lasting:
            return copy
        # The next records have such cells, too, and are copied without a look.
        self._is_watching = True
        return self._kept(copy)

    def _kept(self, copy: Any) -> Any:
        if type(copy) is not dict:
            return all_kept(copy, self._lasting)
        lasting = self._lasting
        for name, value in copy.items():
            if type(value) not in lasting:
                # Its names stay as they are, so that this may go on.
                copy[name] = kept(value)
        return copy

    def add(self, batch: list[Any], record: Any) -> Exception | None:
        """Append the row of a record, or return in what it does not fit."""
        try:
            batch.append(self._looked_at(self._shape.one(record)))
        except Exception as error:
            number = self.count + len(batch) + 1
            return self._shape.misfit(number, record, error)
        return None

    def ended(
        self, batch: list[Any], error: BaseException | None
    ) -> BaseException | None:
        """Return the error that ends a batch, or take the record that it is of."""
        if not isinstance(error, Exception) or not self._is_odd(len(batch)):
            return error
        odd = self._came.pop()
        batch[:], misfit = self._converted(batch)
        self._copy, self._are_rows, self._came = self._shape.one, True, []
        self._is_made = True
        return misfit or self.add(batch, odd)

    def _is_odd(self, taken: int) -> bool:
        """Whether an error is of the last record that came, and not of its source."""
        if isinstance(self._came, deque):
            return bool(self._came) and not isinstance(self._came[0], dict)
        return len(self._came) > taken

    def finished(self, batch: list[Any]) -> Iterator[Surveyed]:
        """Yield the rows of a batch, and fail behind the last sound one."""
        error: Exception | None = None
        rows: Sequence[Sequence[Any]] = batch
        if not self._is_made:
            rows, error = self._converted(batch)
        # Objects that live on would have Python's collector of garbage go for them.
        self._came.clear()
        if rows:
            yield Surveyed(rows)
            self.count += len(rows)
        if error is not None:
            raise error

    def _converted(
        self, batch: list[Any]
    ) -> tuple[Sequence[Sequence[Any]], Exception | None]:
        """Return the rows of what was taken at once, up to one that will not do."""
        if self._are_rows:
            return self._as_shown(batch)
        came = batch if isinstance(self._came, deque) else self._came
        try:
            self._shape.admit(came)
            return self._shape.convert(batch), None
        except Exception:
            return self._sound(came, batch)

    def _as_shown(
        self, batch: list[Any]
    ) -> tuple[Sequence[Sequence[Any]], Exception | None]:
        """Return rows, those of objects of other classes as these show them.

        No call of C looks at the class of each: in the first batch that has such an
        object it is taken at the end, from then on when it comes.
        """
        shape, came = self._shape, self._came
        if not isinstance(shape, Attributes) or self._copy == shape.one:
            return batch, None
        if not shape.are_others(came):
            return batch, None
        self._copy = shape.one
        for place, record in enumerate(came):
            if not shape.are_others([record]):
                continue
            try:
                batch[place] = self._kept(shape.one(record))
            except Exception as error:
                number = self.count + place + 1
                return batch[:place], shape.misfit(number, record, error)
        return batch, None

    def _sound(
        self, came: Sequence[Any], batch: Sequence[Any]
    ) -> tuple[Sequence[Sequence[Any]], Exception | None]:
        """Return the rows before the first misfit of a batch, and its error."""
        rows: list[Sequence[Any]] = []
        for record, copy in zip(came, batch, strict=False):
            blamed = record
            try:
                self._shape.admit([record])
                # The record may have another length by now.
                blamed = copy
                rows += self._shape.convert([copy])
            except Exception as error:
                number = self.count + len(rows) + 1
                return rows, self._shape.misfit(number, blamed, error)
        return rows, None
