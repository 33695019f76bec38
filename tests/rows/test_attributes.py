"""Tests of attributes of objects, those included that a dot leads to."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_outpour import RowError
from rows.reading import read
from rows.reading import read_until_error


@dataclass
class Node:
    name: str
    parent: Node | None = None

    @property
    def broken(self) -> Any:
        return None.nothing  # type: ignore[attr-defined]


def node(depth: int) -> Node:
    """Return a node with so many above it."""
    return Node(f"at {depth}", node(depth - 1) if depth else None)


COLUMNS = ["name", "parent.name", "parent.parent.name", "parent.parent.parent.name"]


def expected(depth: int) -> tuple[str | None, ...]:
    """Return the names from a node upwards."""
    return tuple(f"at {depth - up}" if up <= depth else None for up in range(4))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=1200), st.integers(1, 4))
def test_way_through_nothing(depths: list[int], width: int) -> None:
    """It is an empty cell in any row, and the others have their values."""
    nodes, columns = [node(depth) for depth in depths], COLUMNS[-width:]
    rows = [expected(depth)[-width:] for depth in depths]
    for source in (nodes, iter(nodes)):
        assert read(source, columns=columns) == (tuple(columns), rows)


def test_any_object_may_have_a_way() -> None:
    """What has no declared fields is taken by the same names."""
    objects = [SimpleNamespace(a=SimpleNamespace(b=1)), SimpleNamespace(a=None)]
    assert read(objects, columns=["a.b"]) == (("a.b",), [(1,), (None,)])


@pytest.mark.parametrize("wrap", [list, iter])
def test_way_that_is_not_there(wrap: Any) -> None:
    """What no object has is an error that names the row, whatever is ``None``."""
    nodes = [node(3), node(0), node(1)]
    got, error = read_until_error(wrap(nodes), columns=["name", "parent.title"])
    assert (got, type(error)) == ([], RowError)
    assert "Row 1 lacks 'parent.title'" in str(error)
    got, error = read_until_error(wrap(nodes[1:]), columns=["parent.title"])
    assert (got, type(error)) == ([(None,)], RowError)
    assert "Row 2 lacks 'parent.title'" in str(error)
    got, error = read_until_error(wrap(nodes), columns=["broken"])
    assert (got, type(error)) == ([], AttributeError)
    assert "has no attribute 'nothing'" in str(error)
