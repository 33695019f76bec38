"""A dashboard with slow parts; a request enters, its page leaves before they are made.

Run it with ``flask --app examples/dashboard.py run``, and look at it with a browser, or
with ``curl -N http://127.0.0.1:5000/`` and ``.../?deferred=in-order``.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator

from flask import Flask
from flask import g
from flask import Response

from flask_outpour import Outpour
from flask_outpour import stream_template

app = Flask(__name__)
Outpour(app)

ORDERS = """
    with recursive orders (id, amount) as (
        select 1, 7 union all select id + 1, (id * 37) % 100 from orders where id < 1240
    )
"""


def get_db() -> sqlite3.Connection:
    """Return a connection, one for each deferred block, since each has its own g."""
    if "db" not in g:
        g.db = sqlite3.connect(":memory:")
    db: sqlite3.Connection = g.db
    return db


@app.teardown_appcontext
def close_db(error: BaseException | None) -> None:
    """Close it when the block ends."""
    db = g.pop("db", None)
    if db is not None:
        db.close()


# What the page shows. Nothing of it is called in the view.


def orders() -> int:
    time.sleep(0.3)  # as long as a query may take
    (number,) = get_db().execute(f"{ORDERS} select count(*) from orders").fetchone()
    return int(number)


def best() -> list[tuple[int, int]]:
    time.sleep(1.0)
    largest = "select id, amount from orders order by amount desc, id limit 3"
    return get_db().execute(f"{ORDERS} {largest}").fetchall()


def advice() -> str:
    time.sleep(2.0)
    return "Order more tea."


@app.context_processor
def security() -> dict[str, str]:
    """Give the page a nonce, as Flask-Talisman does, for the script of Outpour's."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe()
    return {"csp_nonce": g.nonce}


@app.after_request
def forbid_other_scripts(response: Response) -> Response:
    if "nonce" in g:
        policy = f"script-src 'nonce-{g.nonce}'; object-src 'none'; base-uri 'none'"
        response.headers["Content-Security-Policy"] = policy
    return response


@app.route("/")
def dashboard() -> Iterator[str]:
    return stream_template("dashboard.html", orders=orders, best=best, advice=advice)
