"""A file of orders enters; views whose streams break, and what is logged, leave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

from flask import abort
from flask import Blueprint
from flask import current_app
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask.blueprints import BlueprintSetupState

from flask_outpour import stream_with_context

from .logbook import Logbook
from .sqlite import connect

_LOGBOOK = Logbook()


def get_db() -> Connection:
    if "db" not in g:
        g.db = connect(current_app.config["DATABASE"])
    db: Connection = g.db
    return db


def close_db(error: BaseException | None = None) -> None:
    db = g.pop("db", None)
    if db is not None:
        db.close()


def add_broken(views: Blueprint, path: Path) -> None:
    """Add three streams that break, each for a reason of its own.

    :param path: of the file of orders.
    """
    broken = Blueprint("broken", __name__, url_prefix="/broken")

    @broken.route("/missing.csv")
    def export_missing() -> Response:
        def generate() -> Iterator[str]:
            with closing(connect(path)) as db:
                query = "SELECT customer FROM orders WHERE id = 0"
                (customer,) = db.execute(query).fetchone() or abort(404)
                yield f"{customer}\n"

        return Response(generate(), mimetype="text/csv")

    @broken.route("/half.csv")
    def export_half() -> Response:
        def generate() -> Iterator[str]:
            for number in range(1, 51):
                time.sleep(0.02)
                if number > 25:
                    raise ValueError(f"order {number} cannot be read")
                yield f"{number},open\n"

        return Response(generate(), mimetype="text/csv")

    @broken.route("/tutorial.csv")
    def export_from_g() -> Response:
        orders = get_db().execute("SELECT id, amount FROM orders LIMIT 1000")

        @stream_with_context
        def generate() -> Iterator[str]:
            for number, amount in orders:
                yield f"{number},{amount}\n"

        return Response(generate(), mimetype="text/csv")

    def prepare(setup: BlueprintSetupState) -> None:
        setup.app.config["DATABASE"] = path
        setup.app.teardown_appcontext(close_db)

    broken.record(prepare)
    broken.before_app_request(_open_logbook)
    views.register_blueprint(broken)


def add_logbook(home: Flask) -> None:
    """Add the address that tells, once, what was logged of a request.

    A request to the views is known by the name that it has in ``?run=``.
    """
    _LOGBOOK.listen()
    home.before_request(_open_logbook)

    @home.route("/broken/log")
    def broken_log() -> list[dict[str, str]]:
        entries = _LOGBOOK.take(request.args.get("run", ""))
        return [entry._asdict() for entry in entries]


def _open_logbook() -> None:
    is_watched = request.blueprint == "views.broken"
    _LOGBOOK.open(request.args.get("run") if is_watched else None)
