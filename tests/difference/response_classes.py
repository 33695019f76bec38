"""Response classes of an application's own, each with a method of Werkzeug's."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.wsgi import ClosingIterator

Environ = dict[str, Any]


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
