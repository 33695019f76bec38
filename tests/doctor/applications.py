"""Applications that a doctor is called for, and what spoils their streams."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from typing import Any

from flask import Flask

from flask_outpour import Outpour

Wrap = Callable[[Any], Any]


def shop(*layers: Wrap, outpour: bool = True) -> Flask:
    """Return an application with layers around it, the innermost first."""
    app = Flask("shop")
    if outpour:
        Outpour(app)
    for layer in layers:
        app.wsgi_app = layer(app.wsgi_app)  # type: ignore[method-assign]
    return app


class Plain:
    """A class that passes everything on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


class Slotted:
    """The same without a ``__dict__``, and with a private name."""

    __slots__ = ("__inner",)

    def __init__(self, app: Any) -> None:
        self.__inner = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.__inner(environ, start_response)


def closure(app: Any) -> Any:
    """A function in a function."""

    def passing(environ: Any, start_response: Any) -> Any:
        return app(environ, start_response)

    return passing


def with_setting(app: Any, setting: str, environ: Any, start_response: Any) -> Any:
    """A function that needs :func:`functools.partial`."""
    return app(environ, start_response)


def bound_before(app: Any) -> Any:
    """A partial of a function."""
    return functools.partial(with_setting, app, "setting")


def keywords_bound(app: Any) -> Any:
    """A partial that binds by name what comes after the usual two."""

    def passing(environ: Any, start_response: Any, *, inner: Any) -> Any:
        return inner(environ, start_response)

    return functools.partial(passing, inner=app)


def logged(function: Any) -> Any:
    """A decorator that keeps the function's name."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def counted(function: Any) -> Any:
    """A decorator that does not."""

    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


def decorated(app: Any) -> Any:
    """A closure under a decorator."""
    return logged(closure(app))


def badly_decorated(app: Any) -> Any:
    """A closure under a careless decorator."""
    return counted(closure(app))


class Site:
    """An object whose method, not itself, is the callable."""

    def __init__(self, app: Any) -> None:
        self.inner = app

    def handle(self, environ: Any, start_response: Any) -> Any:
        return self.inner(environ, start_response)


def method(app: Any) -> Any:
    """A bound method."""
    return Site(app).handle


def lazy(app: Any) -> Any:
    """A generator function, which calls the application when it is read."""

    def reading(environ: Any, start_response: Any) -> Any:
        response = app(environ, start_response)
        try:
            yield from response
        finally:
            if hasattr(response, "close"):
                response.close()

    return reading


SHAPES: dict[Wrap, str] = {
    Plain: "applications.Plain",
    Slotted: "applications.Slotted",
    closure: "applications.closure.<locals>.passing",
    bound_before: "applications.with_setting",
    keywords_bound: "applications.keywords_bound.<locals>.passing",
    decorated: "applications.logged.<locals>.wrapper",
    badly_decorated: "applications.counted.<locals>.wrapper",
    method: "applications.Site.handle",
    lazy: "applications.lazy.<locals>.reading",
}


class Closing:
    """An iterable with the ``close()`` of another."""

    def __init__(self, items: Any, inner: Any) -> None:
        self._items = iter(items)
        self.close = getattr(inner, "close", lambda: None)

    def __iter__(self) -> Any:
        return self._items


def listing(app: Any) -> Any:
    """Reads everything first."""

    def middleware(environ: Any, start_response: Any) -> Any:
        response = app(environ, start_response)
        return Closing(list(response), response)

    return middleware


def joining(app: Any) -> Any:
    """Sends everything in one piece."""

    def middleware(environ: Any, start_response: Any) -> Any:
        response = app(environ, start_response)
        return Closing([b"".join(response)], response)

    return middleware


def one_behind(app: Any) -> Any:
    """Looks one item ahead."""

    def behind(items: Any) -> Any:
        held = None
        for item in items:
            if held is not None:
                yield held
            held = item
        if held is not None:
            yield held

    def middleware(environ: Any, start_response: Any) -> Any:
        response = app(environ, start_response)
        return Closing(behind(response), response)

    return middleware


def signing(app: Any) -> Any:
    """Adds bytes to all that passes, and leaves Content-Length alone."""

    def signed(items: Any) -> Any:
        yield from items
        yield b"-- signed\n"

    def middleware(environ: Any, start_response: Any) -> Any:
        response = app(environ, start_response)
        return Closing(signed(response), response)

    return middleware


def garbling(app: Any) -> Any:
    """Sends other bytes, as many as there were."""

    def middleware(environ: Any, start_response: Any) -> Any:
        response = app(environ, start_response)
        return Closing((item.upper() for item in response), response)

    return middleware


def forgetful(app: Any) -> Any:
    """Gives the items on and forgets to close."""

    def middleware(environ: Any, start_response: Any) -> Any:
        return (item for item in app(environ, start_response))

    return middleware


def reassuring(app: Any) -> Any:
    """Swallows errors."""

    def safe(items: Any) -> Any:
        try:
            yield from items
        except Exception:
            return

    def middleware(environ: Any, start_response: Any) -> Any:
        response = app(environ, start_response)
        return Closing(safe(response), response)

    return middleware


def gzipping(flush: bool) -> Wrap:
    """Compresses what a client takes as gzip, whatever else it takes."""

    def compressed(items: Any) -> Any:
        compressor = zlib.compressobj(wbits=31)
        for item in items:
            data = compressor.compress(item)
            if flush:
                data += compressor.flush(zlib.Z_SYNC_FLUSH)
            if data:
                yield data
        yield compressor.flush()

    def wrap(app: Any) -> Any:
        def middleware(environ: Any, start_response: Any) -> Any:
            takes = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")

            def start(status: str, headers: Any, exc_info: Any = None) -> Any:
                codings = [v for k, v in headers if k.lower() == "content-encoding"]
                headers = [
                    (name, value)
                    for name, value in headers
                    if name.lower() not in ("content-length", "content-encoding")
                ]
                headers.append(("Content-Encoding", ", ".join([*codings, "gzip"])))
                return start_response(status, headers, exc_info)

            response = app(environ, start if takes else start_response)
            items = compressed(response) if takes else response
            return Closing(items, response)

        return middleware

    return wrap


MEMORY: dict[str, Any] = {}


def remembering(app: Any) -> Any:
    """Caches whole responses by their path."""

    def middleware(environ: Any, start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path not in MEMORY:
            started: list[Any] = []
            response = app(environ, lambda *args: started.append(args[:2]))
            MEMORY[path] = (b"".join(response), started)
            getattr(response, "close", lambda: None)()
        body, started = MEMORY[path]
        start_response(*started[0])
        return [body]

    return middleware


#: What each does wrong.
GUILTY: dict[Wrap, str] = {
    listing: "joins",
    joining: "joins",
    one_behind: "holds-back",
    signing: "changes-length",
    garbling: "changes-length",
    forgetful: "loses-close",
    reassuring: "swallows-error",
    remembering: "joins caches",
}


class Spoiling:
    """A class that spoils what it gives on, as a wrap above does."""

    def __init__(self, app: Any, wrap: Wrap) -> None:
        self.app, self.wrap = app, wrap

    def __call__(self, environ: Any, start_response: Any) -> Any:
        # Made for one request, it is the doing of the one that made it.
        return self.wrap(self.app)(environ, start_response)

    def handle(self, environ: Any, start_response: Any) -> Any:
        return self(environ, start_response)


def spoiling(app: Any, wrap: Wrap) -> Any:
    """A closure that does."""

    def spoilt(environ: Any, start_response: Any) -> Any:
        return wrap(app)(environ, start_response)

    return spoilt


def spoil(app: Any, wrap: Wrap, environ: Any, start_response: Any) -> Any:
    """A function that does, in a :func:`functools.partial`."""
    return wrap(app)(environ, start_response)


def spoiling_decorator(app: Any, wrap: Wrap) -> Any:
    """A decorator that does, and keeps the name of what it decorates."""
    function = closure(app)

    @functools.wraps(function)
    def spoilt(*args: Any) -> Any:
        return wrap(function)(*args)

    return spoilt


def careless_decorator(app: Any, wrap: Wrap) -> Any:
    """A decorator that does, and does not keep the name."""
    function = closure(app)

    def spoilt(*args: Any) -> Any:
        return wrap(function)(*args)

    return spoilt


#: How a guilty layer may be written, and what it is called then.
GUILTY_SHAPES: dict[str, tuple[Callable[[Any, Wrap], Any], str]] = {
    "class": (Spoiling, "Spoiling"),
    "closure": (spoiling, "spoiling.<locals>.spoilt"),
    "partial": (lambda app, wrap: functools.partial(spoil, app, wrap), "spoil"),
    "decorated": (spoiling_decorator, "spoiling_decorator.<locals>.spoilt"),
    "carelessly decorated": (careless_decorator, "careless_decorator.<locals>.spoilt"),
    "method": (lambda app, wrap: Spoiling(app, wrap).handle, "Spoiling.handle"),
}
