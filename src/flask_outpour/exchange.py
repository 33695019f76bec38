"""A request and its response, from the server's call to the first chunk."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any
from typing import cast
from typing import Protocol
from typing import TYPE_CHECKING

from flask import Flask
from flask import Request
from flask import Response
from werkzeug.wsgi import ClosingIterator

from .body import Body
from .coalesce import Coalescer
from .configuration import is_exempt
from .configuration import Settings
from .context import current_request
from .context import explain
from .context import RequestScope
from .delivery import Delivery
from .errors import ItemError
from .servers import server_warning

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

    from .start import HeldStart

_KEY = "outpour.exchange"


class Closable(Protocol):
    """A stream that a view has made."""

    def close(self) -> None:
        """Let go of its source."""


class Exchange:
    """What Outpour knows of one request until its first chunk is there."""

    def __init__(self, app: Flask, environ: WSGIEnvironment) -> None:
        self.app = app
        self.scope = RequestScope(environ)
        #: Streams with context that no body owns yet.
        self.streams: list[Closable] = []
        self._response: Response | None = None
        self._body: Body | None = None
        self._delivery: Delivery | None = None
        self._primes = False

    def answer(
        self,
        wsgi_app: WSGIApplication,
        environ: WSGIEnvironment,
        start_response: HeldStart,
    ) -> Iterable[bytes]:
        """Call the application, and pull the first chunk of what it streams.

        :raises Exception: what the application, or its error handlers, raised.
        """
        outer = environ.get(_KEY)
        environ[_KEY] = self
        try:
            iterable = self.scope.run(wsgi_app, environ, start_response)
            return self._primed(iterable, environ, start_response)
        except BaseException:
            self._drop()
            raise
        finally:
            # An exchange that stayed here would make a cycle with the environ.
            environ[_KEY] = outer
            self._settle()

    def attach(self, response: Response) -> None:
        """Put a body in the place of the response's iterable, if that streams.

        The body owns the streams that the view has made, since the iterable may
        hold them in any wrapping; while it lives, so do the request's contexts.

        :raises ItemError: for an asynchronous iterator.
        """
        self._drop()
        if response.direct_passthrough or not response.is_streamed:
            return
        self.scope.remember()
        request = self.scope.request
        if is_exempt_request(self.app, request) or _is_error_page(response):
            return
        if hasattr(response.response, "__aiter__"):
            raise ItemError.of_source(response.response)
        self._warn(request)
        bodyless = request.method == "HEAD" or _is_bodyless(response.status_code)
        self._serve(request, response, held=bool(self.streams) and not bodyless)
        # An event stream may have no event for minutes, and granian sends its
        # headers before it asks for a chunk.
        self._primes = not bodyless and not _is_event_stream(response)

    def _serve(self, request: Request, response: Response, *, held: bool) -> None:
        settings = Settings.from_config(self.app.config)
        source: Any = response.response
        joins = getattr(response, "coalesce", True) and not _is_event_stream(response)
        delivery = Delivery(
            self.app,
            request,
            response,
            self.scope,
            sources=[source, *self.streams],
            held=held,
            aborts_hard=settings.hard_abort,
        )
        body = Body(
            Coalescer(
                source,
                chunk_size=settings.chunk_size if joins else 0,
                slow=settings.slow,
            ),
            run=self.scope.run,
            observer=delivery,
            declared=response.content_length,
            longest=settings.longest,
        )
        if held:
            self.scope.hold()
        self.streams = []
        response.response = body
        self._response, self._body, self._delivery = response, body, delivery

    def _primed(
        self,
        iterable: Iterable[bytes],
        environ: WSGIEnvironment,
        start_response: HeldStart,
    ) -> Iterable[bytes]:
        if self._body is None or not self._primes:
            return iterable
        try:
            self._body.prime()
        except Exception as error:
            explain(error)
            try:
                # Handlers come before the end of what failed: they may use the
                # contexts that it holds.
                return self._recovered(environ, start_response)
            finally:
                _close(iterable)
        return iterable

    def _recovered(
        self, environ: WSGIEnvironment, start_response: HeldStart
    ) -> Iterable[bytes]:
        assert self._delivery is not None
        self._delivery.answered = True
        self._body = None
        start_response.forget()
        iterable = self.scope.run(self._answer_error, environ, start_response)
        if self._body is not None and self._primes:
            try:
                self._body.prime()
            except BaseException:
                _close(iterable)
                raise
        return iterable

    def _answer_error(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer the error that is being handled, as ``Flask.wsgi_app`` does."""
        error = cast(Exception, sys.exception())
        with self.scope.reopened():
            try:
                handled = self.app.handle_user_exception(error)
                response = self.app.finalize_request(handled)
            except Exception as unhandled:
                response = self.app.handle_exception(unhandled)
            return response(environ, start_response)

    def _settle(self) -> None:
        """Close what no body owns: the view or ``after_request`` gave it up."""
        if self._response is not None and self._response.response is not self._body:
            self._drop()
        for stream in self.streams:
            self.scope.run(stream.close)
        if self._body is None:
            self.scope.export()

    def _drop(self) -> None:
        body, self._body, self._response = self._body, None, None
        if body is not None:
            body.close()

    def _warn(self, request: Request) -> None:
        warning = server_warning(request.environ)
        warned = self.app.extensions["outpour"].warned
        if warning is not None and warning not in warned:
            warned.add(warning)
            self.app.logger.warning(warning)


def current_exchange() -> Exchange | None:
    """Return the exchange of the active request, if Outpour serves it."""
    current = current_request()
    if current is None:
        return None
    app, request = current
    exchange: Exchange | None = request.environ.get(_KEY)
    return exchange if exchange is not None and exchange.app is app else None


def is_exempt_request(app: Flask, request: Request) -> bool:
    """Whether the view that the request matched is marked as exempt."""
    return is_exempt(app.view_functions.get(request.endpoint or ""))


def _is_error_page(response: Response) -> bool:
    """Whether this is Werkzeug's page of an error, which Flask ran as a WSGI app."""
    ran = isinstance(response.response, ClosingIterator)
    return ran and response.status_code >= 400


def _is_event_stream(response: Response) -> bool:
    return response.mimetype == "text/event-stream"


def _is_bodyless(status: int) -> bool:
    return status in (204, 304) or 100 <= status < 200


def _close(iterable: Iterable[bytes]) -> None:
    if hasattr(iterable, "close"):
        iterable.close()
