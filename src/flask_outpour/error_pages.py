"""An error before the first byte enters; the application's page for it leaves."""

from __future__ import annotations

from typing import Any
from typing import TYPE_CHECKING

from flask import got_request_exception
from werkzeug.exceptions import InternalServerError

from .signals import came_from_receiver

if TYPE_CHECKING:
    from flask import Flask
    from flask import Response


def page_of(error: Exception, app: Flask) -> tuple[Response, Exception | None]:
    """Return the page of an error that is being handled, as ``Flask.wsgi_app`` does.

    Beside it, return what no handler took, so that it became a plain 500.

    :raises Exception: where the application lets its errors through.
    """
    try:
        handled = app.handle_user_exception(error)
    except Exception as unhandled:
        return _page_of_unhandled(unhandled, app), unhandled
    finally:
        # It may be in the traceback of the error that it names.
        del error
    # Teardown may have ended what a function of after_request needs: the page is sent
    # all the same.
    return app.finalize_request(handled, from_error_handler=True), None


def _page_of_unhandled(error: Exception, app: Flask) -> Response:
    try:
        return app.handle_exception(error)
    except BaseException as raised:
        # Flask tells receivers before it logs the error, and what one of them raises
        # ends that.
        if raised is error or not came_from_receiver(raised, got_request_exception):
            raise
        exc_info: Any = (type(error), error, error.__traceback__)
        app.log_exception(exc_info)
        if isinstance(raised, KeyboardInterrupt):
            raise
        name = got_request_exception.name
        app.logger.exception("A receiver of the signal %s failed.", name)
        if _lets_errors_through(app):
            raise error from None
    page = InternalServerError(original_exception=error)
    handled = app.handle_user_exception(page)
    return app.finalize_request(handled, from_error_handler=True)


def _lets_errors_through(app: Flask) -> bool:
    propagates = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug if propagates is None else propagates)
