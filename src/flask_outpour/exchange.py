"""A request and its response, from the server's call to the first chunk."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any
from typing import cast
from typing import TYPE_CHECKING

from flask import Flask
from flask import Request
from flask import Response
from werkzeug.exceptions import NotAcceptable
from werkzeug.wsgi import ClosingIterator

from .body import Body
from .coalesce import Coalescer
from .compress import new_encoder
from .configuration import Settings
from .content_coding import apply_coding
from .content_coding import unmark
from .context import current_request
from .context import explain
from .context import RequestScope
from .delivery import close_source
from .delivery import Delivery
from .errors import ItemError
from .outlet import Outlet
from .servers import server_warning
from .start import HeldStart

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

KEY = "outpour.exchange"
#: What a view has whose responses are left as Flask makes them.
EXEMPT = "_outpour_exempt"


class Exchange:
    """What Outpour knows of one request until its first chunk is there."""

    # Every request makes one of these, and few are streams.
    _body: Body | None = None
    _delivery: Delivery | None = None
    _primes = False

    def __init__(
        self, app: Flask, environ: WSGIEnvironment, start_response: StartResponse
    ) -> None:
        self.app = app
        self.scope = RequestScope(environ)
        self._start = HeldStart(start_response)
        #: Streams with context that no body owns yet.
        self.streams: list[Any] = []

    def answer(
        self, wsgi_app: WSGIApplication, environ: WSGIEnvironment
    ) -> Iterable[bytes]:
        """Call the application, and pull the first chunk of what it streams.

        :raises Exception: what the application, or its error handlers, raised.
        """
        if self.app.config["OUTPOUR_COMPRESS"] and "HTTP_IF_NONE_MATCH" in environ:
            unmark(environ, Settings.from_config(self.app.config).codings)
        outer = environ.get(KEY)
        environ[KEY] = self
        try:
            iterable = self.scope.run(wsgi_app, environ, self._start)
            if self._body is None:
                return iterable
            return self._started(self._primed(iterable, environ))
        except BaseException:
            self._drop()
            raise
        finally:
            # An exchange that stayed here would make a cycle with the environ.
            environ[KEY] = outer
            if self.streams:
                self._close_given_up(self.streams)
            if self._body is None:
                self.scope.export()

    def attach(self, response: Response) -> Response:
        """Put a body in the place of the response's iterable, if that streams.

        The body owns the streams that the view has made, since the iterable may
        hold them in any wrapping; while it lives, so do the request's contexts. A
        stream that is not to be sent is closed here, where it has its contexts.

        Return the response, or the page that tells a client who takes no coding that
        there is.

        :raises ItemError: for an asynchronous iterator.
        """
        if self._body is not None:
            self._drop()
        if not self._is_stream(response):
            if self.streams:
                self._close_given_up(self.streams)
            return response
        settings = Settings.from_config(self.app.config)
        declared = response.content_length
        coding = apply_coding(response, self.scope.request, settings.codings)
        bodyless = _is_bodyless(response.status_code)
        if coding is None or bodyless or self.scope.request.method == "HEAD":
            self._close_given_up([response.response, *self.streams])
            response.response = iter(())
            return self._refusal(settings) if coding is None else response
        self._warn()
        self._serve(response, settings, declared, coding)
        return response

    def _refusal(self, settings: Settings) -> Response:
        offered = ", ".join(settings.codings)
        error = NotAcceptable(f"The response can be had in the codings {offered}.")
        page = self.app.make_response(self.app.handle_user_exception(error))
        page.vary.add("Accept-Encoding")
        return page

    def _is_stream(self, response: Response) -> bool:
        if response.direct_passthrough or not response.is_streamed:
            return False
        self.scope.remember()
        if is_exempt_request(self.app, self.scope.request) or _is_error_page(response):
            return False
        if hasattr(response.response, "__aiter__"):
            raise ItemError.of_source(response.response)
        return True

    def _serve(
        self, response: Response, settings: Settings, declared: int | None, coding: str
    ) -> None:
        source: Any = response.response
        events = response.mimetype == "text/event-stream"
        joins = getattr(response, "coalesce", True) and not events
        held = bool(self.streams)
        delivery = Delivery(
            self.app,
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
            observer=delivery,
            declared=declared,
            encoder=None if coding == "identity" else new_encoder(coding),
            longest=settings.longest,
        )
        if held:
            self.scope.hold()
        self.streams = []
        response.response = body
        self._body, self._delivery = body, delivery
        # An event stream may have no event for minutes, and granian sends its
        # headers before it asks for a chunk.
        self._start.holds = self._primes = not events

    def _primed(
        self, iterable: Iterable[bytes], environ: WSGIEnvironment
    ) -> Iterable[bytes]:
        try:
            self._prime()
        except Exception as error:
            explain(error)
            try:
                # Handlers come before the end of what failed: they may use the
                # contexts that it holds.
                return self._recovered(environ)
            finally:
                self._close(iterable)
        return iterable

    def _recovered(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        assert self._delivery is not None
        self._delivery.answered = True
        self._body = None
        self._start.forget()
        iterable = self.scope.run(self._answer_error, environ)
        try:
            self._prime()
        except BaseException:
            self._close(iterable)
            raise
        return iterable

    def _answer_error(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        """Answer the error that is being handled, as ``Flask.wsgi_app`` does."""
        error = cast(Exception, sys.exception())
        delivery = cast(Delivery, self._delivery)
        with self.scope.reopened():
            try:
                handled = self.app.handle_user_exception(error)
                response = self.app.finalize_request(handled)
            except Exception as unhandled:
                delivery.unhandled = unhandled
                response = self.app.handle_exception(unhandled)
            return response(environ, self._start)

    def _started(self, iterable: Iterable[bytes]) -> Iterable[bytes]:
        """Send the headers of a stream, and let no thread step it beside another."""
        if self._body is None:
            return iterable
        self.scope.run(self._send_headers)
        return Outlet(iterable, self._body, self.scope.run)

    def _send_headers(self) -> None:
        # Outer middleware expects the request where it gets the headers.
        with self.scope.shown():
            self._start.release()
            self.scope.watch_session()

    def _prime(self) -> None:
        """Pull the first chunk, unless the application has begun to read."""
        if self._primes and self._body is not None and not self._body.begun:
            self.scope.run(self._body.prime)
            assert self._delivery is not None
            # What the first chunk has begun, such as an export inside an archive, goes
            # on with the others.
            self._delivery.take_over(self.streams)
            self.streams = []

    def _close(self, iterable: Any) -> None:
        if hasattr(iterable, "close"):
            self.scope.run(iterable.close)

    def _close_given_up(self, sources: list[Any]) -> None:
        """Close what is not to be sent; that must not change what is."""
        for source in sources:
            try:
                self.scope.run(close_source, source)
            except Exception:
                self.app.logger.exception("A stream that was not sent failed to close.")
        self.streams = []

    def _drop(self) -> None:
        body, self._body = self._body, None
        self._start.forget()
        if body is not None:
            self._close(body)

    def _warn(self) -> None:
        warning = server_warning(self.scope.request.environ)
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
    exchange: Exchange | None = request.environ.get(KEY)
    return exchange if exchange is not None and exchange.app is app else None


def is_exempt_request(app: Flask, request: Request) -> bool:
    """Whether the view that the request matched is marked as exempt."""
    return getattr(app.view_functions.get(request.endpoint or ""), EXEMPT, False)


def _is_error_page(response: Response) -> bool:
    """Whether this is a page of Werkzeug's, which Flask ran as a WSGI application."""
    ran = isinstance(response.response, ClosingIterator)
    return ran and response.status_code >= 300


def _is_bodyless(status: int) -> bool:
    return status in (204, 304) or 100 <= status < 200
