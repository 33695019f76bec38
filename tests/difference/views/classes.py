"""Response classes of an application's own, each with a method of Werkzeug's."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.wsgi import ClosingIterator

from difference.entry import notes
from difference.entry import site
from difference.entry import stream
from difference.entry import told
from difference.entry import view
from difference.expected import fails_early
from difference.expected import fails_late
from difference.expected import LEFT_EARLY
from difference.expected import whole

Environ = dict[str, Any]
LINES = ("Größe\n", "two\n", b"three\n")


class JSONLines(Response):
    """Each item is written as JSON."""

    default_mimetype = "application/x-ndjson"

    def iter_encoded(self) -> Iterator[bytes]:
        """Encode whatever the view yields."""
        return (json.dumps(item).encode() + b"\n" for item in self.response)


class Latin(Response):
    """Text is sent in Latin-1."""

    def iter_encoded(self) -> Iterator[bytes]:
        """Encode text in its own way."""
        for item in self.response:
            yield item.encode("latin-1") if isinstance(item, str) else item


class Numbered(Response):
    """Items are numbered, with state on the response."""

    count = 0

    def iter_encoded(self) -> Iterator[bytes]:
        """Count what passes."""
        for item in super().iter_encoded():
            self.count += 1
            yield b"%d " % self.count + item


class Deflated(Response):
    """The whole is compressed, and ends with what the compressor holds."""

    def iter_encoded(self) -> Iterator[bytes]:
        """Yield what the compressor gives, empty items too."""
        compressor = zlib.compressobj()
        for item in super().iter_encoded():
            yield compressor.compress(item)
        yield compressor.flush()


class Failing(Response):
    """Encoding fails at the second item."""

    def iter_encoded(self) -> Iterator[bytes]:
        """Fail where the class, not the source, does."""
        yield next(super().iter_encoded())
        raise ZeroDivisionError("in iter_encoded")


class FailingAtOnce(Response):
    """Encoding fails before it begins."""

    def iter_encoded(self) -> Iterator[bytes]:
        """Fail in the call itself."""
        raise ZeroDivisionError("in iter_encoded")


class Listed(Response):
    """The items are encoded ahead."""

    def iter_encoded(self) -> list[bytes]:  # type: ignore[override]
        """Return a list, as a small class may."""
        return list(super().iter_encoded())


class Buffered(Response):
    """One buffer is filled for each item by the class itself."""

    def iter_encoded(self) -> Iterator[bytearray]:  # type: ignore[override]
        """Yield one buffer, filled anew."""
        buffer = bytearray()
        for item in super().iter_encoded():
            buffer[:] = b"> " + item
            yield buffer


class Framed(Response):
    """The iterable that goes to the server has something before and behind."""

    def get_app_iter(self, environ: Environ) -> Iterable[bytes]:
        """Put the body between two lines."""

        def framed() -> Iterator[bytes]:
            yield b"-- begin\n"
            yield from inner
            yield b"-- end\n"

        inner = super().get_app_iter(environ)
        return ClosingIterator(framed(), inner.close)


class Called(Response):
    """The response is called in its own way."""

    def __call__(
        self, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Add a field when it is sent, and pass the body on."""
        self.headers["X-Called"] = environ["REQUEST_METHOD"]
        iterable = super().__call__(environ, start_response)
        return ClosingIterator((item.upper() for item in iterable), iterable.close)


class Written(Response):
    """The response is sent with the old ``write()``, and then by the iterable."""

    def __call__(
        self, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Write before the first item."""
        iterable, status, headers = self.get_wsgi_response(environ)
        write = start_response(status, headers)
        write(b"written\n")
        return iterable


class Triple(Response):
    """What ``__call__`` sends is changed where it is made."""

    def get_wsgi_response(self, environ: Environ) -> Any:
        """Change status, fields and body."""
        iterable, _, headers = super().get_wsgi_response(environ)
        headers = [*headers, ("X-Triple", "yes")]
        return (
            ClosingIterator((b"." + i for i in iterable), iterable.close),
            ("201 Made"),
            headers,
        )


class Stamped(Response):
    """Fields come as the response is sent."""

    def get_wsgi_headers(self, environ: Environ) -> Headers:
        """Add a field that names the path."""
        headers = super().get_wsgi_headers(environ)
        headers["X-Path"] = environ["SCRIPT_NAME"]
        headers.setlist("X-Twice", ["1", "2"])
        return headers


class Closed(Response):
    """The class does something when the response is closed."""

    def close(self) -> None:
        """Note it on both sides of the base's own."""
        note = self.note  # type: ignore[attr-defined]
        note("close begins")
        super().close()
        note("close ends")


class NeverStreamed(Response):
    """The class says that none of its responses is streamed."""

    is_streamed = False  # type: ignore[assignment]


class AlwaysSequence(Response):
    """The class says that each of its responses is a sequence."""

    is_sequence = True  # type: ignore[assignment]


class Counted(Response):
    """The length is known to the class."""

    def calculate_content_length(self) -> int | None:
        """Answer from a name of the view's, if it has set one."""
        return getattr(self, "known", None)


class Stored(Response):
    """Data that is set is changed."""

    def set_data(self, value: bytes | str) -> None:
        """Set the data twice over."""
        super().set_data(value * 2)


class Sequence(Response):
    """The class makes a list of what it is given, in its own way."""

    implicit_sequence_conversion = True

    def make_sequence(self) -> None:
        """Make a list with one more item."""
        super().make_sequence()
        self.response.append(b"sequence\n")


class NoSequence(Response):
    """Nobody may make a list of the stream."""

    implicit_sequence_conversion = False


class Forced(Response):
    """Responses of other classes are made to be of this one."""

    @classmethod
    def force_type(cls, response: Any, environ: Environ | None = None) -> Any:
        """Mark what was forced."""
        forced = super().force_type(response, environ)
        forced.headers["X-Forced"] = type(response).__name__
        return forced


class OnClose(Response):
    """The class puts its own around what is called at the end."""

    def call_on_close(self, func: Callable[[], Any]) -> Callable[[], Any]:
        """Call it with a note before."""

        def noted() -> None:
            self.note("on close")  # type: ignore[attr-defined]
            func()

        super().call_on_close(noted)
        return func


class Plain(Response):
    """The defaults of the class are its own."""

    default_mimetype = "text/plain"
    default_status = 203
    max_cookie_size = 20


class Slots(Response):
    """The stream is behind a property."""

    @property
    def response(self) -> Any:
        """Return what is streamed."""
        return self._kept

    @response.setter
    def response(self, value: Any) -> None:
        self._kept = value


stream(
    "class-json-lines", lambda: (1, None, {"a": "ä"}, "text"), response_class=JSONLines
)
stream("class-latin", lambda: LINES, response_class=Latin)
stream("class-latin-many", lambda: ("ä\n",) * 5_000, response_class=Latin)
stream("class-numbered", lambda: LINES, response_class=Numbered)
stream("class-numbered-many", lambda: ("x\n",) * 3_000, response_class=Numbered)
stream("class-deflated", lambda: LINES * 900, response_class=Deflated)
stream("class-listed", lambda: LINES, response_class=Listed)
stream(
    "class-buffered",
    lambda: LINES * 300,
    response_class=Buffered,
    **whole("> Größe\n> two\n> three\n".encode() * 300),
)
stream("class-framed", lambda: LINES, response_class=Framed)
stream("class-framed-many", lambda: LINES * 900, response_class=Framed)
stream("class-called", lambda: LINES, response_class=Called)
stream("class-written", lambda: LINES, response_class=Written)
stream("class-triple", lambda: LINES, response_class=Triple)
stream("class-stamped", lambda: LINES, response_class=Stamped)
stream("class-never-streamed", lambda: LINES, response_class=NeverStreamed)
stream("class-always-sequence", lambda: LINES, response_class=AlwaysSequence)
stream("class-counted", lambda: LINES, response_class=Counted)
stream("class-stored", lambda: LINES, response_class=Stored)
stream("class-sequence", lambda: LINES, response_class=Sequence)
stream("class-no-sequence", lambda: LINES, response_class=NoSequence)
stream("class-plain", lambda: LINES, response_class=Plain)
stream("class-slots", lambda: LINES, response_class=Slots)
stream(
    "class-fails",
    lambda: LINES,
    response_class=Failing,
    **fails_late("ZeroDivisionError", notes=LEFT_EARLY),
)
stream(
    "class-fails-at-once",
    lambda: LINES,
    response_class=FailingAtOnce,
)
stream(
    "class-json-lines-fails-at-first",
    lambda: ({1, 2},),
    response_class=JSONLines,
    **fails_early(500, "TypeError", notes=LEFT_EARLY),
)


@view
def class_closed() -> Response:
    """The class's own ``close`` runs, around what it was made from."""
    response = Closed(told(LINES))
    response.note = notes()
    response.call_on_close(lambda: response.note("called on close"))
    return response


@view
def class_on_close() -> Response:
    """The class's own ``call_on_close`` is asked."""
    response = OnClose(told(LINES))
    response.note = notes()
    response.call_on_close(lambda: response.note("called on close"))
    return response


@view
def class_with_data() -> Response:
    """What sets data after a stream takes the stream's place."""
    response = Stored(told(LINES))
    response.set_data(b"data\n")
    return response


@view
def class_made_a_sequence() -> Response:
    """The view itself makes a list of the stream."""
    response = Sequence(told(LINES))
    response.make_sequence()
    return response


@view
def class_frozen() -> Response:
    """A frozen response is a list, with a validator."""
    response = Response(told(LINES))
    response.freeze()
    return response


@view
def class_written_to() -> Response:
    """What writes to ``response.stream`` makes a list."""
    response = Response(told(LINES))
    response.stream.write(b"behind\n")
    return response


@site
def class_of_the_whole_application(app: Flask) -> Any:
    """What views return is of the application's class."""
    app.response_class = Numbered
    return lambda: told(LINES)


@site
def class_of_the_application_forces(app: Flask) -> Any:
    """A response of another class is made to be of the application's."""
    app.response_class = Forced
    from werkzeug.wrappers import Response as Bare

    return lambda: Bare(told(LINES), headers={"X-Bare": "1"})


@site
def class_of_the_application_is_forced(app: Flask) -> Any:
    """A response of Flask's own class stays as it is, or is forced, as Flask does."""
    app.response_class = JSONLines
    return lambda: Response(told(("Größe", "two")))


@site
def class_that_a_subclass_of_flask_makes(app: Flask) -> Any:
    """``make_response`` is the application's own."""
    made = app.make_response

    def make_response(rv: Any) -> Response:
        response = made(rv)
        response.headers["X-Made"] = "1"
        return response

    app.make_response = make_response  # type: ignore[method-assign]
    return lambda: told(LINES)
