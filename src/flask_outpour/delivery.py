"""The ending of a body enters; closed sources, teardown, signals and a log leave."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any
from typing import TYPE_CHECKING

from flask import got_request_exception
from flask import has_request_context
from jinja2.environment import TemplateStream

from .body import Progress
from .context import explain
from .context import RequestScope
from .servers import hard_abort
from .signals import stream_finished
from .signals import stream_first_byte
from .signals import stream_started

if TYPE_CHECKING:
    from flask import Flask
    from flask import Response

_log = logging.getLogger("flask_outpour")


class Delivery:
    """Observe the body of one response.

    :param sources: what the body was made from, to be closed in this order.
    :param held: whether the scope holds the request's contexts for the body.
    """

    def __init__(
        self,
        app: Flask,
        response: Response,
        scope: RequestScope,
        *,
        sources: list[Any],
        held: bool,
        aborts_hard: bool,
    ) -> None:
        self._app = app
        self._facts: dict[str, Any] = {
            "request": scope.request,
            "response": response,
        }
        self._scope = scope
        self._sources = sources
        self._held = held
        self._aborts_hard = aborts_hard
        #: Whether an error handler answered, so that the error is reported.
        self.answered = False
        #: What no handler took, so that teardown functions get it.
        self.unhandled: Exception | None = None

    def take_over(self, sources: list[Any]) -> None:
        """Close these sources, too, when the body ends."""
        self._sources += sources

    def started(self) -> None:
        """Send the first signal."""
        stream_started.send(self._app, **self._facts)

    def first_byte(self) -> None:
        """Send the second signal."""
        stream_first_byte.send(self._app, **self._facts)

    def ended(self, progress: Progress, *, started: bool) -> None:
        """Close the sources, report an error, tear down, and tell of the end.

        :raises Exception: what closing or teardown raised.
        """
        try:
            self._wind_up(progress)
        except Exception as error:
            if progress.error is None:
                progress.outcome, progress.error = "failed", error
            self._report(error)
            raise
        finally:
            if started:
                self._tell(progress)

    def _wind_up(self, progress: Progress) -> None:
        # What a handler has answered is no error to teardown functions, as in Flask.
        error = None if self.answered else progress.error
        with ExitStack() as stack:
            if self._held:
                stack.callback(self._scope.release, self.unhandled or error)
            if error is not None:
                stack.callback(self._report, error)
            for source in reversed(self._sources):
                stack.callback(close_source, source)
            self._sources.clear()
        if error is not None and progress.bytes and self._aborts_hard:
            self._abort()

    def _abort(self) -> None:
        # A Content-Length tells the cut already, and a reset can lose bytes.
        if self._facts["response"].content_length is None:
            hard_abort(self._facts["request"].environ)

    def _report(self, error: BaseException) -> None:
        """Report an error that no error handler will see, as Flask would."""
        explain(error)
        app = self._app
        with self._scope.sharing():
            got_request_exception.send(
                app, _async_wrapper=app.ensure_sync, exception=error
            )
        exc_info: Any = (type(error), error, error.__traceback__)
        if has_request_context():
            app.log_exception(exc_info)
        else:
            request = self._facts["request"]
            app.logger.error(
                f"Exception on {request.path} [{request.method}]", exc_info=exc_info
            )

    def _tell(self, progress: Progress) -> None:
        request = self._facts["request"]
        # Of a stream that a handler answered, the client never saw the status.
        status = "-" if self.answered else self._facts["response"].status_code
        facts: dict[str, Any] = {
            "outcome": progress.outcome,
            "bytes": progress.bytes,
            "items": progress.items,
            "seconds": progress.seconds,
            "error": progress.error,
        }
        _log.info(
            "stream %s: %s %s %s, %d bytes of %d items in %.3f s",
            progress.outcome,
            request.method,
            request.path,
            status,
            progress.bytes,
            progress.items,
            progress.seconds,
            extra={"stream": {"method": request.method, "path": request.path, **facts}},
        )
        stream_finished.send(self._app, **self._facts, **facts)


def close_source(source: Any) -> None:
    """Close what a response streams, if it can be closed."""
    # Jinja's own stream has no close(), and is in a cycle once it buffers.
    if isinstance(source, TemplateStream) and not hasattr(source, "close"):
        source = source._gen
    if hasattr(source, "close"):
        source.close()
