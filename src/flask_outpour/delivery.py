"""The ending of a body enters; a log, closed sources, teardown and signals leave."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import Any
from typing import TYPE_CHECKING

from flask import got_request_exception

from .body import Progress
from .context import explain
from .context import RequestScope
from .errors import WorkerLeaving
from .servers import hard_abort
from .signals import stream_finished
from .signals import stream_first_byte
from .signals import stream_started
from .signals import tell
from .sources import Sources

if TYPE_CHECKING:
    from flask import Flask
    from flask import Response

_log = logging.getLogger("flask_outpour")


class Delivery:
    """Observe the body of one response.

    :param sources: what the body was made from; they are closed here.
    :param held: whether the scope holds the request's contexts for the body.
    """

    #: Whether an error handler answered, so that the error is reported.
    answered = False
    #: What no handler took, so that teardown functions get it.
    unhandled: Exception | None = None

    def __init__(
        self,
        app: Flask,
        response: Response,
        scope: RequestScope,
        *,
        sources: Sources,
        held: bool,
        aborts_hard: bool,
    ) -> None:
        self._app = app
        self._request = scope.request
        self.response: Response = response
        self._scope = scope
        self.sources: Sources = sources
        self._held = held
        self._aborts_hard = aborts_hard

    def started(self) -> None:
        """Send the first signal."""
        self._send(stream_started)

    def first_byte(self) -> None:
        """Send the second signal."""
        self._send(stream_first_byte)

    def ended(self, progress: Progress, *, started: bool) -> None:
        """Report an error, close the sources, tear down, and tell of the end.

        :raises Exception: what closing or teardown raised.
        """
        # What a handler has answered is no error to teardown functions, as in Flask.
        error = None if self.answered else progress.error
        try:
            try:
                if error is not None:
                    self._report(error)
            finally:
                self._wind_up(error)
        except Exception as late:
            if progress.error is None:
                progress.outcome, progress.error = "failed", late
            self._report(late)
            raise
        finally:
            if started:
                self._tell(progress)
        if error is not None and progress.bytes and self._aborts_hard:
            self._abort()

    def _wind_up(self, error: BaseException | None) -> None:
        try:
            self.sources.close()
        finally:
            unhandled, self.unhandled = self.unhandled, None
            if self._held:
                self._scope.release(unhandled or error)

    def _abort(self) -> None:
        # A Content-Length tells the cut already, and a reset can lose bytes.
        if self.response.content_length is None:
            hard_abort(self._request.environ)

    def _report(self, error: BaseException) -> None:
        """Report an error that no error handler will see, as Flask would.

        The log comes first: whoever is told then may fail.
        """
        if isinstance(error, WorkerLeaving):
            self._scope.show(self._tell_of_leaving)
            return
        explain(error)
        with self._scope.sharing():
            self._scope.show(self._tell_of, error)

    def _tell_of(self, error: BaseException) -> None:
        self._log_error(error)
        tell(got_request_exception, self._app, exception=error)

    def _log_error(self, error: BaseException) -> None:
        exc_info: Any = (type(error), error, error.__traceback__)
        try:
            self._app.log_exception(exc_info)
        except Exception:
            # The application's own function, or a filter or handler of its log.
            request = self._request
            with suppress(Exception):
                _log.error(
                    "Exception on %s [%s]; the application failed to log it:",
                    request.path,
                    request.method,
                    exc_info=exc_info,
                )
                _log.exception("This is how the application failed to log it:")

    def _tell_of_leaving(self) -> None:
        # Fifty live streams at a deploy are no fifty errors.
        request = self._request
        with suppress(Exception):
            self._app.logger.warning(
                "The stream of %s [%s] was ended, since its worker is to go.",
                request.path,
                request.method,
            )

    def _tell(self, progress: Progress) -> None:
        is_logged = _log.isEnabledFor(logging.INFO)
        if not is_logged and not stream_finished.receivers:
            return
        request = self._request
        facts: dict[str, Any] = {
            "outcome": progress.outcome,
            "bytes": progress.bytes,
            "items": progress.items,
            "seconds": progress.seconds,
            "error": progress.error,
        }
        if is_logged:
            _log.info(
                "stream %s: %s %s %s, %d bytes of %d %s in %.3f s",
                progress.outcome,
                request.method,
                request.path,
                # Of a stream that a handler answered, the client never saw the status.
                "-" if self.answered else self.response.status_code,
                progress.bytes,
                progress.items,
                "rows" if progress.are_rows else "items",
                progress.seconds,
                extra={
                    "stream": {"method": request.method, "path": request.path, **facts}
                },
            )
        self._send(stream_finished, **facts)

    def _send(self, signal: Any, **facts: Any) -> None:
        if signal.receivers:
            facts |= {"request": self._request, "response": self.response}
            self._scope.show(partial(tell, signal, self._app, **facts))
