"""``after_request`` functions that replace a stream, wrap it, read it, or fail."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask import Response

from difference.entry import site
from difference.entry import told

LINES = ("one\n", "two\n", "three\n")


def replacing(app: Flask) -> Any:
    """A hook puts another response in the place of the stream."""
    note = app.extensions["journal"]
    app.after_request(lambda response: Response("replaced"))

    def root() -> Response:
        response = Response(Closable(note))
        response.call_on_close(lambda: note("response closed"))
        return response

    return root


class Closable:
    """A source that notes how it is used."""

    def __init__(self, note: Any) -> None:
        self._note = note

    def __iter__(self) -> Any:
        self._note("iterated")
        return iter(LINES)

    def close(self) -> None:
        """Note it."""
        self._note("closed")


site(replacing, name="hooks-after-replaces")


@site
def hooks_after_replaces_by_a_stream(app: Flask) -> Any:
    """A hook puts another stream in the place of a page."""
    app.after_request(lambda response: Response(told(["re", "placed"])))
    return lambda: "page"


@site
def hooks_after_wraps(app: Flask) -> Any:
    """A hook puts a generator around what is streamed."""

    @app.after_request
    def wrap(response: Response) -> Response:
        def upper(items: Any) -> Any:
            for item in items:
                yield item.upper()

        response.response = upper(response.response)
        return response

    return lambda: Response(told(LINES))


@site
def hooks_after_wraps_encoded(app: Flask) -> Any:
    """A hook puts a generator around the encoded items."""

    @app.after_request
    def wrap(response: Response) -> Response:
        items = response.iter_encoded()
        response.response = (item + b"!" for item in items)
        return response

    return lambda: Response(told(LINES))


@site
def hooks_after_reads(app: Flask) -> Any:
    """A hook reads the whole stream, which is then a list."""

    @app.after_request
    def read(response: Response) -> Response:
        response.headers["X-Bytes"] = str(len(response.get_data()))
        return response

    return lambda: Response(told(LINES))


@site
def hooks_after_sets_data(app: Flask) -> Any:
    """A hook sets data in the place of a stream."""

    @app.after_request
    def read(response: Response) -> Response:
        response.set_data("data")
        return response

    return lambda: Response(told(LINES))


@site
def hooks_after_changes_class(app: Flask) -> Any:
    """A hook changes the class of the response, as old extensions do."""

    class Marked(Response):
        def get_wsgi_headers(self, environ: Any) -> Any:
            headers = super().get_wsgi_headers(environ)
            headers["X-Marked"] = "1"
            return headers

    @app.after_request
    def change(response: Response) -> Response:
        response.__class__ = Marked
        return response

    return lambda: Response(told(LINES))


@site
def hooks_after_fails(app: Flask) -> Any:
    """A hook fails; Flask answers 500."""

    @app.after_request
    def fail(response: Response) -> Response:
        if response.status_code == 200:
            raise ZeroDivisionError("in after_request")
        return response

    return lambda: Response(told(LINES))
