"""A database enters; its views under Outpour and on plain Flask, with a home, leave."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import quote

from flask import Blueprint
from flask import Flask
from flask import render_template
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_outpour import Outpour

from .database import Database
from .database import Table
from .views import Echo
from .views import example_views
from .views import stream_template
from .views import table_views

#: About what a browser shows without becoming slow.
PAGE_ROWS = 20_000


def plain_app(views: Blueprint) -> Flask:
    app = Flask("flask_outpour.demo", static_folder=None)
    app.register_blueprint(views)
    return app


def outpour_app(views: Blueprint) -> Flask:
    app = plain_app(views)
    Outpour(app)
    return app


def orders_application(path: Path, rows: int) -> DispatcherMiddleware:
    """Return the page's three examples over the generated orders.

    :param rows: how many orders there are, for the home page to say.
    """
    table = Table(path, "orders")
    home = _home("home.html", lambda: {"rows": rows}, path)
    return _mounted(home, lambda: example_views(table.rows))


def tables_application(path: Path) -> DispatcherMiddleware:
    """Return the views of every table of a database of the user's own."""
    database = Database(path)
    home = _home("tables.html", lambda: {"tables": database.tables()}, path)
    return _mounted(home, lambda: table_views(database))


def _mounted(home: Flask, views: Callable[[], Blueprint]) -> DispatcherMiddleware:
    outpoured, plain = outpour_app(views()), plain_app(views())
    home.jinja_env.globals["code"] = dict(_code(outpoured))
    return DispatcherMiddleware(home, {"/outpour": outpoured, "/plain": plain})


def _home(template: str, facts: Callable[[], dict[str, Any]], path: Path) -> Flask:
    app = Flask("flask_outpour.demo")
    app.jinja_env.filters["name_in_url"] = lambda name: quote(name, safe="")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.route("/")
    def home() -> str:
        return render_template(template, path=path, page_rows=PAGE_ROWS, **facts())

    return app


def _code(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield names and sources of what runs, for the home page to show."""
    for function in (plain_app, outpour_app, stream_template, Echo, Table.rows):
        yield function.__name__, _source(function)
    for endpoint, view in app.view_functions.items():
        yield endpoint.removeprefix("views."), _source(view)


def _source(thing: Any) -> str:
    return dedent(inspect.getsource(thing)).strip()
