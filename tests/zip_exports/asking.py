"""Views that stream archives, and calls of them as a server makes them."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_outpour import stream_zip

ORDERS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}]
AS_CSV = b"id,name\n1,Ada\n2,\n"


def archive(app: Flask, entries: Any, **options: Any) -> None:
    """Add a view, at ``/archive``, that streams an archive of these entries."""
    app.add_url_rule("/archive", "archive", lambda: stream_zip(entries, **options))


def ask(app: Flask, method: str = "GET", **headers: str) -> Any:
    """Return status, headers and the body, unread, as a WSGI server gets them."""
    environ = create_environ("/archive", method=method, headers=headers)
    body, status, answered = run_wsgi_app(app, environ, buffered=False)
    return status, answered, body
