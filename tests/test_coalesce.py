"""Tests of joining: every byte arrives, and nothing waits that could be sent."""

from __future__ import annotations

import queue
import time
from array import array
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import Response
from hypothesis import example
from hypothesis import given
from hypothesis import strategies as st

from flask_outpour import ItemError
from flask_outpour.coalesce import Coalescer
from flask_outpour.coalesce import FLUSH

FULL = 64 * 1024

# A lone surrogate has no UTF-8 form; it has a test of its own.
texts = st.text(st.characters(exclude_categories=["Cs"]))
items = st.one_of(
    texts,
    st.binary(),
    st.binary().map(bytearray),
    st.binary().map(memoryview),
    st.integers(0, 2_000).map(lambda size: b"x" * size),
)
pauses = st.sampled_from([0.0, 0.001, 0.005, 1.0])
scripts = st.lists(st.tuples(pauses, items))
chunk_sizes = st.sampled_from([0, 1, 2, 100, 1_000, FULL])


class Clock:
    """A clock that only a source moves, by waiting."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def coalescer(
    source: Iterable[Any], clock: Clock | None = None, chunk_size: int = FULL
) -> Coalescer:
    return Coalescer(source, chunk_size=chunk_size, slow=0.005, clock=clock or Clock())


def paced(script: Iterable[tuple[float, Any]], clock: Clock) -> Iterator[Any]:
    """Yield each item after its pause."""
    for pause, item in script:
        clock.now += pause
        yield item


def encoded(item: Any) -> bytes:
    return item.encode() if isinstance(item, str) else bytes(item)


def held_at_each_pause(script: Iterable[float | bytes]) -> list[bytes]:
    """Play items and pauses; return what was not sent when each pause began."""
    clock = Clock()
    given, taken, held = bytearray(), bytearray(), []

    def source() -> Iterator[bytes]:
        for step in script:
            if isinstance(step, float):
                held.append(bytes(given[len(taken) :]))
                clock.now += step
            else:
                given.extend(step)
                yield step

    for chunk in coalescer(source(), clock):
        taken += chunk
    assert taken == given
    return held


def taken_before(error: type[BaseException], chunks: Iterable[bytes]) -> bytes:
    """Return the bytes that came before the error that ends the chunks."""
    taken = b""
    with pytest.raises(error):
        for chunk in chunks:
            taken += chunk
    return taken


@given(scripts, chunk_sizes)
def test_bytes_out_are_bytes_in(
    script: list[tuple[float, Any]], chunk_size: int
) -> None:
    """Whatever the types, sizes and pace of items, their bytes arrive in order."""
    clock = Clock()
    chunks = list(coalescer(paced(script, clock), clock, chunk_size))
    assert b"".join(chunks) == b"".join(encoded(item) for _, item in script)
    assert {type(chunk) for chunk in chunks} <= {bytes}


@given(scripts, chunk_sizes)
@example([(0.0, ""), (1.0, b""), (0.0, b"x"), (0.0, "")], FULL)
def test_an_empty_chunk_comes_only_of_an_empty_item(
    script: list[tuple[float, Any]], chunk_size: int
) -> None:
    """Whoever reads the chunks gets an empty one only where an item was empty."""
    clock = Clock()
    chunks = list(coalescer(paced(script, clock), clock, chunk_size))
    empty = [item for _, item in script if not len(item)]
    assert chunks.count(b"") <= len(empty)


@given(scripts, chunk_sizes)
def test_items_are_counted(script: list[tuple[float, Any]], chunk_size: int) -> None:
    """The number of items is known at the end, the empty ones included."""
    clock = Clock()
    joined = coalescer(paced(script, clock), clock, chunk_size)
    for _ in joined:
        pass
    assert joined.items == len(script)


@given(
    st.lists(st.integers(1, 3_000).map(lambda size: b"x" * size), max_size=300),
    st.sampled_from([1, 100, 1_000, 10_000]),
)
def test_chunks_are_bounded(source: list[bytes], chunk_size: int) -> None:
    """No chunk is longer than the chunk size, its 128th part and one item."""
    longest = max(map(len, source), default=0)
    for chunk in coalescer(source, chunk_size=chunk_size):
        assert len(chunk) < chunk_size + chunk_size // 128 + longest + 1


@given(scripts)
def test_chunk_size_zero_joins_nothing(script: list[tuple[float, Any]]) -> None:
    """With a chunk size of zero each item that is not empty leaves by itself."""
    clock = Clock()
    chunks = filter(None, coalescer(paced(script, clock), clock, 0))
    assert list(chunks) == [encoded(item) for _, item in script if len(item)]


@pytest.mark.parametrize(
    "row",
    ["x" * 60, b"x" * 60, bytearray(60), "é" * 30],
    ids=["ASCII", "bytes", "buffers", "other text"],
)
def test_fast_source_reaches_full_chunks(row: Any) -> None:
    """A source that never waits is sent in full chunks, but for the start."""
    chunks = list(coalescer([row] * 200_000))
    full = [chunk for chunk in chunks if len(chunk) > FULL * 0.7]
    # By the rule, the chunks of the start are 128 at least, and a logarithm more.
    assert len(chunks) - len(full) < 1_500
    assert sum(map(len, full)) > 12_000_000 // 4


@pytest.mark.parametrize("pause", [0.005, 0.3, 1.0, 60.0])
def test_slow_source_is_seen_item_by_item(pause: float) -> None:
    """Rows that come one a second, or one in 5 ms, each leave alone, at once."""
    clock = Clock()
    rows = [f"{number},row\n" for number in range(100)]
    chunks = coalescer(paced(((pause, row) for row in rows), clock), clock)
    assert list(chunks) == [row.encode() for row in rows]


@pytest.mark.parametrize(
    "burst",
    [
        pytest.param([b"t"] * 3, id="three tokens"),
        pytest.param([b"t"] * 17, id="seventeen tokens"),
        pytest.param([b"2024-01-01 INFO one line of a log\n"] * 2, id="two lines"),
        pytest.param([b"x" * 60] * 3, id="three rows"),
        pytest.param([b"", b"t", b""], id="a token between empty items"),
    ],
)
@pytest.mark.parametrize("pause", [0.005, 1.0, 2.0])
def test_burst_is_never_held(burst: list[bytes], pause: float) -> None:
    """A small burst, a pause, and a burst again: each item is sent before the pause."""
    held = held_at_each_pause([*burst, pause] * 20)
    assert held == [b""] * 20


bursts = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["x", b"x", "é", "中", "😀", bytearray(b"x"), memoryview(b"x")]
            ),
            st.integers(0, 2_000),
            st.integers(1, 80),
        ),
        min_size=1,
        max_size=12,
    ),
    max_size=6,
)


@given(bursts, st.sampled_from([1_000, FULL]))
@example([[("x", 80, 80), ("x", 80, 80), ("x", 80, 80), ("😀", 500, 1)]], FULL)
@example([[("x", 60, 80)] * 12], FULL)
def test_what_waits_is_a_128th_of_what_the_burst_has_sent(
    script: list[list[tuple[Any, int, int]]], chunk_size: int
) -> None:
    """Whenever the source is asked, and may block, no more than that is held.

    What each burst has sent is counted here, from the chunks as they come.
    """
    clock = Clock()
    taken, given, of_burst = 0, 0, 0
    held: list[tuple[int, int]] = []

    def source() -> Iterator[Any]:
        nonlocal given, of_burst
        for burst in script:
            for item, length, count in burst:
                for _ in range(count):
                    whole = item * length if isinstance(item, str) else bytes(length)
                    given += len(encoded(whole))
                    yield whole if isinstance(item, str) else type(item)(whole)
                    held.append((given - taken, taken - of_burst))
            clock.now += 1.0
            of_burst = taken

    for chunk in coalescer(source(), clock, chunk_size):
        taken += len(chunk)
    assert taken == given
    assert all(waiting * 128 <= sent for waiting, sent in held)


@pytest.mark.parametrize(
    "burst",
    [
        pytest.param([b"x" * 80] * 100, id="a hundred lines"),
        pytest.param([b"LINE\n"] * 127 + [b"LINKING"], id="the last words"),
    ],
)
def test_nothing_of_a_short_burst_waits(burst: list[bytes]) -> None:
    """Of 128 items that are equal, each is sent before the next is asked for."""
    assert held_at_each_pause([*burst, 4.0] * 3) == [b""] * 3


@pytest.mark.parametrize("line", [b"x" * 60, b"x" * 511 + b"\n", b"x", "é" * 30])
@pytest.mark.parametrize("dot", [b".", b"s" * 60])
@pytest.mark.parametrize(
    ("count", "unseen"),
    [(2_000, 0), (4_000, 1), (8_000, 3), (14_000, 6), (50_000, 7)],
)
def test_source_that_turns_slow_is_seen_item_by_item_again(
    line: Any, dot: bytes, count: int, unseen: int
) -> None:
    """What is held leaves behind so many slow items, and then each leaves at once."""
    fast = [encoded(line)] * count
    slow = [step for _ in range(60) for step in (1.0, dot)]
    held = held_at_each_pause([*fast, *slow])
    assert len(held[0]) <= FULL
    assert held[1 + unseen :] == [b""] * (59 - unseen)


def test_flush_behind_bytes_is_a_flush() -> None:
    """A template asks for what is held, also behind a byte order mark in bytes."""
    clock = Clock()
    taken = b""
    given: list[Any] = []

    def source() -> Iterator[Any]:
        for item in (b"\xef\xbb\xbf", *["<li>"] * 20_000, FLUSH, "late"):
            given.append(item)
            yield item

    for chunk in coalescer(source(), clock):
        taken += chunk
        if given[-1] is FLUSH:
            assert len(taken) == 3 + 4 * 20_000


def test_empty_items_are_not_held() -> None:
    """A source that has nothing to give for long fills no memory by that."""
    chunks = coalescer(["x", *[""] * 10_000])
    held = [len(chunks._held) for _ in chunks]
    assert max(held) <= 1
    assert chunks.items == 10_001


def test_steady_source_that_fills_no_chunk_in_time_is_still_joined() -> None:
    """Items that come steadily, 6 microseconds each, leave in chunks of 5 ms."""
    clock = Clock()
    steady = paced([(6e-6, b"x" * 60)] * 400_000, clock)
    chunks = list(coalescer(steady, clock))
    # 833 of them in 5 ms, with what comes until the next look.
    assert max(map(len, chunks)) <= 60 * 833 + 512 + 60
    assert len([chunk for chunk in chunks if len(chunk) > 60 * 700]) > 200


def test_slow_reader_is_no_slow_source() -> None:
    """A client that takes its time still gets joined chunks."""
    row = b"x" * 60
    clock = Clock()
    chunks = []
    for chunk in coalescer([row] * 20_000, clock):
        chunks.append(chunk)
        clock.now += 1.0
    assert chunks == list(coalescer([row] * 20_000))


class Reused:
    """Sources that fill one buffer anew for each item, as ``readinto`` does."""

    @staticmethod
    def views(parts: list[bytes]) -> Iterator[Any]:
        buffer = bytearray(max(map(len, parts), default=0))
        for part in parts:
            buffer[: len(part)] = part
            yield memoryview(buffer)[: len(part)]
        buffer[:] = bytes(len(buffer))

    @staticmethod
    def buffers(parts: list[bytes]) -> Iterator[Any]:
        line = bytearray()
        for part in parts:
            line += part
            yield line
            line.clear()

    @staticmethod
    def arrays(parts: list[bytes]) -> Iterator[Any]:
        for part in parts:
            items = array("B", part)
            yield items
            for place in range(len(items)):
                items[place] = 0

    @staticmethod
    def wide_views(parts: list[bytes]) -> Iterator[Any]:
        for part in parts:
            numbers = array("Q", part * 8)
            yield memoryview(numbers)[::1]
            for place in range(len(numbers)):
                numbers[place] = 0

    @staticmethod
    def strided_views(parts: list[bytes]) -> Iterator[Any]:
        for part in parts:
            buffer = bytearray(byte for byte in part for _ in range(2))
            yield memoryview(buffer)[::2]
            buffer[:] = bytes(len(buffer))

    @staticmethod
    def after_text(parts: list[bytes]) -> Iterator[Any]:
        yield "a header in text\n"
        yield b"another in bytes\n"
        yield from Reused.views(parts)


@given(st.lists(st.binary(max_size=200), max_size=40), st.integers(1, 100))
@pytest.mark.parametrize("name", [n for n in vars(Reused) if n[0] != "_"])
def test_item_means_what_it_was_when_it_was_yielded(
    name: str, parts: list[bytes], times: int
) -> None:
    """A buffer that its source fills anew is sent as it was; the reference copies."""
    make, parts = getattr(Reused, name), parts * times
    expected = b"".join(
        item.encode() if isinstance(item, str) else memoryview(item).tobytes()
        for item in make(parts)
    )
    assert b"".join(coalescer(make(parts))) == expected


@pytest.mark.parametrize("kind", [str, bytes, bytearray, memoryview])
def test_empty_item_is_a_look_at_the_clock(kind: type) -> None:
    """What was held for as long leaves with an empty item, and nothing else does."""
    clock = Clock()
    empty: Any = "" if kind is str else kind(b"")
    line: Any = "x" if kind is str else kind(b"x")
    burst = [(0.0, line)] * 1_000
    script = [*burst, (0.0, empty), (1.0, empty), (1.0, empty)]
    given: list[Any] = []

    def source() -> Iterator[Any]:
        for pause, item in script:
            clock.now += pause
            given.append(item)
            yield item

    looks = {}
    for chunk in coalescer(source(), clock):
        looks[len(given)] = looks.get(len(given), b"") + chunk
    assert looks[1_001] == b""
    assert 0 < len(looks[1_002]) <= 1_000 // 128
    assert looks[1_003] == b""


def test_large_item_is_not_copied() -> None:
    """An item of a full chunk leaves as the very object, whatever was held before."""
    large = b"x" * FULL
    chunks = list(coalescer([*[b"x"] * 1_001, large, b"y", large]))
    assert [chunk for chunk in chunks if len(chunk) >= FULL] == [large, large]
    assert all(chunk is large for chunk in chunks if len(chunk) >= FULL)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("count", [0, 1, 40, 5_000])
def test_items_before_an_error_arrive(error: type[BaseException], count: int) -> None:
    """When the source fails, what was held is sent first and the error comes then."""

    def source() -> Iterator[str]:
        yield from ["é"] * count
        raise error

    joined = coalescer(source())
    assert taken_before(error, joined) == ("é" * count).encode()
    assert joined.items == count


@pytest.mark.parametrize("wrong", [3, None, object(), ["text"], [], {}])
@pytest.mark.parametrize("pause", [0.0, 1.0])
@pytest.mark.parametrize("before", [0, 1, 40])
def test_item_of_a_wrong_type_is_named(
    wrong: object, pause: float, before: int
) -> None:
    """An item that is no text is refused by number and type, after those before it."""
    clock = Clock()
    script = [(0.0, b"x")] * before + [(pause, wrong), (0.0, b"x")]
    joined = coalescer(paced(script, clock), clock)
    taken = b""
    with pytest.raises(
        ItemError, match=f"^Item {before + 1} .* {type(wrong).__name__},"
    ):
        for chunk in joined:
            taken += chunk
    assert taken == b"x" * before


def test_text_without_utf8_form_is_an_error_after_what_came_before() -> None:
    """A lone surrogate ends the stream, and what was held before it still arrives."""
    source = ["x"] * 40 + ["\ud800"]
    assert taken_before(UnicodeEncodeError, coalescer(source)) == b"x" * 40


def test_source_is_let_go_when_closed() -> None:
    """Closing the chunks lets go of the source, so that a generator ends at once."""
    ended = []

    def source() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            ended.append(True)

    chunks = iter(coalescer(source()))
    assert next(chunks) == b"x"
    chunks.close()  # type: ignore[attr-defined]
    assert ended == [True]


@pytest.fixture
def gate(app: Flask) -> queue.Queue[str | None]:
    """Return a queue whose texts the view ``/gate.csv`` sends, until ``None``."""
    gate: queue.Queue[str | None] = queue.Queue()

    @app.get("/gate.csv")
    def rows() -> Response:
        return Response(iter(gate.get, None), mimetype="text/csv")

    return gate


def test_gated_rows_arrive_before_the_next_exists(
    app: Flask, gate: queue.Queue[str | None], serve: Callable[[Any], str]
) -> None:
    """Rows of CSV that come one after the other are each seen before the next one."""
    gate.put("number,name\n")
    with urlopen(f"{serve(app)}/gate.csv", timeout=20) as response:
        assert response.readline() == b"number,name\n"
        for number in range(40):
            # Longer than OUTPOUR_SLOW: a source that is faster may be joined.
            time.sleep(0.02)
            gate.put(f"{number},row\n")
            assert response.readline() == f"{number},row\n".encode()
        gate.put(None)
        assert response.read() == b""


def test_gated_bursts_arrive_before_the_next_exists(
    app: Flask, gate: queue.Queue[str | None], serve: Callable[[Any], str]
) -> None:
    """Three rows, a pause, three rows: each row is seen before the next burst."""
    url = serve(app)
    gate.put("number\n")
    with urlopen(f"{url}/gate.csv", timeout=20) as response:
        assert response.readline() == b"number\n"
        for burst in range(8):
            time.sleep(0.02)
            rows = [f"{burst}{letter}\n" for letter in "abc"]
            for row in rows:
                gate.put(row)
            assert [response.readline().decode() for _ in rows] == rows
        gate.put(None)
        assert response.read() == b""


def test_first_rows_arrive_one_by_one_at_any_pace(
    app: Flask, gate: queue.Queue[str | None], serve: Callable[[Any], str]
) -> None:
    """The first rows of a stream are each seen at once, even from a fast source."""
    url = serve(app)
    gate.put("0,row\n")
    with urlopen(f"{url}/gate.csv", timeout=20) as response:
        for number in range(15):
            assert response.readline() == f"{number},row\n".encode()
            gate.put(f"{number + 1},row\n")
        gate.put(None)
        assert response.read() == b"15,row\n"
