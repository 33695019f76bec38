"""Tests that columns of known types keep all values, however late these come."""

from __future__ import annotations

from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import RowError
from flask_outpour.column_types import ColumnType
from flask_outpour.formats import Arrow
from flask_outpour.formats import Parquet
from flask_outpour.formats.schemas import INFERRED
from formats.recorded import as_read
from formats.recorded import KEPT
from formats.recorded import read_arrow
from formats.recorded import read_parquet
from formats.recorded import rows_of
from formats.recorded import written

KNOWN: dict[str, ColumnType] = {
    **{kind.__name__: ColumnType(base=kind) for kind in (bool, int, float, str, bytes)},
    **{kind.__name__: ColumnType(base=kind) for kind in (date, time, timedelta)},
    "Decimal": ColumnType(base=Decimal, precision=38, scale=8),
    "datetime": ColumnType(base=datetime, zoned=False),
    "aware": ColumnType(base=datetime, zoned=True),
}
cells = strategies.sampled_from([*KNOWN]).flatmap(
    lambda kind: strategies.tuples(
        strategies.just(kind), strategies.lists(strategies.none() | KEPT[kind])
    )
)


def expecting(format: Any, known: ColumnType | None) -> Any:
    """Return a format that was told the type of its column."""
    format.expect([known])
    return format


@settings(max_examples=50, deadline=None)
@given(cells=cells, is_sure=strategies.booleans(), is_list=strategies.booleans())
def test_late_values_are_kept(
    cells: tuple[str, list[Any]], is_sure: bool, is_list: bool
) -> None:
    """Where no row that a type is guessed from has a value, the next ones are kept."""
    kind, values = cells
    known = KNOWN[kind]
    if is_list:
        known = ColumnType(base=list, item=known)
        values = [values, []]
    if not is_sure:
        known = known.unsure()
    early = [(None,)] * INFERRED
    expected = [(as_read(value),) for value in values]
    rows = [(value,) for value in values]
    for format, read in ((Arrow(), read_arrow), (Parquet(), read_parquet)):
        content = written(expecting(format, known), ["a"], early, rows)
        assert rows_of(read(content)) == [*early, *expected]


@pytest.mark.parametrize("kind", KNOWN)
@pytest.mark.parametrize("other", KEPT)
def test_other_values_are_named_and_not_made_to_fit(kind: str, other: str) -> None:
    """Of a sure type another value is an error, from the first row on."""
    samples: dict[str, Any] = {
        **{"bool": True, "int": 3, "float": 0.5, "str": "a", "bytes": b"a"},
        **{"date": date(2020, 1, 1), "time": time(1), "timedelta": timedelta(1)},
        **{"Decimal": Decimal("1.5"), "datetime": datetime(2020, 1, 1)},
        "aware": datetime.now().astimezone(),
    }
    rows = [(samples[kind],), (samples[other],)]
    format = expecting(Parquet(), KNOWN[kind])
    if kind == other or (kind, other) in (("float", "int"), ("Decimal", "int")):
        assert rows_of(read_parquet(written(format, ["a"], rows)))[1] == rows[1]
        return
    with pytest.raises(RowError, match=r"^Row 2, column 'a'") as error:
        written(format, ["a"], rows)
    assert type(samples[other]).__name__ in str(error.value)
    assert "does not fit into a column of" in str(error.value)


def test_decimals_that_grow() -> None:
    """Digits that only later rows have are kept, or named."""
    known = ColumnType(base=Decimal)
    rows = [(Decimal("1.5"),)] * INFERRED
    late = [(Decimal("0.123456789012345678"),)]
    format = expecting(Arrow(), known)
    table = read_arrow(written(format, ["a"], rows, late))
    assert table.schema.types == [pa.decimal128(38, 18)]
    assert rows_of(table)[-1:] == late
    with pytest.raises(RowError, match=r"^Row 1001, column 'a'"):
        written(format, ["a"], rows, [(Decimal("1e-19"),)])


def test_some_columns_are_known() -> None:
    """The others are guessed beside them, as ever."""
    format = Arrow()
    format.expect([ColumnType(base=int), None])
    early = [(None, 0.5)] * INFERRED
    table = read_arrow(written(format, ["a", "b"], early, [(3, 1.5)]))
    assert table.schema.types == [pa.int64(), pa.float64()]
    assert rows_of(table)[-1] == (3, 1.5)
    format.expect([ColumnType(base=int), None])
    with pytest.raises(RowError, match=r"Row 2, column 'b': .* int does not fit.* str"):
        written(format, ["a", "b"], [(None, "x"), (None, 1)])
