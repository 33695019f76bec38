"""Rows of a database enter; the views that stream them, for any application, leave."""

from __future__ import annotations

import csv
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from flask import abort
from flask import Blueprint
from flask import current_app as app
from flask import request
from flask import Response
from flask import stream_with_context
from flask.blueprints import BlueprintSetupState
from jinja2.environment import TemplateStream
from markupsafe import escape
from werkzeug.routing import BaseConverter

from flask_outpour import CSV
from flask_outpour import stream_rows

from .tables import Database
from .tables import find_table
from .tables import Rows
from .tables import Table


class Echo:
    """A file that gives back what ``csv`` writes into it, its lines ended by LF."""

    @staticmethod
    def write(line: str) -> str:
        # csv writes CRLF, since before Python 3.13 it quotes only the line ends that
        # it writes itself: with LF alone, a CR in a cell would break the row.
        return line[:-2] + "\n"


class AnyName(BaseConverter):
    """Any name of a table in a URL, one with slashes or line ends too."""

    part_isolating = False
    regex = r"[\s\S]*?"


def stream_template(template_name: str, **context: Any) -> TemplateStream:
    app.update_template_context(context)
    t = app.jinja_env.get_template(template_name)
    rv = t.stream(context)
    rv.enable_buffering(5)
    return rv


def example_views(iter_all_rows: Callable[..., Rows], orders: Any) -> Blueprint:
    """Return the examples of Flask's page "Streaming Contents", and an export.

    :param iter_all_rows: yields the names of the columns, then the rows.
    :param orders: the same rows, as ``stream_rows`` takes them.
    """
    views = Blueprint("views", __name__)

    @views.route("/large.csv")
    def generate_large_csv() -> Response:
        def generate() -> Iterator[str]:
            line = csv.writer(Echo()).writerow
            for row in iter_all_rows():
                yield line(row)

        return Response(generate(), mimetype="text/csv")

    @views.route("/my-large-page.html")
    def render_large_template() -> Response:
        rows = iter_all_rows(request.args.get("rows", type=int))
        response = Response(stream_template("table.html", title="Orders", rows=rows))
        response.call_on_close(rows.close)
        return response

    @views.route("/orders")
    @views.route('/orders.<any(csv,tsv,json,ndjson,"json-seq",html):suffix>')
    @views.route("/orders.<any(parquet,arrows):suffix>")
    def export_orders(suffix: str = "") -> Response:
        format = CSV(excel=True) if "excel" in request.args else suffix
        return stream_rows(orders, format)

    add_greeting(views)
    return views


def table_views(database: Database) -> Blueprint:
    """Return the same views for every table of a database of the user's own."""
    views = Blueprint("views", __name__)
    views.record(take_any_name)

    def find(name: str) -> Table:
        return find_table(database, name) or abort(404)

    @views.route("/<any_name:name>.csv")
    def generate_table_csv(name: str) -> Response:
        table = find(name)

        def generate() -> Iterator[str]:
            line = csv.writer(Echo()).writerow
            for row in table.rows():
                yield line(row)

        return Response(generate(), mimetype="text/csv")

    @views.route("/<any_name:name>.html")
    def render_table_template(name: str) -> Response:
        rows = find(name).rows(request.args.get("rows", type=int))
        response = Response(stream_template("table.html", title=name, rows=rows))
        response.call_on_close(rows.close)
        return response

    add_greeting(views)
    return views


def export_views(database: Database) -> Blueprint:
    """Return the export of every table of a database of the user's own.

    ``/x.csv`` is the table ``x``, should there be a table ``x.csv``, too.
    """
    views = Blueprint("views", __name__)
    views.record(take_any_name)

    @views.route("/<any_name:name>")
    @views.route(
        '/<any_name:name>.<any(csv,tsv,json,ndjson,"json-seq",html,xlsx):suffix>'
    )
    def export_table(name: str, suffix: str = "") -> Response:
        table = find_table(database, name) or abort(404)
        format = CSV(excel=True) if "excel" in request.args else None
        return stream_rows(table.source, format, bind=database.engine, filename=name)

    return views


def take_any_name(setup: BlueprintSetupState) -> None:
    """Make an application take any name of a table in a URL."""
    setup.app.url_map.merge_slashes = False
    setup.app.url_map.converters["any_name"] = AnyName


def add_greeting(views: Blueprint) -> None:
    """Add the page's third example, which needs the request while it streams."""

    @views.route("/stream")
    def streamed_response() -> Response:
        def generate() -> Iterator[str]:
            yield "Hello "
            yield escape(request.args["name"])
            yield "!"

        return Response(stream_with_context(generate()))
