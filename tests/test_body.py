"""Tests of the iterable that a server gets: its steps, its closing, its one ending."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import pytest

from bodies import make_body
from bodies import Witness
from flask_outpour import LengthError
from flask_outpour import StreamInterrupted
from flask_outpour import StreamTimeout
from flask_outpour.body import Progress


def failing(error: BaseException, *items: str) -> Iterator[str]:
    yield from items
    raise error


def test_body_gives_every_chunk_and_ends_complete() -> None:
    """A sound stream starts, has a first byte and ends complete, with its counts."""
    witness = Witness()
    body = make_body(["a", "", "bc"], witness)
    assert list(body) == [b"a", b"bc"]
    assert witness.told == ["started", "first byte", "complete"]
    assert (body.progress.bytes, body.progress.items) == (3, 3)
    assert body.progress.error is None


def test_body_stays_ended() -> None:
    """Asking and closing after the end gives nothing and tells nothing twice."""
    witness = Witness()
    body = make_body(["a"], witness)
    assert list(body) == [b"a"]
    assert list(body) == []
    body.close()
    body.close()
    assert witness.told == ["started", "first byte", "complete"]


def test_closing_before_the_start_runs_nothing() -> None:
    """A body that is closed before its first step never started."""
    witness = Witness()
    body = make_body(failing(ValueError()), witness)
    body.close()
    assert list(body) == []
    assert witness.told == ["disconnected"]
    assert not witness.began


def test_closing_before_the_start_releases_the_source() -> None:
    """What a generator that never started was given is released at once."""

    class Rows:
        pass

    def generate(rows: Rows) -> Iterator[str]:
        yield "a"

    rows = Rows()
    left = weakref.ref(rows)
    body = make_body(generate(rows))
    del rows
    body.close()
    assert left() is None


def test_closing_after_a_chunk_ends_disconnected() -> None:
    """A client that leaves ends the source, and the chunks it took are counted."""
    ended = []

    def generate() -> Iterator[str]:
        try:
            yield "a"
            yield "b"
            yield "never asked for"
        finally:
            ended.append(True)

    witness = Witness()
    body = make_body(generate(), witness)
    assert [next(body), next(body)] == [b"a", b"b"]
    body.close()
    assert ended == [True]
    assert witness.told == ["started", "first byte", "disconnected"]
    assert body.progress.bytes == 2


def test_items_match_the_bytes_of_a_disconnected_stream() -> None:
    """The items of a stream that was left are those whose bytes were given."""
    body = make_body(["a", "b", "c"])
    assert [next(body), next(body)] == [b"a", b"b"]
    body.close()
    assert (body.progress.bytes, body.progress.items) == (2, 2)


def test_error_of_the_source_is_raised_after_its_items() -> None:
    """What the source raises reaches the server, which cuts the connection."""
    witness, error = Witness(), ValueError("no more rows")
    body = make_body(failing(error, "a", "b"), witness)
    taken = [next(body), next(body)]
    with pytest.raises(ValueError, match="no more rows"):
        next(body)
    assert taken == [b"a", b"b"]
    assert witness.told == ["started", "first byte", "failed"]
    assert witness.error is error
    assert list(body) == []


@pytest.mark.parametrize("error", [SystemExit(1), GeneratorExit(), BaseException()])
def test_base_exception_of_the_source_is_interrupted(error: BaseException) -> None:
    """A server never sees the ``BaseException`` of a source, but an ``Exception``."""

    class Source:
        """A generator cannot raise GeneratorExit into its reader."""

        def __iter__(self) -> Iterator[bytes]:
            return self

        def __next__(self) -> bytes:
            raise error

    body = make_body(Source())
    with pytest.raises(StreamInterrupted) as caught:
        next(body)
    assert caught.value.__cause__ is error
    assert type(error).__name__ in str(caught.value)
    assert body.progress.outcome == "failed"


def test_keyboard_interrupt_passes() -> None:
    """Ctrl-C in a source stays what it is, and the body has ended."""
    body = make_body(failing(KeyboardInterrupt(), "a"))
    assert next(body) == b"a"
    with pytest.raises(KeyboardInterrupt):
        next(body)
    assert body.progress.outcome == "failed"


def test_stop_iteration_of_a_source_is_its_error() -> None:
    """A source that leaks ``StopIteration`` does not look complete."""

    def generate() -> Iterator[str]:
        yield "a"
        next(iter(()))

    body = make_body(generate())
    assert next(body) == b"a"
    with pytest.raises(RuntimeError, match="StopIteration"):
        next(body)
    assert body.progress.outcome == "failed"


@pytest.mark.parametrize("items", [[], ["abc"], ["ab", "cd", ""]])
def test_body_shorter_than_declared_is_an_error(items: list[str]) -> None:
    """Fewer bytes than the Content-Length fail at the end of the source."""
    body = make_body(items, declared=5)
    with pytest.raises(LengthError) as caught:
        for _ in body:
            pass
    assert caught.value.declared == 5
    assert caught.value.produced == len("".join(items))
    assert body.progress.outcome == "failed"


def test_body_longer_than_declared_is_cut_before_the_length() -> None:
    """The chunk that exceeds the Content-Length is not sent: it would look whole."""
    body = make_body(["ab", "cd", "ef"], declared=5)
    taken = [next(body), next(body)]
    with pytest.raises(LengthError) as caught:
        next(body)
    assert taken == [b"ab", b"cd"]
    assert (caught.value.declared, caught.value.produced) == (5, 6)


def test_body_of_the_declared_length_is_complete_without_asking() -> None:
    """A server that counts and closes after the last byte has a complete body."""
    body = make_body(["abc", "de"], declared=5)
    assert next(body) + next(body) == b"abcde"
    body.close()
    assert body.progress.outcome == "complete"


def test_coded_bytes_are_not_held_against_the_declared_length() -> None:
    """Half a body that is coded in as many bytes as the whole has is not complete."""

    class Doubling:
        def feed(self, data: bytes) -> bytes:
            return data * 2

        def flush(self) -> bytes:
            return b""

        finish = flush

    body = make_body(["ab", "cd"], declared=4, encoder=Doubling())
    assert next(body) == b"abab"
    body.close()
    assert body.progress.outcome == "disconnected"


def test_body_that_stops_before_the_declared_length_is_disconnected() -> None:
    """A server that closes one byte early has left a disconnected body."""
    body = make_body(["abcd", "e"], declared=5)
    next(body)
    body.close()
    assert body.progress.outcome == "disconnected"


def test_stream_longer_than_allowed_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that takes more seconds than allowed fails before its next chunk."""
    now = 100.0
    monkeypatch.setattr("flask_outpour.body.monotonic", lambda: now)
    body = make_body(iter(lambda: "ab", None), longest=3)
    next(body)
    now += 3
    next(body)
    now += 0.5
    with pytest.raises(StreamTimeout, match=r"after 4 bytes.*MAX_DURATION = 3 "):
        next(body)
    assert body.progress.outcome == "failed"
    assert body.progress.seconds == 3.5


def test_seconds_count_from_the_first_pull(monkeypatch: pytest.MonkeyPatch) -> None:
    """The duration is that of the stream, not of the view before it."""
    now = 100.0
    monkeypatch.setattr("flask_outpour.body.monotonic", lambda: now)
    body = make_body(["a"])
    now += 10
    next(body)
    now += 2
    body.close()
    assert body.progress.seconds == 2


def test_primed_chunk_is_given_once() -> None:
    """The chunk that was pulled before the headers is the first that is given."""
    witness = Witness()
    body = make_body(["a", "b"], witness)
    body.prime()
    assert witness.told == ["started"]
    assert list(body) == [b"a", b"b"]
    assert witness.told == ["started", "first byte", "complete"]


def test_priming_an_empty_source_ends_at_the_first_step() -> None:
    """A stream without bytes is complete, and never had a first byte."""
    witness = Witness()
    body = make_body([], witness)
    body.prime()
    # A single empty item, since hypercorn answers 500 to a body without any.
    assert list(body) == [b""]
    assert witness.told == ["started", "complete"]


def test_failed_priming_leaves_the_ending_to_close() -> None:
    """A source that fails before its first chunk has failed once it is closed."""
    witness = Witness()
    body = make_body(failing(ValueError()), witness)
    with pytest.raises(ValueError):
        body.prime()
    assert witness.told == ["started"]
    body.close()
    assert witness.told == ["started", "failed"]


def test_error_of_the_ending_reaches_the_server() -> None:
    """What closing raises at the end of a stream is not swallowed."""

    class Broken(Witness):
        def ended(self, progress: Progress, *, started: bool) -> None:
            raise OSError("cannot close")

    body = make_body(["a"], Broken())
    assert next(body) == b"a"
    with pytest.raises(OSError, match="cannot close"):
        next(body)
