"""Tests of the stage that ends live streams when their worker is to go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flask_outpour import WorkerLeaving
from flask_outpour.drain import DOWNLOAD
from flask_outpour.drain import drained


class Worker:
    """A worker and its clock, which sources move on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.leaves_at = float("inf")
        self.ended = False

    def is_leaving(self) -> bool:
        """Whether it is to go."""
        return self.now >= self.leaves_at

    def source(self, chunk: bytes, seconds: float, count: int) -> Iterator[bytes]:
        """Yield a chunk some times, and take some seconds for each."""
        try:
            for _ in range(count):
                self.now += seconds
                yield chunk
        finally:
            self.ended = True

    def drained(
        self, chunks: Iterator[bytes], *, ends_whole: bool = False, grace: float = 1.0
    ) -> Iterator[bytes]:
        """Return the chunks as the stage passes them on."""
        return drained(
            chunks,
            self.is_leaving,
            ends_whole=ends_whole,
            grace=grace,
            clock=lambda: self.now,
        )


@pytest.fixture
def worker() -> Worker:
    """Return a worker that stays until the test says otherwise."""
    return Worker()


@pytest.mark.parametrize("ends_whole", [True, False])
def test_chunks_pass_while_the_worker_stays(worker: Worker, ends_whole: bool) -> None:
    """Nothing is changed or held back, empty chunks included."""
    chunks = [b"a", b"", b"b"]
    assert [*worker.drained(iter(chunks), ends_whole=ends_whole)] == chunks


def test_live_stream_is_cut_behind_the_grace(worker: Worker) -> None:
    """It goes on for the seconds of the grace, and then shows that it is not whole."""
    worker.leaves_at = 10.0
    stream = worker.drained(worker.source(b"tick\n", 0.5, 1_000))
    with pytest.raises(WorkerLeaving) as raised:
        for _ in stream:
            pass
    assert worker.now == 11.5
    assert raised.value.grace == 1.0
    assert "OUTPOUR_DRAIN = 1 seconds" in str(raised.value)


def test_live_stream_that_ends_within_the_grace_is_whole(worker: Worker) -> None:
    """Whoever needs only a moment more has it."""
    worker.leaves_at = 10.0
    stream = worker.drained(worker.source(b"tick\n", 0.5, 21))
    assert len([*stream]) == 21


def test_stream_that_is_over_behind_a_slow_item_is_whole(worker: Worker) -> None:
    """One slow query may outlast the grace, with what comes fast behind it."""
    worker.leaves_at = 10.0

    def source() -> Iterator[bytes]:
        yield from worker.source(b"row\n", 0.5, 20)
        yield from worker.source(b"total\n", 5.0, 1)
        yield from worker.source(b"row\n", 0.001, 100)

    assert len([*worker.drained(source())]) == 121


def test_quick_items_without_an_end_are_cut(worker: Worker) -> None:
    """Items that come each millisecond, and never end, are not let go on for ever."""
    worker.leaves_at = 1.0
    with pytest.raises(WorkerLeaving):
        for _ in worker.drained(worker.source(b"tick\n", 0.001, 100_000)):
            pass
    assert worker.now < 1.0 + 3 * 1.0


def test_last_item_is_given_before_the_cut(worker: Worker) -> None:
    """No item that was pulled is lost."""
    pulled = []
    worker.leaves_at = 0.0

    def source() -> Iterator[bytes]:
        while True:
            worker.now += 0.4
            pulled.append(b"%d" % len(pulled))
            yield pulled[-1]

    given = []
    with pytest.raises(WorkerLeaving):
        given += map(given.append, worker.drained(source()))
    assert [each for each in given if each] == pulled


@pytest.mark.parametrize("seconds", [0.0, 0.00001, 0.05])
def test_download_goes_on(worker: Worker, seconds: float) -> None:
    """A source that gives much for the time that it takes is left to the server."""
    worker.leaves_at = 0.0
    chunk = bytes(64 * 1024)
    stream = worker.drained(worker.source(chunk, seconds, 500), grace=0.0)
    assert len([*stream]) == 500


def test_slow_reader_does_not_make_a_source_live(worker: Worker) -> None:
    """Only the time that the source takes counts."""
    worker.leaves_at = 0.0
    count = 0
    for _ in worker.drained(worker.source(bytes(64 * 1024), 0.001, 50)):
        count += 1
        worker.now += 10.0
    assert count == 50


def test_download_with_one_pause_goes_on(worker: Worker) -> None:
    """A database that thinks for half a second does not make a download live."""
    worker.leaves_at = 0.0

    def source() -> Iterator[bytes]:
        for number in range(200):
            worker.now += 0.5 if number == 150 else 0.01
            yield bytes(64 * 1024)

    assert len([*worker.drained(source())]) == 200


def test_bulky_stream_that_waits_is_live(worker: Worker) -> None:
    """What gives less than a download does is live, whatever its items weigh."""
    worker.leaves_at = 0.0
    stream = worker.drained(worker.source(bytes(DOWNLOAD // 21), 0.05, 1_000))
    with pytest.raises(WorkerLeaving):
        for _ in stream:
            pass
    assert worker.now == pytest.approx(1.1, abs=0.1)


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_event_stream_ends_behind_an_event(worker: Worker, end: str) -> None:
    """It looks whole, and no event of it is in two parts."""
    pieces = ["event: tick\n", "data: 1", end, "event: tick\n", "data: 2", end]

    def source() -> Iterator[bytes]:
        yield b": welcome" + end.encode()
        for piece in pieces * 100:
            worker.now += 0.1
            yield piece.encode()

    worker.leaves_at = 0.1
    body = b"".join(worker.drained(source(), ends_whole=True)).decode()
    assert body == "".join([": welcome", end, *pieces[:3]])


def test_end_of_an_event_may_come_in_parts(worker: Worker) -> None:
    """A blank line that is an item of its own ends an event as well."""

    def source() -> Iterator[bytes]:
        while True:
            worker.now += 0.1
            yield b"data: 1\n"
            yield b""
            worker.now += 0.1
            yield b"\n"

    worker.leaves_at = 0.15
    stream = worker.drained(source(), ends_whole=True)
    assert b"".join(stream) == b"data: 1\n\n"


def test_event_stream_without_ends_is_ended_all_the_same(worker: Worker) -> None:
    """Where no event ends, the grace does."""
    worker.leaves_at = 1.0
    stream = worker.drained(worker.source(b"\n\ndata: 1", 0.5, 1_000), ends_whole=True)
    assert len([*stream]) == 4


def test_event_stream_that_has_sent_nothing_ends(worker: Worker) -> None:
    """An empty chunk is an item, behind which it may end."""
    worker.leaves_at = 0.0
    stream = worker.drained(worker.source(b"", 1.0, 100), ends_whole=True)
    assert [*stream] == [b""]


def test_source_is_let_go(worker: Worker) -> None:
    """When the stage is closed, or has cut, nothing holds the source any more."""
    stream = worker.drained(worker.source(b"a", 0.1, 100))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert worker.ended
    worker.ended, worker.leaves_at = False, 0.0
    with pytest.raises(WorkerLeaving) as raised:
        for _ in worker.drained(worker.source(b"a", 0.1, 100)):
            pass
    assert raised.value.__traceback__ is not None
    assert worker.ended
