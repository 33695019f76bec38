"""Chunks enter; the iterable that a server gets leaves, with exactly one ending."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Literal
from typing import Protocol

from .coalesce import Coalescer
from .compress import encoded
from .compress import Encoder
from .drain import Stage
from .errors import LengthError
from .errors import StreamInterrupted
from .errors import StreamTimeout

Outcome = Literal["complete", "failed", "disconnected"]


@dataclass(slots=True)
class Progress:
    """How far a body has come, and how it ended."""

    #: ``None`` until the end.
    outcome: Outcome | None = None
    #: Bytes given to the server, without its framing.
    bytes: int = 0
    #: Items that the source yielded for these bytes; of rows, these.
    items: int = 0
    #: Whether these are rows.
    are_rows: bool = False
    #: Seconds from the first pull to the end.
    seconds: float = 0.0
    #: What a failed body failed with, until those who observe it were told.
    error: BaseException | None = None


class Observer(Protocol):
    """What a body tells of itself. Each call comes inside the request's Context."""

    def started(self) -> None:
        """The source is about to be pulled for the first time."""

    def first_byte(self) -> None:
        """The first chunk goes to the server."""

    def ended(self, progress: Progress, *, started: bool) -> None:
        """The body is over; close what it was made from."""


class Body:
    """Give a server the chunks of one response, and end exactly once.

    :param chunks: joins the items of the source.
    :param observer: is told of the start, the first byte and the end.
    :param declared: the length in bytes that the view has set, if it has.
    :param encoder: writes the chunks in a content coding.
    :param longest: the most seconds that the body may take, if limited.
    :param opens: tells whether an empty item that comes first is given to the server,
        which then sends its headers.
    :param drain: ends the chunks when the worker is to go, where they may have no end.
    :param rows: counts the rows that the items are made of, if they are.
    """

    def __init__(
        self,
        chunks: Coalescer,
        *,
        observer: Observer,
        declared: int | None = None,
        encoder: Encoder | None = None,
        longest: float | None = None,
        opens: Callable[[], bool] | None = None,
        drain: Stage | None = None,
        rows: Callable[[], int] | None = None,
    ) -> None:
        self.progress: Progress = Progress()
        self._coalescer = chunks
        stages = iter(chunks) if drain is None else drain(chunks)
        if declared is not None:
            stages = _measured(stages, declared)
        if encoder is not None:
            stages = encoded(stages, encoder)
        self._chunks: Iterator[bytes] | None = stages
        self._observer = observer
        # How many bytes a coding makes of it, nobody knows before.
        self._length = declared if encoder is None else None
        self._longest = longest
        self._opens = opens
        self._count = rows
        self.progress.are_rows = rows is not None
        self._primed: list[bytes | None] = []
        self._begun: float | None = None

    @property
    def begun(self) -> bool:
        """Whether the source was pulled, or the body closed, already."""
        return self._begun is not None or self._chunks is None

    def prime(self) -> None:
        """Pull the first chunk before the headers are sent.

        :raises Exception: what the source raised; the body has then failed, and
            says so when it is closed.
        """
        try:
            self._primed.append(self._pull())
        except BaseException as error:
            self.progress.error = error
            # The error has this frame in its traceback, and the body has the error.
            del self
            raise

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        """Give the next chunk.

        :raises Exception: what the source raised, so that the server cuts the
            connection. Never a ``BaseException`` of the source: servers then write
            a second response into the body, hang or die.
        """
        if self._chunks is None:
            raise StopIteration
        try:
            chunk = self._primed.pop() if self._primed else self._pull()
        except BaseException as error:
            self.progress.error = error
            self._end("failed")
            del self
            raise
        if chunk is None:
            return self._give_end()
        progress = self.progress
        if chunk and not progress.bytes:
            self._observer.first_byte()
        progress.bytes += len(chunk)
        return chunk

    def close(self) -> None:
        """End the body, if it has not ended, as its server or client leaves."""
        if self._chunks is not None:
            self._end(self._outcome_of_closing())

    def _pull(self) -> bytes | None:
        """Return the next chunk, or ``None`` at the sound end of the source."""
        if self._begun is None:
            self._begun = monotonic()
            self._observer.started()
        try:
            while True:
                if self._longest is not None:
                    self._check_duration(self._longest)
                chunk = next(self._chunks, None)  # type: ignore[arg-type]
                # Behind an empty chunk there is an empty item: time has gone by.
                if chunk or chunk is None:
                    return chunk
                if self._opens is not None and not self.progress.bytes:
                    opens, self._opens = self._opens, None
                    if opens():
                        return chunk
        except (Exception, KeyboardInterrupt):
            del self
            raise
        except BaseException as error:
            del self
            raise StreamInterrupted(error) from error

    def _check_duration(self, longest: float) -> None:
        if self._seconds() > longest:
            raise StreamTimeout(longest, self.progress.bytes)

    def _give_end(self) -> bytes:
        self._end("complete")
        if self.progress.bytes:
            raise StopIteration
        # hypercorn answers 500 to a body without any item.
        return b""

    def _outcome_of_closing(self) -> Outcome:
        if self.progress.error is not None:
            return "failed"
        # A server that counts need not ask for the end behind the last byte.
        if self._length is not None and self.progress.bytes == self._length:
            return "complete"
        return "disconnected"

    def _end(self, outcome: Outcome) -> None:
        chunks, self._chunks = self._chunks, None
        self._primed.clear()
        self.progress.outcome = outcome
        # The items of a first chunk that nobody took count as little as its bytes.
        if self.progress.bytes:
            count = self._count
            self.progress.items = self._coalescer.items if count is None else count()
        self.progress.seconds = self._seconds()
        # The generator of chunks lets go of the source before that is closed.
        chunks.close()  # type: ignore[union-attr]
        observer = self._observer
        del chunks, self._coalescer, self._observer, self._count
        try:
            observer.ended(self.progress, started=self._begun is not None)
        finally:
            # What reads the body is in its traceback: together they would wait for the
            # collector of garbage, with all that the source has held.
            self.progress.error = None

    def _seconds(self) -> float:
        return 0.0 if self._begun is None else monotonic() - self._begun


def _measured(chunks: Iterator[bytes], declared: int) -> Iterator[bytes]:
    """Yield the chunks.

    :raises LengthError: when there are more bytes than declared, or fewer.
    """
    produced = 0
    for chunk in chunks:
        produced += len(chunk)
        # The chunk that is too much is not sent: cut exactly at the declared
        # length, the response would look whole.
        if produced > declared:
            raise LengthError(declared, produced)
        yield chunk
    if produced < declared:
        raise LengthError(declared, produced)
