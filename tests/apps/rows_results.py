"""Views that execute a statement themselves, each of which ends in its own way.

``/<driver>/<view>`` streams ``?limit=`` numbers from the databases that ``DATABASES``
names, a driver and a URL on each line.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Executable
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_outpour import Outpour
from flask_outpour import stream_rows
from rows.models import Number

COLUMNS = (Number.id, Number.name)
STREAMED = {"stream_results": True}
View = Callable[[SQLAlchemy, Any], Any]


def in_session(database: SQLAlchemy, statement: Executable, **options: Any) -> Response:
    with Session(database.engine) as session:
        return stream_rows(session.execute(statement, execution_options=options))


def in_connection(database: SQLAlchemy, statement: Any, **options: Any) -> Response:
    with database.engine.connect() as connection:
        return stream_rows(connection.execute(statement, execution_options=options))


def in_transaction(database: SQLAlchemy, statement: Executable) -> Response:
    with database.session.begin():
        return stream_rows(database.session.execute(statement))


def held_by_g(database: SQLAlchemy, statement: Any, **options: Any) -> Response:
    g.connection = database.engine.connect()
    return stream_rows(g.connection.execute(statement, execution_options=options))


def committed_connection(database: SQLAlchemy, statement: Any, **options: Any) -> Any:
    response = held_by_g(database, statement, **options)
    g.connection.commit()
    return response


def ended(
    end: Callable[[], object], database: SQLAlchemy, statement: Any, **options: Any
) -> Response:
    result = database.session.execute(statement, execution_options=options)
    end()
    return stream_rows(result)


def begun_to_read(database: SQLAlchemy, statement: Executable) -> Response:
    result = database.session.execute(statement)
    assert result.fetchone()
    return stream_rows(result)


def begun_in_chunks(database: SQLAlchemy, statement: Any) -> Response:
    return begun_to_read(database, statement.execution_options(yield_per=100))


def closed(database: SQLAlchemy, statement: Executable) -> Response:
    result = database.session.execute(statement)
    assert result.first()
    return stream_rows(result)


#: Where the rows come in full.
COMPLETE: dict[str, View] = {
    "execute": lambda db, s: stream_rows(db.session.execute(s)),
    "scalars": lambda db, s: stream_rows(db.session.scalars(s)),
    "execute-scalars": lambda db, s: stream_rows(db.session.execute(s).scalars()),
    "mappings": lambda db, s: stream_rows(
        db.session.execute(s.with_only_columns(*COLUMNS)).mappings()
    ),
    "columns": lambda db, s: stream_rows(
        db.session.execute(s.with_only_columns(*COLUMNS))
    ),
    "unique": lambda db, s: stream_rows(db.session.execute(s).unique()),
    "unique-scalars": lambda db, s: stream_rows(db.session.scalars(s).unique()),
    "streamed": lambda db, s: stream_rows(
        db.session.execute(s, execution_options=STREAMED)
    ),
    "yield-per": lambda db, s: stream_rows(
        db.session.scalars(s, execution_options={"yield_per": 100})
    ),
    "partitions": lambda db, s: stream_rows(
        row[0]
        for rows in db.session.execute(s, execution_options=STREAMED).partitions(100)
        for row in rows
    ),
    "held": held_by_g,
    "held-streamed": lambda db, s: held_by_g(db, s, **STREAMED),
    "function": lambda db, s: stream_rows(lambda: db.session.execute(s)),
}
#: Where the view itself has ended what they come from.
ENDED: dict[str, View] = {
    "session-block": in_session,
    "session-block-streamed": lambda db, s: in_session(db, s, **STREAMED),
    "connection-block": in_connection,
    "connection-block-streamed": lambda db, s: in_connection(db, s, **STREAMED),
    "transaction": in_transaction,
    "committed": lambda db, s: ended(db.session.commit, db, s),
    "committed-streamed": lambda db, s: ended(db.session.commit, db, s, **STREAMED),
    "rolled-back": lambda db, s: ended(db.session.rollback, db, s),
    "closed-session": lambda db, s: ended(db.session.close, db, s),
    "removed": lambda db, s: ended(db.session.remove, db, s),
    "another-statement": lambda db, s: ended(
        lambda: db.session.scalar(select(1)), db, s
    ),
    "another-statement-streamed": lambda db, s: ended(
        lambda: db.session.scalar(select(1)), db, s, **STREAMED
    ),
    "committed-connection": committed_connection,
    "committed-connection-streamed": lambda db, s: committed_connection(
        db, s, **STREAMED
    ),
    "closed": closed,
}


#: Where the view itself has read the first row.
BEGUN: dict[str, View] = {
    "begun-to-read": begun_to_read,
    "begun-in-chunks": begun_in_chunks,
    "begun-columns": lambda db, s: begun_to_read(db, s.with_only_columns(*COLUMNS)),
}


def application(url: str) -> Flask:
    """Return an application on one database."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    database = SQLAlchemy(app)
    Outpour(app)
    views = COMPLETE | ENDED | BEGUN

    @app.get("/<view>")
    def show(view: str) -> Any:
        numbers = select(Number).order_by(Number.id).limit(int(request.args["limit"]))
        return views[view](database, numbers)

    @app.get("/taken")
    def taken() -> dict[str, int]:
        pool: Any = database.engine.pool
        return {"taken": pool.checkedout()}

    @app.teardown_request
    def close(error: BaseException | None) -> None:
        if "connection" in g:
            g.connection.close()

    return app


app = DispatcherMiddleware(
    Flask(__name__),
    {
        f"/{driver}": application(url)
        for driver, url in map(str.split, os.environ.get("DATABASES", "").splitlines())
    },
)
