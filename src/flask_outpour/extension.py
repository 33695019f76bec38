"""A Flask application enters; the same, with streams served by Outpour, leaves."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import TYPE_CHECKING
from typing import TypeVar

from flask import Flask
from flask import Request
from flask import Response

from .configuration import check_names
from .configuration import DEFAULTS
from .configuration import KnownSettings
from .configuration import Settings
from .context import request_context
from .errors import ConfigurationError
from .exchange import Exchange
from .exchange import is_exempt
from .exchange import is_streamed
from .exchange import KEY
from .exempt import exempt
from .templates.deferral import add_tags
from .templates.deferral import ForkedPool

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

    from .formats import Format
    from .formats import Formats

F = TypeVar("F", bound=Callable[..., Any])

_BYPASS = (
    "Outpour is set up, but does not serve this stream: the request came past it, by an"
    " app.wsgi_app that was taken before Outpour(app) was called. Call Outpour(app)"
    " first, and wrap or pass on app.wsgi_app after it, or pass on the app itself."
)


@dataclass(slots=True)
class State:
    """What Outpour keeps for one application."""

    #: What :func:`stream_rows` chooses from, where that is not what there is anywhere.
    formats: Formats | None = None
    #: The servers whose endings were looked at, as they name themselves.
    servers: set[tuple[Any, ...]] = field(default_factory=set)
    #: Where the deferred blocks of its pages are rendered.
    pool: ForkedPool = field(default_factory=ForkedPool)
    _warned: dict[str, object] = field(default_factory=dict)
    _read: KnownSettings = field(default_factory=KnownSettings)

    def is_new(self, warning: str) -> bool:
        """Whether this is the first call with a warning, in whichever thread."""
        mine = object()
        return self._warned.setdefault(warning, mine) is mine

    def settings(self, config: Mapping[str, Any]) -> Settings:
        """Return the settings, which are read anew where a key has changed."""
        return self._read(config)


class Outpour:
    """Serve the streaming views of an application fast and honestly.

    ::

        app = Flask(__name__)
        Outpour(app)

    or, in an application factory, ``outpour = Outpour()`` and
    ``outpour.init_app(app)``.

    :param app: is given to :meth:`init_app`, if not ``None``.
    :param formats: formats of the application's own for :func:`stream_rows`; one with
        the suffix of a built-in format takes its place.
    """

    def __init__(
        self, app: Flask | None = None, *, formats: Iterable[Format] = ()
    ) -> None:
        self._formats = None if formats == () else _built_in_and(formats)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set Outpour up for an application.

        The keys of ``app.config`` that it reads, when a stream starts:

        - ``OUTPOUR_ENABLED`` (``True``): whether Outpour does anything at all.
        - ``OUTPOUR_CHUNK_SIZE`` (65,536 bytes): where joining stops.
        - ``OUTPOUR_SLOW`` (0.005 seconds): an item that comes this long after the
          last chunk is sent at once.
        - ``OUTPOUR_HARD_ABORT`` (``False``): reset the connection of an HTTP/1.0
          client when its stream fails, on gunicorn and Werkzeug's server.
        - ``OUTPOUR_MAX_DURATION`` (``None``): the seconds after which a stream
          fails with :exc:`StreamTimeout`.
        - ``OUTPOUR_DRAIN`` (1.0): the seconds that a live stream is left when its
          worker is to go; ``None`` leaves it to the server.
        - ``OUTPOUR_COMPRESS`` (``False``): compress streams; ``True``, one of
          ``"zstd"``, ``"br"`` and ``"gzip"``, or a list in order of preference.
        - ``OUTPOUR_DEFER_WORKERS`` (8): the threads for deferred blocks of pages. Read
          when the first of them is reached.
        - ``OUTPOUR_DEFER_G`` (``()``): names that deferred blocks take over from ``g``.
        - ``OUTPOUR_DEFER_IN_ORDER`` (``False``): send deferred blocks in the order of
          the document; may be a function of the request, for crawlers.
        - ``OUTPOUR_PROBE_TOKEN`` (``None``): a secret of 32 characters or more, with
          which ``outpour doctor`` may probe the running site. Read here, once.

        :raises ConfigurationError: for a value that a key does not take, for an
            ``OUTPOUR_*`` key that is none of these, or when the application has
            Outpour already.
        """
        if not isinstance(app, Flask):
            raise ConfigurationError(
                f"Outpour is set up for a Flask application, not for {app!r}."
            )
        if "outpour" in app.extensions:
            raise ConfigurationError(
                f"{app!r} has Outpour already. Call Outpour(app) or init_app(app) once."
            )
        check_names(app.config)
        for key, value in DEFAULTS.items():
            app.config.setdefault(key, value)
        settings = Settings.from_config(app.config)
        app.extensions["outpour"] = State(self._formats)
        app.wsgi_app = Entrance(app)  # type: ignore[method-assign]
        # The first of these functions is called last, with the final response.
        app.after_request_funcs.setdefault(None, []).insert(0, attach_body)
        add_tags(app)
        if settings.probe_token is not None:
            from .probe import add_probe

            add_probe(app, settings.probe_token)

    @staticmethod
    def exempt(view: F) -> F:
        """Leave a view's responses as Flask makes them; a decorator.

        It may stand anywhere among the decorators of a view, also under one that does
        not wrap it by ``functools.wraps``.

        :param view: a view function, a class of views, which is exempt with all of its
            methods, or one of these methods.
        :raises ConfigurationError: for anything else.
        """
        return exempt(view)


def _built_in_and(formats: Iterable[Format]) -> Formats:
    from .formats import BUILT_IN

    return BUILT_IN.plus(formats)


class Entrance:
    """The application's ``wsgi_app``: each request passes through an exchange.

    It refers to the application weakly, as Flask's own static view does: the
    application would otherwise be in a cycle and outlive its last reference.
    """

    def __init__(self, app: Flask) -> None:
        inner: Any = app.wsgi_app
        self._app = weakref.ref(app)
        own = getattr(inner, "__self__", None) is app
        self._bind = inner.__func__.__get__ if own else lambda app: inner

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        app = self._app()
        if app is None:
            raise RuntimeError(
                "The Flask application of this wsgi_app is gone. Keep a reference to"
                " the application, or serve it instead of its wsgi_app."
            )
        wsgi_app: WSGIApplication = self._bind(app)
        if not app.config["OUTPOUR_ENABLED"]:
            return wsgi_app(environ, start_response)
        return Exchange(app, environ, start_response).answer(wsgi_app, environ)


def attach_body(response: Response | None) -> Response:
    """Put a body in the place of what a response streams, if Outpour serves it.

    :raises TypeError: when an ``after_request`` function has lost the response.
    """
    if response is None:
        raise TypeError(
            "An after_request function returned None in place of the response. Each"
            " has to return the response that it got, or another one."
        )
    context = request_context()
    if context is None:
        return response
    exchange: Exchange | None = context.request.environ.get(KEY)
    if exchange is not None and exchange.app is context.app:
        return exchange.attach(response)
    if is_streamed(response):
        _warn_of_bypass(context.app, context.request)
    return response


def _warn_of_bypass(app: Flask, request: Request) -> None:
    if not app.config["OUTPOUR_ENABLED"] or is_exempt(None, app, request):
        return
    if not _is_called_as_wsgi(request):
        # In a test, or by a view, without a server.
        return
    if app.extensions["outpour"].is_new(_BYPASS):
        with suppress(Exception):
            app.logger.warning(_BYPASS)


def _is_called_as_wsgi(request: Request) -> bool:
    """Whether Flask's ``wsgi_app`` is running for this request."""
    frame = sys._getframe()
    while (outer := frame.f_back) is not None:
        frame = outer
        if (
            frame.f_code is Flask.wsgi_app.__code__
            and frame.f_locals.get("environ") is request.environ
        ):
            return True
    return False
