"""Tests of the time line: where its marks stand, at any width."""

from __future__ import annotations

import pytest

from flask_outpour.doctor.findings import Moment
from flask_outpour.doctor.timeline import draw


def test_nothing_is_drawn_of_nothing() -> None:
    """Without items there is no line, and no frame around it."""
    assert draw([], 60) == []


def test_a_delay_is_a_bar() -> None:
    """The bar goes from where the item left to where it arrived."""
    lines = draw([Moment(1, 0.0, 1.0), Moment(2, 0.5, 1.0), Moment(3, 1.0, 1.0)], 45)
    assert lines == [
        "item    left  arrived   0 s            1.00 s",
        "   1  0.00 s   1.00 s   ○───────────────────●",
        "   2  0.50 s   1.00 s             ○─────────●",
        "   3  1.00 s   1.00 s                       ●",
        "                        ○ left   ● arrived",
    ]


def test_what_never_arrived() -> None:
    """An item that is missing has a row of its own, without an end."""
    row = draw([Moment(1, 0.0, 0.0), Moment(2, 1.0, None), Moment(3, 2.0, 2.0)], 45)[2]
    assert row.split() == ["2", "1.00", "s", "never", "○" + "·" * 10]


def test_a_stream_without_a_probe() -> None:
    """Where nobody knows when items left, only their arrivals are shown."""
    lines = draw([Moment(1, None, 0.0), Moment(2, None, 1.0)], 40)
    assert lines[0].split() == ["item", "arrived", "0", "s", "1.00", "s"]
    assert lines[2].endswith(" ●")
    assert "left" not in "".join(lines)


@pytest.mark.parametrize("width", [60, 88, 200])
def test_no_line_is_wider_than_it_may(width: int) -> None:
    """Each row ends at the width; the last mark stands there."""
    moments = [Moment(n, n / 10, 99.99) for n in range(1, 101)]
    lines = draw(moments, width)
    assert {len(line) for line in lines[:-1]} == {width}


def test_a_width_that_is_too_small() -> None:
    """Below what the figures take, the bars keep some columns."""
    assert "●" in draw([Moment(1, 0.0, 1.0)], 5)[1]


def test_an_early_arrival_is_no_bar() -> None:
    """An item that seems to arrive before it left, by the clocks, is one mark."""
    rows = draw([Moment(1, 0.5, 0.4), Moment(2, 1.0, 1.0)], 60)
    assert rows[1].count("●") == 1
    assert "○" not in rows[1]
