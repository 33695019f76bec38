"""Tests of the bounded pool in which deferred blocks are rendered."""

from __future__ import annotations

import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from collections.abc import Iterator

import pytest

from flask_outpour.templates import pool as pools
from flask_outpour.templates.pool import Pool


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Return an event for which tasks wait, and let them go at the end."""
    event = threading.Event()
    yield event
    event.set()


def begun(pool: Pool, gate: threading.Event, number: int) -> list[pools.Place]:
    """Submit tasks that wait for the gate, and wait until they have begun."""
    started = threading.Semaphore(0)

    def wait() -> None:
        started.release()
        gate.wait(20)

    places = [pool.submit(wait) for _ in range(number)]
    for _ in places:
        assert started.acquire(timeout=10)
    assert None not in places
    return places  # type: ignore[return-value]


def settled(condition: Callable[[], bool]) -> bool:
    """Wait for up to ten seconds until the condition holds."""
    pause = threading.Event()
    for _ in range(1_000):
        if condition():
            return True
        pause.wait(0.01)
    return False


def test_tasks_run_in_no_more_threads_than_allowed(gate: threading.Event) -> None:
    """Of many tasks as many run at once as there are threads, the others later."""
    pool = Pool(3)
    begun(pool, gate, 3)
    ran: list[int] = []
    for number in range(20):
        pool.submit(lambda number=number: ran.append(number))  # type: ignore[misc]
    assert (pool.threads, pool.busy, ran) == (3, 23, [])
    gate.set()
    assert settled(lambda: len(ran) == 20)
    assert pool.threads <= 3


def test_tasks_run_in_their_order() -> None:
    """With one thread, tasks run one after the other as they came."""
    pool, ran = Pool(1), []
    for number in range(50):
        pool.submit(lambda number=number: ran.append(number))  # type: ignore[misc]
    assert settled(lambda: len(ran) == 50)
    assert ran == [*range(50)]


def test_abandoned_task_that_waits_never_runs(gate: threading.Event) -> None:
    """A task that was given up before its turn is left out."""
    pool, ran = Pool(1), []
    begun(pool, gate, 1)
    given_up = pool.submit(lambda: ran.append("given up"))
    pool.submit(lambda: ran.append("kept"))
    assert given_up is not None
    given_up.abandon()
    gate.set()
    assert settled(lambda: pool.busy == 0)
    assert ran == ["kept"]


def test_abandoned_tasks_hold_half_of_the_places_at_most(
    gate: threading.Event,
) -> None:
    """When half of the threads are lost, new tasks are refused until one is back."""
    pool = Pool(4)
    places = begun(pool, gate, 2)
    places[0].abandon()
    places[0].abandon()
    assert pool.submit(lambda: None) is not None
    places[1].abandon()
    assert pool.submit(lambda: None) is None
    gate.set()
    assert settled(lambda: pool.submit(lambda: None) is not None)


def test_idle_threads_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads without work end after a while, and start again when there is some."""
    monkeypatch.setattr(pools, "IDLE", 0.05)
    pool, ran = Pool(2), []
    pool.submit(lambda: ran.append(1))
    assert settled(lambda: pool.threads == 0)
    pool.submit(lambda: ran.append(2))
    assert settled(lambda: ran == [1, 2])


def test_pool_lets_go_of_what_ran() -> None:
    """An idle thread does not keep what its last task used."""

    class Page:
        pass

    pool, page = Pool(1), Page()
    gone = weakref.ref(page)
    pool.submit(lambda page=page: None)  # type: ignore[misc]
    del page
    assert settled(lambda: gone() is None)
    assert pool.threads == 1


def test_task_has_no_place_where_no_thread_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the system gives no thread, the caller is told so."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    pool = Pool(2)
    assert pool.submit(lambda: None) is None
    assert (pool.threads, pool.busy) == (0, 0)


HANGING = """
import threading
from flask_outpour.templates.pool import Pool
started = threading.Event()
Pool(1).submit(lambda: (started.set(), threading.Event().wait(600)))
assert started.wait(10)
print("over")
"""


def test_hanging_task_does_not_keep_the_interpreter() -> None:
    """A program ends although one of the tasks never does."""
    done = subprocess.run(
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "over\n"), done.stderr


def test_task_that_raises_does_not_cost_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thread goes on with the next task, and the error is told."""
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args[1]))
    pool, ran, error = Pool(1), threading.Event(), ValueError("a handler of the log")

    def fail() -> None:
        raise error

    pool.submit(fail)
    pool.submit(ran.set)
    assert ran.wait(10)
    assert told == [error]
    assert settled(lambda: pool.busy == 0)
    assert pool.threads == 1


def test_task_counts_once_while_its_thread_starts(gate: threading.Event) -> None:
    """A task is busy as one, whether its thread has come to it or not."""
    pool = Pool(4)
    counts = set()
    for number in range(4):
        pool.submit(lambda: gate.wait(20) and None)
        counts.add(pool.busy - number)
    assert counts == {1}
