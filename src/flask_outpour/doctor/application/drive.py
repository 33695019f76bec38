"""A WSGI callable and a trial enter; what a server would see of it leaves."""

from __future__ import annotations

import io
import time
from contextvars import Context
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import TYPE_CHECKING

from ...decode import decoder
from .probe import KEY
from .probe import LENGTH
from .probe import Log

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

#: Seconds that a layer has to pass ``close()`` on, should another thread do it.
GRACE = 0.25


@dataclass(slots=True)
class Passage:
    """How a probe came through a callable."""

    log: Log
    status: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    #: The bytes as they came, and what could be read of them.
    pieces: list[bytes] = field(default_factory=list)
    text: bytes = b""
    #: What the callable or its iterable raised.
    error: BaseException | None = None
    #: Whether the body was in a coding that cannot be read here, or not rightly.
    unreadable: bool = False

    @property
    def coding(self) -> str:
        """The Content-Encoding, empty if there is none."""
        return self.headers.get("content-encoding", "").strip().lower()

    @property
    def length(self) -> str | None:
        """The Content-Length."""
        return self.headers.get(LENGTH.lower())

    @property
    def size(self) -> int:
        """The bytes that came."""
        return sum(map(len, self.pieces))

    @property
    def sound(self) -> bool:
        """Whether this is the probe's answer, be it spoilt."""
        return self.log.reached and self.status.startswith("200")


def drive(call: WSGIApplication, environ: WSGIEnvironment, log: Log) -> Passage:
    """Call, iterate and close as a server does, and write down what comes when.

    It runs in a new Context, as in a server's new thread, so that what a layer leaves
    in its Context is gone afterwards.
    """
    passage = Passage(log)
    environ[KEY] = log
    environ["wsgi.input"] = io.BytesIO()
    environ["wsgi.errors"] = io.StringIO()
    Context().run(_Client(passage).fetch, call, environ)
    log.sealed = True
    return passage


class _Client:
    """Reads one response, and leaves when the trial says so."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self._trial = passage.log.trial
        self._decode: Any = None
        self._arrived = 0

    def fetch(self, call: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Take the response, or note what was raised in its place."""
        try:
            self._read(call(environ, self._start))
        except Exception as error:
            self._passage.error = error

    def _start(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        if self._passage.pieces:
            # As servers do once the headers are gone.
            raise exc_info[1] if exc_info else AssertionError("the headers are sent")
        self._passage.log.note("answered")
        self._passage.status = status
        self._passage.headers = {name.lower(): value for name, value in headers}
        return self._take

    def _read(self, iterable: Any) -> None:
        log = self._passage.log
        try:
            for piece in iterable:
                self._take(piece)
                leaves = self._trial.leaves_after
                if leaves is not None and self._arrived >= leaves:
                    break
        finally:
            log.note("asked")
            if hasattr(iterable, "close"):
                iterable.close()
            # The iterable is still held: closed by the garbage collector is not
            # closed.
            deadline = time.monotonic() + GRACE * self._trial.judges_close
            while not log.has("response") and time.monotonic() < deadline:
                time.sleep(0.005)

    def _take(self, piece: bytes) -> None:
        if not piece:
            return
        passage = self._passage
        passage.pieces.append(piece)
        if self._decode is None:
            self._decode = decoder(passage.coding) or _no_decoder
        try:
            passage.text += self._decode(piece)
        except Exception:
            passage.unreadable = True
            self._decode = _nothing
        while self._arrived < self._trial.items and self._has(self._arrived + 1):
            self._arrived += 1
            passage.log.note("arrived", self._arrived)

    def _has(self, item: int) -> bool:
        return self._trial.mark(item).encode() in self._passage.text


def _no_decoder(data: bytes) -> bytes:
    raise LookupError("no decoder for this coding")


def _nothing(data: bytes) -> bytes:
    return b""
