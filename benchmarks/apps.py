"""The views that the benchmarks ask for, on plain Flask or with Outpour.

The environment variable ``BENCHMARK_ROWS`` says how many rows they send, and
``BENCHMARK_OUTPOUR``, if set, that ``app`` has Outpour. A process has one of the
two: Flask's signals cost a little more everywhere once one of them has a receiver.
Variables that begin with ``BENCHMARK_CONFIG_`` are settings, without that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from collections.abc import Iterator
from itertools import repeat
from typing import Any

from flask import Flask
from flask import render_template
from flask import request
from flask import Response
from flask import stream_with_context as flask_stream_with_context
from jinja2 import DictLoader
from jinja2.environment import TemplateStream

from flask_outpour import Outpour
from flask_outpour import stream_template as our_stream_template
from flask_outpour import stream_with_context as our_stream_with_context

ROWS = int(os.environ.get("BENCHMARK_ROWS", "200000"))
ROW = (
    *("2013-01-01T05:15:00Z", "UA", "1545", "N14228"),
    *("EWR", "IAH", "227", "1400", "2.0", "on"),
)
LINE = ",".join(ROW) + "\n"
CHUNK_SIZE = 64 * 1024
TEMPLATES = {
    "page.html": (
        "<!doctype html>\n<title>Flights</title>\n<table>\n"
        "{% for row in rows %}"
        "<tr><td>{{ row[0] }}</td><td>{{ row[1] }}</td><td>{{ row[2] }}</td></tr>\n"
        "{% endfor %}</table>\n"
    ),
    "list.html": (
        "<!doctype html>\n<title>Flights</title>\n<ul>\n"
        "{% for row in rows %}<li>{{ row[0] }}</li>\n{% endfor %}</ul>\n"
    ),
    "deferred.html": (
        "<!doctype html>\n<html>\n<title>Flights</title>\n<body>\n"
        "{% defer %}<p>{{ query(0) }}</p>{% fallback %}<p>wait</p>{% enddefer %}\n"
        "{% defer %}<p>{{ query(1) }}</p>{% fallback %}<p>wait</p>{% enddefer %}\n"
        "{% defer %}<p>{{ query(2) }}</p>{% fallback %}<p>wait</p>{% enddefer %}\n"
        "</body>\n</html>\n"
    ),
}
#: What a slow query gives that the template *deferred.html* makes three of.
ANSWER = "answer {number} of the database"


def iter_all_rows() -> Iterator[tuple[str, ...]]:
    """Return the rows of a source that costs nothing itself."""
    return repeat(ROW, ROWS)


def generate_lines() -> Iterator[str]:
    """Yield the rows as lines that are ready, so that only sending costs."""
    for line in repeat(LINE, ROWS):  # noqa: UP028 - a view's generator has a loop
        yield line


def join_lines() -> Iterator[str]:
    """Yield the same lines, joined by hand."""
    held: list[str] = []
    size = 0
    for line in repeat(LINE, ROWS):
        held.append(line)
        size += len(line)
        if size >= CHUNK_SIZE:
            yield "".join(held)
            held.clear()
            size = 0
    yield "".join(held)


def join_lines_within_the_rule() -> Iterator[str]:
    """Yield the same lines, joined by hand, with no more held than Outpour holds."""
    held: list[str] = []
    size = sent = limit = 0
    for line in repeat(LINE, ROWS):
        held.append(line)
        size += len(line)
        if size > limit:
            yield "".join(held)
            held.clear()
            sent += size
            size, limit = 0, min(sent // 128, CHUNK_SIZE - 1)
    yield "".join(held)


def join_rows() -> Iterator[str]:
    """Yield what the documentation's view makes of the rows, joined by hand."""
    held: list[str] = []
    size = 0
    for row in iter_all_rows():
        line = ",".join(row) + "\n"
        held.append(line)
        size += len(line)
        if size >= CHUNK_SIZE:
            yield "".join(held)
            held.clear()
            size = 0
    yield "".join(held)


def yield_ready_chunks() -> Iterator[bytes]:
    """Yield one constant chunk until there are as many bytes."""
    yield from repeat(b"x" * CHUNK_SIZE, len(LINE) * ROWS // CHUNK_SIZE)


def create_app(*, outpour: bool) -> Flask:
    """Return an application with the views of all benchmarks."""
    app = Flask("benchmarks")
    app.config.from_prefixed_env("BENCHMARK_CONFIG")
    if outpour:
        Outpour(app)
    app.jinja_loader = DictLoader(TEMPLATES)
    _add_csv(app)
    _add_pages(app)
    _add_deferred(app)
    _add_contexts(app)
    _add_short_answers(app)
    _add_short_streams(app)
    return app


def _add_csv(app: Flask) -> None:
    @app.route("/large.csv")
    def generate_large_csv() -> Response:
        # As on the documentation's page, word for word.
        def generate():  # type: ignore[no-untyped-def]
            for row in iter_all_rows():
                yield ",".join(row) + "\n"

        return Response(generate(), mimetype="text/csv")  # type: ignore[no-untyped-call]

    @app.route("/lines")
    def lines() -> Response:
        return Response(generate_lines(), mimetype="text/csv")

    @app.route("/joined-rows")
    def joined_rows() -> Response:
        return Response(join_rows(), mimetype="text/csv")

    @app.route("/joined-lines")
    def joined_lines() -> Response:
        return Response(join_lines(), mimetype="text/csv")

    @app.route("/joined-lines-within-the-rule")
    def joined_lines_within_the_rule() -> Response:
        return Response(join_lines_within_the_rule(), mimetype="text/csv")

    @app.route("/whole")
    def whole() -> Response:
        return Response("".join(generate_lines()), mimetype="text/csv")

    @app.route("/one-text")
    def one_text() -> Response:
        def generate() -> Iterator[str]:
            yield LINE * ROWS

        return Response(generate(), mimetype="text/csv")

    @app.route("/one-bytes")
    def one_bytes() -> Response:
        def generate() -> Iterator[bytes]:
            yield LINE.encode() * ROWS

        return Response(generate(), mimetype="text/csv")

    @app.route("/chunks")
    def chunks() -> Response:
        return Response(yield_ready_chunks(), mimetype="text/csv")


def _add_pages(app: Flask) -> None:
    # The recipe of the documentation's page, word for word.
    def stream_template(template_name: str, **context: Any) -> TemplateStream:
        app.update_template_context(context)
        t = app.jinja_env.get_template(template_name)
        rv = t.stream(context)
        rv.enable_buffering(5)
        return rv

    @app.route("/recipe/<name>")
    def recipe(name: str) -> Response:
        rows = iter_all_rows()
        return Response(stream_template(name, rows=rows))

    @app.route("/rendered/<name>")
    def rendered(name: str) -> str:
        return render_template(name, rows=iter_all_rows())

    @app.route("/ours/<name>")
    def ours(name: str) -> Response:
        return Response(our_stream_template(name, rows=iter_all_rows()))


def query_by(seconds: list[float]) -> Callable[[int], str]:
    """Return a query that takes so long, the first one the first of the seconds."""

    def query(number: int) -> str:
        time.sleep(seconds[number])
        return ANSWER.format(number=number)

    return query


def _add_deferred(app: Flask) -> None:
    @app.route("/deferred")
    def deferred() -> Response:
        query = query_by(request.args.getlist("seconds", float))
        return Response(our_stream_template("deferred.html", query=query))

    @app.route("/deferred-rendered")
    def deferred_rendered() -> str:
        query = query_by(request.args.getlist("seconds", float))
        return render_template("deferred.html", query=query)


def _add_contexts(app: Flask) -> None:
    @app.route("/lines-with-our-context")
    def with_our_context() -> Response:
        lines = our_stream_with_context(generate_lines())
        return Response(lines, mimetype="text/csv")

    @app.route("/lines-with-flask-context")
    def with_flask_context() -> Response:
        lines = flask_stream_with_context(generate_lines())
        return Response(lines, mimetype="text/csv")


def _add_short_answers(app: Flask) -> None:
    @app.route("/text")
    def text() -> str:
        return "Hello, World!"

    @app.route("/json")
    def json() -> dict[str, Any]:
        return {"row": ROW, "number": 1, "more": None}


def _add_short_streams(app: Flask) -> None:
    @app.route("/one-item")
    def one_item() -> Response:
        def generate() -> Iterator[str]:
            yield "x" * 1024

        return Response(generate(), mimetype="text/csv")

    @app.route("/ten-items")
    def ten_items() -> Response:
        def generate() -> Iterator[str]:
            for _ in range(10):
                yield "x" * 100

        return Response(generate(), mimetype="text/csv")


app = create_app(outpour="BENCHMARK_OUTPOUR" in os.environ)
