"""A Flask application enters; what becomes of the stream of one response leaves."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any
from typing import TYPE_CHECKING

import flask
import werkzeug.wsgi
from flask import after_this_request
from flask import got_request_exception
from flask import has_request_context
from flask import request

from ..decode import decoder
from ..sources import close_source

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask
    from flask import Response

_KEY = "outpour.testing.watch"
#: Who reads a stream as it should: Outpour, Flask, and Werkzeug without its middleware.
_KNOWN = (
    str(Path(__file__).parents[1] / "_")[:-1],
    str(Path(flask.__file__).parent / "_")[:-1],
    str(Path(werkzeug.wsgi.__file__)),
    str(Path(werkzeug.__file__).parent / "wrappers"),
)
_FLASK_APP = str(Path(flask.__file__).parent / "app.py")


class Watch:
    """What is seen of one response, and the hold on the iterable of its view."""

    #: The response as the view made it, if it is no stream.
    whole: Response | None = None
    #: Whether the view's response was seen, and all functions had it since.
    answered = False
    sent = False
    #: The functions that asked for a second item while it was held.
    readers: tuple[str, ...] = ()
    #: The ``after_request`` function that read the stream.
    consumer: str | None = None
    #: What the application, or the view's iterable, failed with.
    error: BaseException | None = None

    def __init__(self) -> None:
        #: The view's iterable gave its first item that is not empty, its second.
        self.first, self.second = threading.Event(), threading.Event()
        #: The outermost WSGI callable gave the server some of the first item.
        self.left = threading.Event()
        #: The view's iterable may go on; has come to its end; is let go, or ended.
        self.released, self.exhausted, self.over = (
            threading.Event(),
            threading.Event(),
            threading.Event(),
        )

    def served(self, application: WSGIApplication) -> WSGIApplication:
        """Return the application, its requests and what leaves it watched."""

        def entrance(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            environ[_KEY] = self
            headers: dict[str, str] = {}

            def start(status: str, fields: Any, exc_info: Any = None) -> Any:
                headers.update((name.lower(), value) for name, value in fields)
                rest = () if exc_info is None else (exc_info,)
                return start_response(status, fields, *rest)

            try:
                return _Leaving(application(environ, start), headers, self)
            except Exception as error:
                self.error = error
                raise

        return entrance

    def see(self, response: Response) -> Response:
        """Look at a response before any function of the application does."""
        self.answered = True
        # waitress has a length for a file that it sends itself.
        if not (response.is_streamed or response.direct_passthrough):
            self.whole = response
        elif response.status_code < 300 and not hasattr(response.response, "__aiter__"):
            response.response = _Held(response.response, self)
        return response

    def reached(self, frame: FrameType | None) -> None:
        """Wait, as more than the first item is asked for, until that is received."""
        frames = [*_frames_from(frame)]
        if not self.sent:
            # The functions that are called after a request have no stream to send.
            self.consumer = _consumer_in(frames)
            self.released.set()
        self.readers = tuple(dict.fromkeys(map(_name_of, _strangers(frames))))
        self.released.wait()


@contextmanager
def watched(app: Flask) -> Iterator[Watch]:
    """Watch the responses of an application to the requests of one client.

    Only functions in Flask's lists are added: the first before a request, which is
    also the first after it, and the last after it. Requests of others pass.
    """
    watch = Watch()

    def begin() -> None:
        if request.environ.get(_KEY) is watch:
            after_this_request(watch.see)

    def end(response: Response) -> Response:
        if request.environ.get(_KEY) is watch:
            watch.sent = True
        return response

    def failed(sender: Flask, exception: BaseException, **_: object) -> None:
        if has_request_context() and request.environ.get(_KEY) is watch:
            watch.error = exception

    before = app.before_request_funcs.setdefault(None, [])
    after = app.after_request_funcs.setdefault(None, [])
    before.insert(0, begin)
    after.insert(0, end)
    try:
        with got_request_exception.connected_to(failed, app):
            yield watch
    finally:
        watch.released.set()
        before.remove(begin)
        after.remove(end)


class _Held(Iterator[Any]):
    """The iterable of a view, which waits before its second item."""

    def __init__(self, source: Any, watch: Watch) -> None:
        self._source = source
        self._items = iter(source)
        self._watch = watch

    def __next__(self) -> Any:
        watch = self._watch
        if watch.first.is_set() and not watch.released.is_set():
            watch.reached(sys._getframe(1))
        try:
            item = next(self._items)
        except StopIteration:
            watch.exhausted.set()
            watch.over.set()
            raise
        except BaseException as error:
            watch.error = error
            raise
        if item:
            (watch.second if watch.first.is_set() else watch.first).set()
        return item

    def close(self) -> None:
        source, self._source, self._items = self._source, (), iter(())
        self._watch.over.set()
        close_source(source)

    def __del__(self) -> None:
        # Who wraps it in a generator lets go of it, and does not close it.
        self._watch.over.set()


class _Leaving(Iterator[bytes]):
    """What the outermost WSGI callable returns, on its way to the server."""

    def __init__(
        self, iterable: Iterable[bytes], headers: dict[str, str], watch: Watch
    ) -> None:
        self._iterable = iterable
        self._headers = headers
        self._decode: Callable[[bytes], bytes] | None = None
        self._chunks = iter(iterable)
        self._watch = watch

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        if not self._watch.left.is_set():
            self._look_at(chunk)
        return chunk

    def _look_at(self, chunk: bytes) -> None:
        # Some callables send their headers only now.
        if self._decode is None:
            coding = self._headers.get("content-encoding", "")
            self._decode = decoder(coding) or bytes
        if self._decode(chunk) and self._watch.first.is_set():
            self._watch.left.set()

    def close(self) -> None:
        iterable, self._iterable = self._iterable, ()
        if hasattr(iterable, "close"):
            iterable.close()

    def __del__(self) -> None:
        # Werkzeug's server does not close what a client has left by a reset.
        self.close()


def _frames_from(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames from the reader of a stream out to the server."""
    while frame is not None and frame.f_code.co_filename != __file__:
        yield frame
        frame = frame.f_back


def _strangers(frames: list[FrameType]) -> Iterator[FrameType]:
    for frame in frames:
        if not frame.f_code.co_filename.startswith(_KNOWN):
            yield frame


def _consumer_in(frames: list[FrameType]) -> str | None:
    """Return the function that Flask called when the stream was read."""
    for inner, outer in pairwise(frames):
        code = outer.f_code
        if code.co_name == "process_response" and code.co_filename == _FLASK_APP:
            return _name_of(inner)
    return None


def _name_of(frame: FrameType) -> str:
    code = frame.f_code
    return f"{code.co_qualname} ({Path(code.co_filename).name}:{code.co_firstlineno})"
