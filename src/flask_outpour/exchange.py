"""A request and its response, from the server's call to the first chunk."""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
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
from .context import explain
from .context import request_context
from .context import RequestScope
from .delivery import Delivery
from .departure import departure_of
from .drain import drain_of
from .drain import EVENTS
from .error_pages import page_of
from .errors import ItemError
from .outlet import Outlet
from .own_ways import has_own_way
from .own_ways import Whole
from .servers import let_items_pass
from .servers import opens_by_an_empty_item
from .servers import server_warning
from .sources import Sources
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
    _former: Body | None = None
    _delivery: Delivery | None = None
    _primes = False
    #: What the body is made from where that is all that the application returns.
    _whole: Whole | None = None
    #: Whether the view that was called is.
    is_exempt = False

    def __init__(
        self, app: Flask, environ: WSGIEnvironment, start_response: StartResponse
    ) -> None:
        self.app = app
        self.scope = RequestScope(environ)
        self._start = HeldStart(start_response)
        #: Streams with context that no body is made of yet.
        self.streams: Sources = Sources()

    def answer(
        self, wsgi_app: WSGIApplication, environ: WSGIEnvironment
    ) -> Iterable[bytes]:
        """Call the application, and pull the first chunk of what it streams.

        :raises Exception: what the application, or its error handlers, raised.
        """
        if "HTTP_IF_NONE_MATCH" in environ and self.app.config["OUTPOUR_COMPRESS"]:
            unmark(environ, self._settings().codings)
        outer = environ.get(KEY)
        environ[KEY] = self
        try:
            iterable = self.scope.run(wsgi_app, environ, self._start)
            if self._body is None:
                return iterable
            return self.scope.run(self._begun, iterable, environ)
        except BaseException:
            self._drop()
            raise
        finally:
            # An exchange that stayed here would make a cycle with the environ.
            environ[KEY] = outer
            if self.streams:
                self._give_up(self.streams)
            if self._body is None:
                self.scope.export()

    def _begun(
        self, iterable: Iterable[bytes], environ: WSGIEnvironment
    ) -> Iterable[bytes]:
        """Pull the first chunk, and start the response."""
        if self._whole is not None:
            iterable = self._taken(iterable)
        iterable = self._primed(iterable, environ)
        if self._body is None:
            return iterable
        let_items_pass(environ)
        # Outer middleware expects the request where it gets the headers.
        self.scope.show(self._start.release)
        self.scope.watch_session()
        if self._body.progress.outcome is not None:
            # Middleware has collected it: of a list, a server knows the length.
            return iterable
        departure = departure_of(environ)
        return Outlet(iterable, self._body, self.scope.run, departure)

    def attach(self, response: Response) -> Response:
        """Put a body in the place of the response's iterable, if that streams.

        The body owns the streams that the view has made, since the iterable may
        hold them in any wrapping; while it lives, so do the request's contexts. A
        stream that is not to be sent is closed here, where it has its contexts.

        Return the response, or the page that tells a client who takes no coding that
        there is.

        :raises ItemError: for an asynchronous iterator.
        """
        former = self._body
        if former is not None:
            if response is cast(Delivery, self._delivery).response:
                # An application may pass a response through Flask's functions itself.
                return response
            self._former, self._body, self._whole = former, None, None
            self._start.forget()
        if not self._is_stream(response):
            if self._former is not None:
                self._close_former()
            if self.streams:
                self._give_up(self.streams)
            return response
        settings, request = self._settings(), self.scope.request
        # What a class makes in its own way is not coded, and may have another length.
        own_way = has_own_way(response)
        # One look, for headers make an exception of each name that they do not have.
        headers = {name.lower(): value for name, value in response.headers}
        has_length = "content-length" in headers and not own_way
        declared = response.content_length if has_length else None
        codings = () if own_way else settings.codings
        coding = apply_coding(response, request, codings) if codings else "identity"
        bodyless = request.method == "HEAD" or _is_bodyless(response.status_code)
        if bodyless and own_way:
            # What its class does for that may want the items.
            self._close_former()
            return response
        if coding is None or bodyless:
            self._give_up(self._sources_of(response.response))
            response.response = iter(())
            return self._refusal(settings) if coding is None else response
        self._warn()
        if own_way:
            self._whole = Whole(response.response)
        self._serve(response, settings, headers, declared, coding)
        return response

    def _refusal(self, settings: Settings) -> Response:
        offered = ", ".join(settings.codings)
        error = NotAcceptable(f"The response can be had in the codings {offered}.")
        page = self.app.make_response(self.app.handle_user_exception(error))
        page.vary.add("Accept-Encoding")
        return page

    def _is_stream(self, response: Response) -> bool:
        if not is_streamed(response):
            return False
        self.scope.remember()
        # What has begun under Outpour is not given up for a view that is called later.
        if not self.streams and is_exempt(self, self.app, self.scope.request):
            return False
        if hasattr(response.response, "__aiter__"):
            raise ItemError.of_source(response.response)
        return True

    def _serve(
        self,
        response: Response,
        settings: Settings,
        headers: dict[str, str],
        declared: int | None,
        coding: str,
    ) -> None:
        request = self.scope.request
        source: Any = self._whole or response.response
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        drain = drain_of(headers, media_type, request, self.streams, settings.drain)
        events = media_type == EVENTS
        joins = not events and getattr(response, "coalesce", True)
        held, rows = bool(self.streams), _rows_of(self.streams)
        delivery = Delivery(
            self.app,
            response,
            self.scope,
            sources=self._sources_of(source),
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
            opens=partial(
                opens_by_an_empty_item, request.environ, self._start.start_response
            ),
            drain=drain,
            rows=rows,
        )
        if held:
            self.scope.hold()
        if self._whole is None:
            response.response = body
        self._body, self._delivery = body, delivery
        # An event stream may have no event for minutes, and granian sends its
        # headers before it asks for a chunk.
        self._start.holds = self._primes = not events

    def _sources_of(self, source: Any) -> Sources:
        """Return the source of a response, and the streams that are in it."""
        sources = Sources([source])
        if self.streams:
            self.streams.move_to(sources)
        if self._former is not None:
            # The body of a response that was replaced; or that is inside of this one.
            sources.append(self._former)
            self._former = None
        return sources

    def _taken(self, iterable: Iterable[bytes]) -> Iterable[bytes]:
        """Return the body in the place of all that it is made from."""
        if self._whole is None or self._body is None:
            return iterable
        self._whole.iterable, self._whole = iterable, None
        return self._body

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
        iterable = self._taken(self._answer_error(environ))
        try:
            self._prime()
        except BaseException:
            self._close(iterable)
            raise
        return iterable

    def _answer_error(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        """Answer the error that is being handled, as ``Flask.wsgi_app`` does."""
        delivery = cast(Delivery, self._delivery)
        with self.scope.reopened():
            error = cast(Exception, sys.exception())
            response, delivery.unhandled = page_of(error, self.app)
            del error
            return response(environ, self._start)

    def _prime(self) -> None:
        """Pull the first chunk, unless the application has begun to read."""
        if self._primes and self._body is not None and not self._body.begun:
            self._body.prime()
            if self.streams:
                # What the first chunk has begun, such as an export inside an archive,
                # goes on with the others.
                self.streams.move_to(cast(Delivery, self._delivery).sources)

    def _close(self, iterable: Any) -> None:
        if hasattr(iterable, "close"):
            self.scope.run(iterable.close)

    def _give_up(self, sources: Sources) -> None:
        """Close what is not to be sent; that must not change what is."""
        try:
            self.scope.run(sources.close)
        except Exception:
            with suppress(Exception):
                self.app.logger.exception("A stream that was not sent failed to close.")

    def _close_former(self) -> None:
        former, self._former = self._former, None
        if former is not None:
            self._close(former)

    def _drop(self) -> None:
        self._close_former()
        body, self._body, self._whole = self._body, None, None
        self._start.forget()
        if body is not None:
            self._close(body)

    def _settings(self) -> Settings:
        return self.app.extensions["outpour"].settings(self.app.config)  # type: ignore[no-any-return]

    def _warn(self) -> None:
        state = self.app.extensions["outpour"]
        environ, start_response = self.scope.request.environ, self._start.start_response
        # A process has one server, and perhaps a test client.
        server = (
            environ.get("SERVER_SOFTWARE"),
            getattr(start_response, "__module__", 0),
        )
        if server in state.servers:
            return
        state.servers.add(server)
        warning = server_warning(environ, start_response)
        if warning is not None and state.is_new(warning):
            with suppress(Exception):
                self.app.logger.warning(warning)


def current_exchange() -> Exchange | None:
    """Return the exchange of the active request, if Outpour serves it."""
    context = request_context()
    if context is None:
        return None
    exchange: Exchange | None = context.request.environ.get(KEY)
    return exchange if exchange is not None and exchange.app is context.app else None


def is_exempt(exchange: Exchange | None, app: Flask, request: Request) -> bool:
    """Whether the view of the request is marked as exempt, or was when called."""
    if exchange is not None and exchange.is_exempt:
        return True
    view = app.view_functions.get(request.endpoint or "")
    marked = getattr(view, EXEMPT, False)
    return marked or getattr(getattr(view, "view_class", None), EXEMPT, False)


def is_streamed(response: Response) -> bool:
    """Whether a response has items, of which nobody knows how many."""
    if type(response.response) is list:
        # As a view's text or JSON is: most responses are told from streams here.
        return False
    if response.direct_passthrough or not response.is_streamed:
        return False
    # Flask runs a page of Werkzeug's as a WSGI application.
    ran = isinstance(response.response, ClosingIterator)
    return not ran or response.status_code < 300


def _rows_of(streams: Sources) -> Callable[[], int] | None:
    """Return what counts the rows of a response that is made of them alone."""
    if len(streams) != 1 or getattr(streams[0], "rows", None) is None:
        return None
    return partial(getattr, streams[0], "rows")


def _is_bodyless(status: int) -> bool:
    return status in (204, 304) or 100 <= status < 200
