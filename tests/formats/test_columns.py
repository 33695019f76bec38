"""Tests that columns written as a whole are what single cells are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import settings

from flask_outpour import RowError
from flask_outpour.formats.columns import Grid
from flask_outpour.formats.csv import FREE_WRITERS
from flask_outpour.formats.csv import WRITERS
from formats.cells import batches


def grid(columns: Sequence[str], **options: Any) -> Grid:
    """Return a grid of plain texts with bars and, at the ends, brackets."""
    between = ["<", *["|"] * (len(columns) - 1), ">"]
    writers = {**WRITERS, **FREE_WRITERS}
    return Grid(columns, between=between, writers=writers, null="-", **options)


@given(batches())
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_column_by_column_and_cell_by_cell(
    table: tuple[list[str], list[list[Sequence[Any]]]],
) -> None:
    """Batches cut anywhere have the bytes that rows have that are written alone."""
    columns, parts = table
    whole, single = grid(columns), grid(columns)
    in_batches = b"".join(map(whole.write, parts))
    alone = [single.write([row]) for part in parts for row in part]
    assert in_batches == b"".join(alone)
    assert whole.rows == single.rows == len(alone)
    for text, row in zip(alone, [row for part in parts for row in part], strict=True):
        # A cell is text of one byte a character.
        cells = "|".join(map(single.cell, row))
        assert text == f"<{cells}>".encode("latin-1")


def test_rows_of_any_sequence() -> None:
    """Rows are tuples, lists, or what else has a length and values."""
    rows = [(1, "ä"), [2, "b"], range(2)]
    assert grid("ab").write(rows) == "<1|ä><2|b><0|1>".encode()


def test_text_with_nul_beside_wide_text() -> None:
    """NUL, which joins columns inside, is a sign like others in their texts."""
    rows = [("a\0b",), ("ä",), ("\0",), ("",), ("\0\0日",)]
    assert grid("a").write(rows) == "<a\0b><ä><\0><><\0\0日>".encode()


def test_errors_handler() -> None:
    """Text that UTF-8 lacks is encoded as asked, in cells and in what is between."""
    options = Grid(
        ["a"],
        between=["\udead", "\n"],
        writers={**WRITERS, **FREE_WRITERS},
        null="",
        errors="backslashreplace",
    )
    assert options.write([("ä\ud800",)]) == "\\udeadä\\ud800\n".encode()


def test_first_error_of_a_batch_is_named() -> None:
    """Of several values that cannot be written, the first row's first is named."""
    lines = grid(["a", "b"])
    lines.write([(1, 1)] * 3)
    with pytest.raises(RowError) as caught:
        lines.write([(1, 1), (1, object()), (object(), 1)])
    assert (caught.value.row, caught.value.column) == (5, "b")
    assert lines.rows == 3
    assert caught.value.__cause__ is None, "it would say nothing more"


def test_error_tells_the_reason() -> None:
    """Where the cause has a message, the error repeats it, and says what to do."""
    with pytest.raises(RowError, match=r"str cannot be written: .*surrogate.* Convert"):
        grid("a").write([("\ud800",)])
    with pytest.raises(RowError, match=r"type set cannot be written\. Convert it"):
        grid("a").write([(set(),)])
