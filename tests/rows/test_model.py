"""Tests of ``Rows``, which every source becomes and which an application can make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_outpour import RowError
from flask_outpour import Rows
from flask_outpour import SourceError
from flask_outpour.rows import open_rows
from rows.reading import read

BATCHES = [[(1, "Ada"), (2, None)], [(3, "")]]
TABLE = (("id", "name"), [(1, "Ada"), (2, None), (3, "")])


def test_rows_are_a_source() -> None:
    """They are taken as they are, batch by batch."""
    for batches in (BATCHES, iter(BATCHES), (batch for batch in BATCHES)):
        assert read(Rows(["id", "name"], batches)) == TABLE
        assert read(lambda: Rows(iter(["id", "name"]), BATCHES)) == TABLE
    rows = Rows(["id"], [])
    assert open_rows(rows) is rows


def test_columns_rename_rows() -> None:
    """There must be as many new names as columns."""
    names = ("number", "first name")
    assert read(Rows(["id", "name"], BATCHES), columns=names) == (names, TABLE[1])
    with pytest.raises(RowError, match="2 values, but there is 1 column: number"):
        read(Rows(["id", "name"], BATCHES), columns=["number"])


def test_columns_choose_among_those_of_rows() -> None:
    """As of a cursor, some are taken in the order in which they are named."""
    rows = Rows(["id", "name"], iter([[], *BATCHES, []]))
    taken = [("Ada", 1), (None, 2), ("", 3)]
    assert read(rows, columns=["name", "id"]) == (("name", "id"), taken)
    assert read(Rows(["id", "name"], []), columns=["name"]) == (("name",), [])


def test_lines_are_not_lost_to_other_columns() -> None:
    """Lines that are written already are not left out without a word."""
    with pytest.raises(SourceError, match="lines that are written already"):
        open_rows(Rows(["id"], [], lines=[b"1\n"]), columns=["number"])


def test_renamed_rows_are_closed_and_keep_their_caveat() -> None:
    """New names change nothing else."""
    closed: list[int] = []
    rows = Rows(["a"], [], close=lambda: closed.append(1), caveat="slow")
    renamed = open_rows(rows, columns=["b"])
    assert (renamed.caveat, closed) == ("slow", [])
    renamed.close()
    renamed.close()
    assert closed == [1]


def test_close_ends_the_batches_first() -> None:
    """A generator lets go of its cursor before that is closed, and both only once."""
    events: list[str] = []

    def batches() -> Iterator[Any]:
        try:
            yield from BATCHES
        finally:
            events.append("batches")

    rows = Rows(["id", "name"], batches(), close=lambda: events.append("close"))
    next(iter(rows.batches))
    rows.close()
    rows.close()
    assert events == ["batches", "close"]
    assert list(rows.batches) == []


def test_close_is_called_though_the_batches_fail_to_close() -> None:
    """What the rows come from is given back whatever happens."""
    events: list[str] = []

    def batches() -> Iterator[Any]:
        try:
            yield from BATCHES
        finally:
            raise LookupError("cannot close")

    rows = Rows(["id", "name"], batches(), close=lambda: events.append("close"))
    next(iter(rows.batches))
    with pytest.raises(LookupError):
        rows.close()
    assert events == ["close"]
