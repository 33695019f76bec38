"""A request enters; the Context that its body runs in leaves, kept open or not."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import ExitStack
from contextlib import suppress
from contextvars import ContextVar
from contextvars import copy_context
from typing import Any
from typing import TYPE_CHECKING
from typing import TypeVar
from typing import TypeVarTuple

from flask import current_app
from flask import globals as flask_globals
from flask import session

from .origins import raised_in

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_app_contexts: ContextVar[Any] = flask_globals._cv_app
# Flask 3.2 has one kind of context, which holds the request as well.
_request_contexts: ContextVar[Any] = getattr(
    flask_globals, "_cv_request", _app_contexts
)
_MISSING = object()


class RequestScope:
    """One ``contextvars.Context`` for a request and all steps of its body.

    Flask resets its context variables with tokens, which are valid only in the
    Context that made them. A server may take the steps of a body, and its
    ``close()``, in any thread; entering the same Context for each keeps the tokens
    valid and leaves nothing behind in the thread (pallets/flask#6123).

    The test client and the debugger preserve Flask's contexts for their caller;
    under them the caller's own Context is used.
    """

    # A Context cannot be entered twice. Nobody else asks meanwhile: an outlet lets
    # one step run at a time.
    _entered = False
    _remembered: Sequence[Any] = ()
    #: The request, once its contexts are remembered.
    request: Request
    _session: Any = None
    _is_held = False
    _shared: Sequence[tuple[ContextVar[Any], Any]] = ()

    def __init__(self, environ: WSGIEnvironment) -> None:
        preserved = "werkzeug.debug.preserve_context" in environ
        self._context = None if preserved else copy_context()

    def run(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        """Call the function inside the Context, also from inside it."""
        if self._context is None or self._entered:
            return function(*args)
        self._entered = True
        try:
            return self._context.run(function, *args)
        finally:
            self._entered = False
            if self._shared:
                self._share()

    def remember(self) -> None:
        """Remember Flask's contexts of the request, to hold or reopen them."""
        of_app, of_request = _app_contexts.get(), _request_contexts.get()
        self._remembered = (of_app,) if of_app is of_request else (of_app, of_request)
        self.request = of_request.request

    def hold(self) -> None:
        """Push the contexts once more, so that Flask's pop is not the last.

        Teardown then waits for :meth:`release`.
        """
        self._push()
        self._is_held = True

    def release(self, error: BaseException | None) -> None:
        """Pop what :meth:`hold` pushed; teardown functions get the error."""
        # A log that fails must not end a sound stream.
        try:
            if self._session is not None and self._session.modified:
                with suppress(Exception):
                    current_app.logger.warning(
                        "A stream wrote to the session after its first item. That"
                        " write is lost, since the session's cookie went with the"
                        " headers. Write to the session before the first item is"
                        " yielded."
                    )
        finally:
            self._pop(error)

    def watch_session(self) -> None:
        """Watch for what is written to the session from now on: it is saved.

        It can be written where the contexts are held.
        """
        if not self._is_held:
            return
        saved: Any = session._get_current_object()  # type: ignore[attr-defined]
        # Some session classes compute the flag and do not let it be set.
        with suppress(AttributeError):
            saved.modified = False
        self._session = None if saved.modified else saved

    @contextmanager
    def reopened(self) -> Iterator[None]:
        """Push Flask's contexts again if they are popped, as Flask's streams do."""
        if not self._remembered or _request_contexts.get(None) is not None:
            yield
            return
        self._push()
        try:
            yield
        finally:
            self._pop(None)

    def show(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        """Call the function with Flask's contexts as they are, open or over."""
        of_app = _app_contexts.set(self._remembered[0])
        # The variables are one where the contexts are.
        of_request = _request_contexts.set(self._remembered[-1])
        try:
            return function(*args)
        finally:
            _request_contexts.reset(of_request)
            _app_contexts.reset(of_app)

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Let the caller's Context have the variables that are set meanwhile.

        Who is told of an error, and then catches it around the application, knows by
        such a variable that the two are one.
        """
        before = copy_context()
        yield
        self._shared = [
            (variable, value)
            for variable, value in copy_context().items()
            if before.get(variable, _MISSING) is not value
        ]

    def _share(self) -> None:
        for variable, value in self._shared:
            variable.set(value)
        self._shared = ()

    def _push(self) -> None:
        # The URL is not matched again: that would bring back the arguments that a
        # URL value preprocessor took out.
        innermost = self._remembered[-1]
        adapter, innermost.url_adapter = innermost.url_adapter, None
        try:
            for context in self._remembered:
                context.push()
        finally:
            innermost.url_adapter = adapter

    def _pop(self, error: BaseException | None) -> None:
        with ExitStack() as stack:
            for context in self._remembered:
                stack.callback(context.pop, error)

    def export(self) -> None:
        """Copy the variables that the application set to the caller's Context.

        Without Outpour an outer middleware sees what a view sets, for example what
        a structured logger has bound.
        """
        if self._context is None:
            return
        for variable, value in self._context.items():
            if variable is _app_contexts or variable is _request_contexts:
                continue
            if variable.get(_MISSING) is not value:
                variable.set(value)


def request_context() -> Any:
    """Return the context that is active, if it has a request; its application, too.

    Every request passes here; through Flask's proxies this would cost ten times as
    much.
    """
    context = _request_contexts.get(None)
    return context if getattr(context, "has_request", True) else None


@contextmanager
def fresh_app_context(kept: Sequence[str], facts: Mapping[str, Any]) -> Iterator[None]:
    """Push an application context of its own for a part of a request.

    The request and the session are those that are active. Teardown functions of the
    application context run at the end, those of the request do not.

    :param kept: the names that the new ``g`` takes over.
    :param facts: what else it has.
    :raises AttributeError: where something reads a name of ``g`` that it lacks; a note
        tells the setting.
    """
    outer = _app_contexts.get()
    given = {name: getattr(outer.g, name) for name in kept if name in outer.g}
    with _own_context(outer) as context:
        context.g.__dict__.update(given, **facts)
        try:
            yield
        except AttributeError as error:
            if error.obj is context.g and error.name in outer.g:
                error.add_note(
                    f"A deferred block has a g of its own. To have {error.name!r} in"
                    " it, too, name it in OUTPOUR_DEFER_G."
                )
            raise


@contextmanager
def _own_context(outer: Any) -> Iterator[Any]:
    if _app_contexts is not _request_contexts:
        with outer.app.app_context() as context:
            yield context
        return
    # The one context of Flask 3.2 ends the request, too, when it is popped.
    context = outer.copy()
    token = _app_contexts.set(context)
    error: BaseException | None = None
    try:
        yield context
    except BaseException as caught:
        error = caught
        raise
    finally:
        try:
            outer.app.do_teardown_appcontext(context, error)
        finally:
            _app_contexts.reset(token)


def explain(error: BaseException) -> None:
    """Tell the cure in an error that a body without a context met."""
    # Other proxies of Werkzeug's say something else, and an application what it likes.
    if raised_in(error) != "werkzeug.local":
        return
    # Its text is asked for last: an error of the application's may fail in it.
    if str(error).startswith("Working outside of"):
        error.add_note(
            "This came from a streamed response, whose generator runs after the"
            " view. Wrap the generator in flask_outpour.stream_with_context to"
            " keep the view's contexts open until its last item."
        )
