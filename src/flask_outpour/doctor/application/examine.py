"""A Flask application enters; a report of what stops its streams leaves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...progress import Show
from ...progress import show_nothing
from ..findings import Report
from .examination import Examination
from .guest import probe_in
from .layers import Course

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from flask import Flask


def examine_application(
    app: Flask,
    wsgi_app: WSGIApplication | None = None,
    *,
    show: Show = show_nothing,
) -> Report:
    """Drive a probe through all that stands around an application's views.

    :param app: its views get the probe for a while; nothing of it is left behind.
    :param wsgi_app: what the server calls, if that is not the application itself.
    :param show: is told what is tried.
    :raises DoctorError: when the probe is not reached.
    """
    course = Course(app, app if wsgi_app is None else wsgi_app)
    with _quiet(), probe_in(app, course.base):
        show("finding the layers", 0)
        course.discover()
        examination = Examination(app, course, show)
        examination.run()
    return examination.report


@contextmanager
def _quiet() -> Iterator[None]:
    """Log nothing: the errors of the probe are raised on purpose."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
