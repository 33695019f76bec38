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
from flask_outpour.formats import Parquet

from .all_tables import all_views
from .broken import add_broken
from .broken import add_logbook
from .broken import close_db
from .broken import get_db
from .counting import add_progress
from .counting import CountedFile
from .counting import CountedTable
from .figures import Figures
from .figures import ROWS
from .finding import add_doctor
from .finding import AddLength
from .finding import flowing_app
from .finding import held_app
from .finding import ITEMS
from .sqlite import SQLiteTable
from .tables import Database
from .tables import Table
from .today import add_deferred_today
from .today import add_film
from .today import add_plain_today
from .views import Echo
from .views import example_views
from .views import export_views
from .views import stream_template
from .views import table_views
from .workbook import add_workbook
from .worker import add_worker

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
    """Return the page's three examples, and the exports, of the generated orders.

    :param rows: how many orders there are, for the home page to say.
    """
    table = SQLiteTable(path, "orders")
    facts = {
        "rows": rows,
        "today_rows": ROWS,
        "items": ITEMS,
        "arrow": Parquet().available,
    }
    home = _home("home.html", str(path), lambda: facts)
    add_film(home)
    add_worker(home)
    add_progress(home)
    add_logbook(home)
    add_doctor(home)
    counted = CountedTable(path, "orders")
    deferred = example_views(table.rows, counted.source)
    plain = example_views(table.rows, counted.source)
    add_deferred_today(deferred, path)
    add_plain_today(plain, path)
    add_workbook(deferred, counted)
    for views in (deferred, plain):
        add_broken(views, path)
    sides = {
        "/outpour": outpour_app(deferred),
        "/plain": plain_app(plain),
        "/all": outpour_app(all_views(CountedFile(path))),
        "/flowing": flowing_app(),
        "/held": held_app(),
    }
    return _mounted(home, sides, SQLiteTable)


def tables_application(database: Database) -> DispatcherMiddleware:
    """Return the views of every table of a database of the user's own."""
    home = _home(
        "tables.html",
        str(database),
        lambda: {"kind": database.kind, "tables": database.tables()},
    )
    sides = {
        "/outpour": outpour_app(table_views(database)),
        "/plain": plain_app(table_views(database)),
        # Apart from the others, so that no name of a table means two things.
        "/rows": outpour_app(export_views(database)),
        "/all": outpour_app(all_views(database)),
    }
    return _mounted(home, sides, database.table_class)


def _mounted(
    home: Flask, sides: dict[str, Flask], table: type[Table]
) -> DispatcherMiddleware:
    home.jinja_env.globals["code"] = dict(_code([*sides.values()], table))
    return DispatcherMiddleware(home, {**sides})


def _home(template: str, place: str, facts: Callable[[], dict[str, Any]]) -> Flask:
    app = Flask("flask_outpour.demo")
    app.jinja_env.filters["name_in_url"] = lambda name: quote(name, safe="")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.route("/")
    def home() -> str:
        return render_template(template, place=place, page_rows=PAGE_ROWS, **facts())

    return app


def _code(apps: list[Flask], table: type[Table]) -> Iterator[tuple[str, str]]:
    """Yield names and sources of what runs, for the home page to show."""
    functions = (plain_app, outpour_app, stream_template, Echo, Figures)
    methods = (table.rows, table.source)
    broken = (get_db, close_db, AddLength, flowing_app, held_app)
    for function in (*functions, *broken, *methods):
        yield function.__name__, _source(function)
    for app in apps:
        for endpoint, view in app.view_functions.items():
            yield endpoint.removeprefix("views."), _source(view)


def _source(thing: Any) -> str:
    return dedent(inspect.getsource(thing)).strip()
