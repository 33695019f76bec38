"""Tests of how many rows go together: many where they come fast, few where slowly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_outpour.rows.batches import batches_of
from flask_outpour.rows.batches import fetched
from processes import running
from processes import Server
from rows.reading import Clock
from rows.reading import lateness
from servers.clients import ask
from servers.clients import connect
from servers.clients import fetch

#: Seconds, none of which anybody notices.
NOTHING = 1e-6
#: Rows of the largest batch: a full one, and what came before the clock was read.
FULLEST = 500 + 500 // 64


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose rows wait at gates."""
    folder = tmp_path_factory.mktemp("gates")
    with running("gunicorn-gthread", "apps.rows_gates:app", folder) as server:
        yield server


def failing(count: int, error: BaseException) -> Iterator[int]:
    """Yield some rows, and fail behind the last one."""
    yield from range(count)
    raise error


@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_every_row_comes_once_in_its_order(kind: Any) -> None:
    """Nothing is lost or doubled where one batch ends and the next begins."""
    for count in (0, 1, 2, 999, 1000, 1001, 12_345):
        batches = list(batches_of(kind(range(count))))
        assert [row for batch in batches for row in batch] == list(range(count))
        assert all(0 < len(batch) <= FULLEST for batch in batches)


def test_fast_rows_go_together() -> None:
    """The first rows leave one by one, and soon 500 at a time."""
    sizes = [len(batch) for batch in batches_of(iter(range(20_000)), clock=Clock())]
    assert sizes[:128] == [1] * 128
    assert 150 <= max(sizes) <= 500
    assert len(sizes) < 800


@pytest.mark.parametrize("count", [1, 10, 31, 100, 1000, 10_000, 50_000])
def test_little_of_a_burst_is_held(count: int) -> None:
    """What waits when a source falls silent is at most 1/128 of what it has sent."""
    left = 0
    for batch in batches_of(iter(range(count)), clock=Clock()):
        # Before the last of them came, the source could have fallen silent.
        assert len(batch) - 1 <= left // 128
        left += len(batch)
    assert left == count


def test_rows_of_a_list_are_not_copied_one_by_one() -> None:
    """A list is cut into full batches at once."""
    sizes = [len(batch) for batch in batches_of(list(range(2500)))]
    assert sizes == [500] * 5


@pytest.mark.parametrize(
    "delays",
    [
        pytest.param([1.0] * 50, id="a row every second"),
        pytest.param([0.006] * 500, id="a row every 6 ms"),
        pytest.param([2.0, NOTHING, NOTHING] * 50, id="bursts of three"),
        pytest.param([0.02, NOTHING] * 200, id="two rows every moment"),
        pytest.param([3600.0, *[NOTHING] * 9] * 20, id="bursts of ten"),
        pytest.param([NOTHING] * 9 + [60.0] * 9, id="fast only at first"),
    ],
)
def test_slow_source_is_never_held(delays: list[float]) -> None:
    """No row waits for the next one where those come slowly, or in small bursts."""
    assert max(lateness(batches_of, delays)) < 0.005


def test_fast_source_that_turns_slow_is_held_once() -> None:
    """The rows of one batch wait for some slow ones, and no row after them."""
    held = lateness(batches_of, [NOTHING] * 50_000 + [1.0, NOTHING] * 100)
    late = [number for number, seconds in enumerate(held) if seconds > 0.005]
    # Not one by one, since reading the clock for each row takes a third of the time.
    assert len(late) <= FULLEST
    assert late == list(range(late[0], late[0] + len(late)))
    assert max(held) <= FULLEST - 500


def test_source_of_middling_speed_is_held_for_milliseconds() -> None:
    """Rows that come every millisecond go together, and wait a few milliseconds."""
    assert max(lateness(batches_of, [0.001] * 20_000)) < 0.02


@given(st.lists(st.sampled_from([0.0, NOTHING, 0.001, 0.004, 0.006, 0.5, 9.0])))
def test_nothing_is_lost_whatever_the_clock_says(delays: list[float]) -> None:
    """Rows come complete and in order however fast they are by turns."""
    assert len(lateness(batches_of, delays)) == len(delays)
    assert len(lateness(fetched, delays, cursor=True)) == len(delays)


@pytest.mark.parametrize("error", [ValueError("gone"), KeyboardInterrupt()])
def test_what_came_before_an_error_is_given_first(error: BaseException) -> None:
    """All rows of a source that fails come out, and its error behind them."""
    for count in (0, 1, 9, 10, 11, 500, 5000):
        got: list[int] = []
        with pytest.raises(type(error)) as caught:
            for batch in batches_of(failing(count, error)):
                got += batch
        assert (got, caught.value) == (list(range(count)), error)


def test_source_is_not_asked_for_more_than_is_sent() -> None:
    """The first batch is one row, though a second one would block."""
    asked = []
    source = map(asked.append, range(1000))
    next(batches_of(source))
    assert asked == [0]


# Cursors


def test_fast_cursor_is_fetched_in_full_batches() -> None:
    """The first fetches are small, so that the first row comes at once."""
    rows = iter(range(20_000))
    sizes = []

    def fetchmany(size: int) -> list[int]:
        sizes.append(size)
        return list(islice(rows, size))

    got = [row for batch in fetched(fetchmany, clock=Clock()) for row in batch]
    assert got == list(range(20_000))
    assert sizes[0] == 1
    assert (max(sizes), len(sizes) < 30) == (1000, True)


def test_slow_cursor_is_never_held() -> None:
    """Rows of a query that takes its time come one by one.

    SQLAlchemy may have the first row already: that it is fast means nothing.
    """
    for delay in (0.1, 1.0, 60.0):
        assert max(lateness(fetched, [delay] * 30, cursor=True)) < 0.005
        assert max(lateness(fetched, [0.0, *[delay] * 30], cursor=True)) < 0.005


def test_cursor_that_turns_slow_is_fetched_in_smaller_batches() -> None:
    """What a fetch holds back halves until its rows come one by one."""
    held = lateness(fetched, [NOTHING] * 20_000 + [0.2] * 4000, cursor=True)
    assert max(held[-100:]) == 0
    assert sum(seconds > 0.2 for seconds in held) < 2100


def test_cursor_is_not_asked_after_its_end() -> None:
    """An empty fetch is the last one."""
    fetches = iter([[1], [], [2]])
    assert list(fetched(lambda size: next(fetches))) == [[1]]
    assert next(fetches) == [2]


# Over a real socket

ROWS = {"csv": "%d\n", "ndjson": '{"number":%d}\n', "json": '{"number":%d}'}


@pytest.mark.parametrize("suffix", ROWS)
def test_rows_are_seen_when_they_come(gates: Server, suffix: str) -> None:
    """A client has all rows of a burst before the next burst begins."""
    for burst in (1, 2, 3):
        gate = f"{suffix}-{burst}"
        fetch(gates.port, f"/open/{gate}/{burst}")
        with closing(connect(gates.port)) as connection:
            response = ask(connection, f"/rows/{gate}.{suffix}")
            for last in range(burst - 1, 8 * burst, burst):
                body = b""
                while not body.endswith((ROWS[suffix] % last).encode()):
                    body += response.read1(65536)
                # Longer than anything that counts as fast.
                time.sleep(0.02)
                fetch(gates.port, f"/open/{gate}/{burst}")
        # So many that the server notices that nobody reads them.
        fetch(gates.port, f"/open/{gate}/100000")
