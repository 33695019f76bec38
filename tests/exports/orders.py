"""Orders in every format, and views that stream them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask
from flask import Response
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_outpour import stream_rows
from watched import Watched

ORDERS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}]

#: The orders in each format, and its media type as a client sees it.
BODIES = {
    "csv": ("id,name\n1,Ada\n2,\n", "text/csv; charset=utf-8"),
    "tsv": ("id\tname\n1\tAda\n2\t\n", "text/tab-separated-values; charset=utf-8"),
    "json": (
        '[\n{"id":1,"name":"Ada"},\n{"id":2,"name":null}\n]\n',
        "application/json",
    ),
    "ndjson": (
        '{"id":1,"name":"Ada"}\n{"id":2,"name":null}\n',
        "application/x-ndjson",
    ),
    "json-seq": (
        '\x1e{"id":1,"name":"Ada"}\n\x1e{"id":2,"name":null}\n',
        "application/json-seq",
    ),
}


class Source(Watched):
    """The orders, if no other rows are given."""

    def __init__(
        self, rows: Iterable[Any] = ORDERS, error: BaseException | None = None
    ) -> None:
        super().__init__(rows, error)


def export(app: Flask, source: Any = ORDERS, *args: Any, **options: Any) -> None:
    """Add views, at ``/orders`` with any suffix, that stream a source."""

    def orders(suffix: str = "") -> Response:
        return stream_rows(source() if callable(source) else source, *args, **options)

    app.add_url_rule("/orders", "orders", orders)
    app.add_url_rule("/orders.<suffix>", "orders", orders)


def ask(app: Flask, method: str = "GET", path: str = "/", **headers: str) -> Any:
    """Return status, headers and the body, unread, as a WSGI server gets them."""
    environ = create_environ(path, method=method, headers=headers)
    body, status, answered = run_wsgi_app(app, environ, buffered=False)
    return status, answered, body


def failing_after(count: int) -> Source:
    """Return a source of some rows that then fails."""
    rows = [{"id": number} for number in range(1, count + 1)]
    return Source(rows, LookupError("the database is gone"))
