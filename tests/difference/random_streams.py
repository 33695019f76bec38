"""A script of what a generator does enters; an application that streams it leaves."""

from __future__ import annotations

import array
import logging
import time
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import flask
from flask import abort
from flask import Flask
from flask import Response
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.wsgi import ClosingIterator

import flask_outpour
from flask_outpour import Outpour


class SoldOut(Exception):
    """An error that the application has a page of its own for."""


class Stop(BaseException):
    """What a time limit raises, past ``except Exception``."""


class Shout(str):
    """Text that encodes itself in its own way, as Werkzeug lets it."""

    def encode(self, *arguments: str) -> bytes:  # type: ignore[override]
        """Encode it in capitals."""
        return self.upper().encode("utf-16")


class Numbered(Response):
    """Items are numbered, with state on the response."""

    count = 0

    def iter_encoded(self) -> Iterator[bytes]:
        """Count what passes."""
        for item in super().iter_encoded():
            self.count += 1
            yield b"%d:" % self.count + item


class Latin(Response):
    """Text is sent in Latin-1, the rest as it is."""

    def iter_encoded(self) -> Iterator[bytes]:
        """Encode text in its own way."""
        for item in self.response:
            yield item.encode("latin-1", "replace") if isinstance(item, str) else item


class Framed(Response):
    """The iterable that goes to the server has something before and behind."""

    def get_app_iter(self, environ: dict[str, Any]) -> Iterable[bytes]:
        """Put the body between two marks."""

        def framed() -> Iterator[bytes]:
            yield b"<"
            # Not ``yield from``, by which Werkzeug would close it twice.
            yield from map(bytes, inner)
            yield b">"

        inner = super().get_app_iter(environ)
        return ClosingIterator(framed(), inner.close)


CLASSES = [Response, Numbered, Latin, Framed]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a generator does: give an item, pause, or fail."""

    do: str
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Script:
    """What a view and its generator do, and how it is asked."""

    steps: tuple[Step, ...]
    context: str
    response_class: type[Response]
    mimetype: str
    method: str
    #: Of Outpour, so that short scripts see all of its joining.
    chunk_size: int
    slow: float

    @property
    def fails_in_the_view(self) -> bool:
        """Whether ``stream_with_context`` of ours, which pulls one item, fails."""
        if self.context != "ours" or self.method == "HEAD":
            return False
        does = [step.do for step in self.steps if step.do != "pause"]
        gives = [what for what in does if what != "fails to close"]
        return gives[0] in FAILS if gives else bool(does)


@dataclass(slots=True)
class Diary:
    """What the application notes and logs."""

    notes: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)


#: These have the bytes of the step; the buffers are the source's own.
TEXTS = ("text", "markup", "shout")
BUFFERS = ("bytes", "bytearray", "memoryview", "wide", "buffer", "view of buffer")
WRONG = ("number", "none", "list")
FAILS = ("ZeroDivisionError", "NotFound", "SoldOut", "Stop", "SystemExit")

contents = st.one_of(
    st.binary(max_size=12),
    st.integers(0, 300).map(lambda size: b"x" * size),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(str.encode),
)
quiet = st.builds(Step, st.sampled_from(("empty text", "empty bytes", "pause")))
ends = st.builds(Step, st.sampled_from((*FAILS, *WRONG, "surrogate", "fails to close")))


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Draw a script, with or without a failure at any place."""
    # Few types at a time, as a type may hide what another meets.
    kinds = draw(st.sampled_from([TEXTS, BUFFERS, TEXTS + BUFFERS]))
    gives = st.builds(Step, st.sampled_from(kinds), contents)
    steps = draw(st.lists(st.one_of(gives, gives, quiet), max_size=40))
    # As many again, as joining begins after some twenty items; and, where they are few,
    # so many that it looks no longer at each.
    steps += draw(st.sampled_from([0, 0, 1, 5])) * steps
    # Behind much that was sent, much may be held.
    if head := draw(st.sampled_from([0, 0, 20_000, 70_000])):
        steps.insert(0, Step("text", b"x" * head))
    if len(steps) < 9 and draw(st.booleans()):
        steps = [Step("text", b"line\n")] * draw(st.integers(100, 900)) + steps
    if draw(st.booleans()):
        steps.insert(draw(st.integers(0, len(steps))), draw(ends))
    return Script(
        tuple(steps),
        context=draw(st.sampled_from(["bare", "flask", "ours"])),
        response_class=draw(st.sampled_from(CLASSES)),
        mimetype=draw(st.sampled_from(["text/html", "text/csv", "text/event-stream"])),
        method=draw(st.sampled_from(["GET", "GET", "GET", "HEAD"])),
        chunk_size=draw(st.sampled_from([1, 7, 100, 65_536, 65_536])),
        slow=draw(st.sampled_from([0.0001, 0.005, 10.0, 10.0])),
    )


class Buffers:
    """What a source fills anew for each item."""

    def __init__(self) -> None:
        #: One that grows and shrinks, and one that is looked at in parts.
        self.line, self.block = bytearray(), bytearray(400)

    def change(self) -> None:
        """Change both, as the next item's turn has come."""
        self.line.clear()
        self.block[:] = b"#" * len(self.block)


def play(script: Script, note: Any) -> Iterator[Any]:
    """Do what a script says, and change each buffer once it was yielded."""
    buffers = Buffers()
    fails_to_close = any(step.do == "fails to close" for step in script.steps)
    note("starts")
    try:
        for number, step in enumerate(script.steps):
            note(f"step {number}")
            if step.do == "pause":
                time.sleep(0.0002)
            elif step.do in FAILS:
                _fail(step.do)
            elif step.do != "fails to close":
                yield _item(step, buffers)
                buffers.change()
        note("ends")
    finally:
        note("closes")
        if fails_to_close:
            raise ZeroDivisionError("closing")


def _fail(how: str) -> None:
    if how == "NotFound":
        abort(404)
    raise {"SoldOut": SoldOut, "Stop": Stop, "SystemExit": SystemExit}.get(
        how, ZeroDivisionError
    )(how)


def _item(step: Step, buffers: Buffers) -> Any:
    text = step.data.decode("utf-8", "ignore")
    match step.do:
        case "text":
            return text
        case "markup":
            return Markup(text)
        case "shout":
            return Shout(text)
        case "bytes":
            return step.data
        case "bytearray":
            return bytearray(step.data)
        case "memoryview":
            return memoryview(step.data)
        case "wide":
            return memoryview(array.array("H", step.data * 2))
        case "buffer":
            buffers.line += step.data
            return buffers.line
        case "view of buffer":
            size = len(step.data)
            buffers.block[:size] = step.data
            return memoryview(buffers.block)[:size]
    others = {
        **{"empty text": "", "empty bytes": b"", "surrogate": "\ud800"},
        **{"number": 7, "none": None, "list": [b"x"]},
    }
    return others[step.do]


def make_app(script: Script, diary: Diary, outpour: bool) -> Flask:
    """Return an application whose view plays a script."""
    app = Flask("difference.random")
    if outpour:
        app.config["OUTPOUR_CHUNK_SIZE"] = script.chunk_size
        app.config["OUTPOUR_SLOW"] = script.slow
        Outpour(app)
    app.logger.addHandler(_Lines(diary))
    app.logger.propagate = False
    app.register_error_handler(SoldOut, lambda error: ("sold out", 409))
    app.teardown_request(lambda error: diary.notes.append("teardown"))

    @app.get("/")
    def root() -> Response:
        items: Any = play(script, diary.notes.append)
        if script.context == "flask":
            items = flask.stream_with_context(items)
        elif script.context == "ours":
            items = flask_outpour.stream_with_context(items)
        response = script.response_class(items, mimetype=script.mimetype)
        response.headers["X-View"] = "1"
        response.call_on_close(lambda: diary.notes.append("response closes"))
        return response

    return app


class _Lines(logging.Handler):
    def __init__(self, diary: Diary) -> None:
        super().__init__(logging.ERROR)
        self._diary = diary

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        self._diary.logs.append(error.__name__ if error else record.getMessage())
