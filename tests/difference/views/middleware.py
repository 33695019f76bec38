"""WSGI middleware, inside Outpour and outside of it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from flask import Flask
from flask import Response
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wsgi import ClosingIterator

from difference.better import Better
from difference.entry import site
from difference.entry import told

Environ = dict[str, Any]
LINES = ("one\n", "two\n", "three\n")


def counting(inner: Any, note: Any) -> Any:
    """Count the bytes that pass, and note them when it is closed."""

    class Counter:
        def __init__(self, iterable: Iterable[bytes]) -> None:
            self._iterable, self._iterator = iterable, iter(iterable)
            self._bytes = 0

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> bytes:
            item = next(self._iterator)
            self._bytes += len(item)
            return item

        def close(self) -> None:
            note(f"{self._bytes} bytes")
            self._iterable.close()  # type: ignore[attr-defined]

    return lambda environ, start: Counter(inner(environ, start))


def stamping(inner: Any, note: Any) -> Any:
    """Add a field in ``start_response``."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            note(f"start_response {status}")
            return start_response(status, [*headers, ("X-Stamp", "1")], exc_info)

        return inner(environ, start)

    return app


def narrow(inner: Any, note: Any) -> Any:
    """Take ``start_response`` with two arguments alone, as old middleware does."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        return inner(environ, lambda status, headers: start_response(status, headers))

    return app


def wrapping(inner: Any, note: Any) -> Any:
    """Change each item in a generator, which loses ``close()``."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        for item in inner(environ, start_response):
            yield item.replace(b"o", b"0")

    return app


def losing(inner: Any, note: Any) -> Any:
    """Lose ``close()``, without a generator."""
    return lambda environ, start: map(bytes.upper, inner(environ, start))


def closing(inner: Any, note: Any) -> Any:
    """Do something when the response is closed."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        iterable = inner(environ, start_response)
        return ClosingIterator(iterable, lambda: note("middleware closes"))

    return app


def writing(inner: Any, note: Any) -> Any:
    """Send what comes by ``write()``, and return what is left."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        writers: list[Any] = []

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            writers.append(start_response(status, headers, exc_info))
            return writers[-1]

        iterable = inner(environ, start)
        for item in iterable:
            writers[-1](item)
        iterable.close()
        return [b"the rest\n"]

    return app


def collecting(inner: Any, note: Any) -> Any:
    """Collect the whole, as a cache does."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        iterable = inner(environ, start_response)
        try:
            return [b"".join(iterable)]
        finally:
            iterable.close()

    return app


def prefixing(inner: Any, note: Any) -> Any:
    """Put an item of its own before the application's."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        iterable = inner(environ, start_response)

        def prefixed() -> Any:
            yield b"-- begin\n"
            yield from iterable

        return ClosingIterator(prefixed(), iterable.close)

    return app


def catching(inner: Any, note: Any) -> Any:
    """Note what fails, and let it pass, as reporters of errors do."""

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        def guarded(iterable: Any) -> Any:
            try:
                yield from iterable
            except Exception as error:
                note(f"middleware sees {type(error).__name__}")
                raise
            finally:
                iterable.close()

        return guarded(inner(environ, start_response))

    return app


def proxied(inner: Any, note: Any) -> Any:
    """Trust a proxy."""
    return ProxyFix(inner, x_for=1, x_prefix=1)


def put(layer: Any) -> Any:
    """Return an application with this middleware, and a stream."""

    def build(app: Flask) -> Any:
        app.wsgi_app = layer(app.wsgi_app, app.extensions["journal"])
        return lambda: Response(told(LINES))

    return build


#: What is better about middleware around Outpour.
AROUND = {
    stamping: {
        "better": Better.HELD_START,
        "ours": {"notes": ("source starts", "start_response 200 OK", "source closes")},
    }
}

for layer in (
    *(counting, stamping, narrow, wrapping, losing, closing, writing, collecting),
    *(prefixing, catching, proxied),
):
    site(put(layer), name=f"outside-{layer.__name__}", **AROUND.get(layer, {}))
    site(put(layer), name=f"inside-{layer.__name__}", line_last=True)
