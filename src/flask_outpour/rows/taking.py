"""Records enter as they are yielded; rows that nobody changes any more leave.

A source may fill one dict or list anew for each row, as ``csv.DictWriter`` allows, or
go on with an object that it has yielded. So each record is copied before the source is
asked for the next one, which takes C a few nanoseconds.

A cell may be such an object, too. To look at each would take a fifth of the time of a
row, so it is learned which rows have some: from those that come one by one at first,
and from the types of each batch, which its format needs anyway. What is first in a
column is looked at when it comes. If cells that can be changed come behind others that
cannot, and many rows at once, they are taken for what they are as long as nothing but
their rows holds them; if something does, it may have changed them already, and that is
an error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import MutableSequence
from collections.abc import Sequence
from itertools import filterfalse
from operator import itemgetter
from typing import Any

from ..errors import RowError
from ..lasting import all_kept
from ..lasting import kept
from ..lasting import LASTING
from ..lasting import lasts
from ..surveyed import Surveyed
from .batches import batches_of
from .batches import grown
from .model import Rows
from .records import rows_of_records
from .records import sound_rows
from .shapes import Extras
from .shapes import Shape
from .shapes import shape_of
from .sharing import shared_cell
from .sharing import shared_record

_NOTHING = {type(None)}
_END = object()
#: Rows of databases that are no tuples.
_FIXED = {("sqlite3", "Row"), ("asyncpg", "Record"), ("sqlalchemy.engine.row", "Row")}


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
    return Rows(shape.columns, taken(first, records, shape), close=close)


def taken(first: Any, records: Iterator[Any], shape: Shape) -> Iterator[Surveyed]:
    """Yield the rows of records as these were when they were yielded.

    :param first: of the records, which was taken from them already.
    :raises RowError: where a record does not fit, or may have been changed already.
    """
    taker = _Taker(first, records, shape)
    batch: list[Any] = []
    error = taker.add(batch, first)
    if error is not None:
        raise error
    del first
    yield from taker.finished(batch)
    for batch in grown(taker.records, taker.ended):
        yield from taker.finished(batch)


class _Taker:
    """Take records, many at once where that is safe, and make rows of them."""

    def __init__(self, first: Any, records: Iterator[Any], shape: Shape) -> None:
        self._source = records
        self._shape = shape
        self._copy = shape.copier(first)
        self._copied = type(first)
        #: The types of records that stay as they are.
        self._fixed: set[type] = set()
        #: Whether each record is made a row when it comes.
        self._are_rows = self._copy is None and not _is_fixed(type(first))
        #: What came for this batch; of what is copied with its own type, the last one.
        self._came: MutableSequence[Any] = []
        if self._copy is not None and not shape.copies_are_rows:
            self._came = deque(maxlen=1)
        #: The types that were asked about, and those of what cannot change.
        self._known, self._lasting = set(LASTING), set(LASTING)
        #: Whether there was a cell that could be changed.
        self._is_watching = self._was_watching = False
        #: The columns with nothing in them so far.
        self._empty = list(range(len(shape.columns)))
        #: Rows of the batches that were finished.
        self._count = 0
        #: Whether this batch consists of rows, and what came last is as it was.
        self._is_made = self._is_fresh = True
        self._lane = self._chosen()

    def records(self) -> Iterator[Any]:
        """Return what the next batch is taken from."""
        self._came.clear()
        self._is_made, self._is_fresh = self._are_rows, True
        self._was_watching = self._is_watching
        return self._lane

    def _chosen(self) -> Iterator[Any]:
        """Return the records as they can be taken from now on."""
        if self._are_rows:
            return map(self._row, filterfalse(self._came.append, self._source))
        copies = self._source
        if self._copy is not None:
            copies = map(self._copy, filterfalse(self._came.append, copies))
        if self._is_watching:
            return map(self._looked_at, copies)
        if self._empty:
            return map(self._until_filled(), copies)
        return copies

    def _row(self, record: Any) -> Sequence[Any]:
        row = self._shape.one(record)
        return row if self._are_lasting(row) else all_kept(row)

    def _looked_at(self, record: Any) -> Any:
        cells = record.values() if type(record) is dict else record
        if not isinstance(cells, Collection) or self._are_lasting(cells):
            return record
        if isinstance(record, tuple | list) or _is_fixed(type(record)):
            return all_kept(record)
        return kept(record)

    def _until_filled(self) -> Callable[[Any], Any]:
        """Return what looks at records that have something in an empty column."""
        look = self._looked_at
        first, *others = (self._shape.keys[place] for place in self._empty)
        get, nothing = itemgetter(first, *others), (None,) * len(self._empty)

        def is_one_empty(record: Any) -> Any:
            try:
                return record if record[first] is None else look(record)
            except Exception:
                # It is said later in what it does not fit.
                return record

        def are_empty(record: Any) -> Any:
            try:
                return record if get(record) == nothing else look(record)
            except Exception:
                # There may be a value that compares with none.
                return look(record)

        return are_empty if others else is_one_empty

    def _are_lasting(self, cells: Collection[Any]) -> bool:
        kinds = set(map(type, cells))
        if kinds <= self._lasting:
            return True
        if not kinds <= self._known and all(map(self._lasts, kinds)):
            return True
        self._is_watching = True
        return False

    def _lasts(self, kind: type) -> bool:
        """Whether no value of a type can change."""
        if kind not in self._known:
            self._known.add(kind)
            if lasts(kind):
                self._lasting.add(kind)
        return kind in self._lasting

    def add(self, batch: list[Any], record: Any) -> Exception | None:
        """Append the row of a record, or return in what it does not fit."""
        try:
            batch.append(self._row(record))
        except Exception as error:
            number = self._count + len(batch) + 1
            return self._shape.misfit(number, record, error)
        return None

    def ended(
        self, batch: list[Any], error: BaseException | None
    ) -> BaseException | None:
        """Return the error that ends a batch, or take the record that it is of."""
        self._is_fresh = False
        if not isinstance(error, Exception) or not self._is_odd(len(batch)):
            return error
        odd = self._came[-1]
        if not self._is_made:
            batch[:], misfit = self._converted(batch)
            shared = self._shared_cell(Surveyed(batch))
            if shared is not None:
                del batch[(shared.row or 0) - self._count - 1 :]
            self._is_made = self._are_rows = True
            self._came = []
            if shared is not None or misfit is not None:
                return shared or misfit
        return self.add(batch, odd)

    def _is_odd(self, taken: int) -> bool:
        """Whether an error is of the last record that came, and not of its source."""
        if isinstance(self._came, deque):
            return bool(self._came) and type(self._came[0]) is not self._copied
        return len(self._came) > taken

    def finished(self, batch: list[Any]) -> Iterator[Surveyed]:
        """Yield the rows of a batch, and fail behind the last sound one."""
        error: Exception | None = None
        if self._is_made:
            rows = Surveyed(batch)
        else:
            made, error = self._converted(batch)
            rows = Surveyed(made, self._require_unshared)
            if made is not batch:
                # What was copied holds the cells, too.
                batch.clear()
        if rows:
            yield rows
            self._learn(rows)
        if error is not None:
            raise error

    def _learn(self, rows: Surveyed) -> None:
        kinds = rows.kinds
        if self._empty:
            self._empty = [each for each in self._empty if kinds[each] == _NOTHING]
        self._count += len(rows)
        self._lane = self._chosen()

    def _converted(
        self, batch: list[Any]
    ) -> tuple[Sequence[Sequence[Any]], Exception | None]:
        """Return the rows of what was taken at once, up to one that will not do."""
        self._came.clear()
        if self._shape.copies_are_rows:
            return batch, None
        rows: Sequence[Sequence[Any]]
        error: Exception | None = None
        try:
            rows = self._shape.convert(batch)
        except Exception:
            self._is_fresh = False
            rows, error = sound_rows(batch, self._shape, self._count)
        if self._copy is None and not self._shape.kinds <= self._fixed:
            shared = self._shared_record(batch[: len(rows)])
            if shared is not None:
                return rows[: (shared.row or 0) - self._count - 1], shared
        return rows, error

    def _shared_record(self, batch: list[Any]) -> RowError | None:
        """Return the error of the first record that another holds, and can change."""
        self._fixed.update(filter(_is_fixed, self._shape.kinds))
        if self._shape.kinds <= self._fixed:
            return None
        self._are_rows = True
        place = shared_record(batch, _is_fixed)
        if place is None or place >= len(batch) - self._is_fresh:
            return None
        return RowError.of_shared(self._count + place + 1, None, batch[place])

    def _require_unshared(self, rows: Surveyed) -> None:
        error = self._shared_cell(rows)
        if error is not None:
            raise error

    def _shared_cell(self, rows: Surveyed) -> RowError | None:
        """Return the error of the first cell that another holds, and can change."""
        first, column = len(rows) - self._is_fresh, None
        for place, kinds in enumerate(rows.kinds):
            if kinds <= self._lasting or all(map(self._lasts, kinds)):
                continue
            self._is_watching = True
            if not self._was_watching:
                found = shared_cell(rows.columns[place], self._lasts)
                if found is not None and found < first:
                    first, column = found, place
        if column is None:
            return None
        return RowError.of_shared(
            self._count + first + 1, self._shape.columns[column], rows[first][column]
        )


def _is_fixed(kind: type) -> bool:
    """Whether a record of this type stays as it is, but for its cells."""
    return issubclass(kind, tuple) or (kind.__module__, kind.__name__) in _FIXED
