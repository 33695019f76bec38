"""Tests beside Flask-SQLAlchemy: its session lives as long as the stream."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import Response
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy import ForeignKey
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy.orm import joinedload
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour.testing import assert_closed
from flask_outpour.testing import open_stream
from flask_outpour.testing import Source
from processes import Server

COUNT = 3


class Shop:
    """An application's database of customers and their orders."""

    def __init__(self, app: Flask, url: str) -> None:
        app.config["SQLALCHEMY_DATABASE_URI"] = url
        self.db = db = SQLAlchemy(app)

        class Customer(db.Model):  # type: ignore[name-defined, misc]
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]

        class Order(db.Model):  # type: ignore[name-defined, misc]
            id: Mapped[int] = mapped_column(primary_key=True)
            customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
            customer: Mapped[Customer] = relationship()

        self.Order = Order
        with app.app_context():
            self.engine = db.engine
            db.create_all()
            for name in ("Ada", "Bo", "Cy")[:COUNT]:
                db.session.add(Order(customer=Customer(name=name)))
            db.session.commit()

    @property
    def taken(self) -> int:
        """How many connections are out of the pool."""
        return int(self.engine.pool.checkedout())  # type: ignore[attr-defined]


@pytest.fixture
def shop(app: Flask, tmp_path: Path) -> Iterator[Shop]:
    """Return the application's database, in a file and with a pool."""
    shop = Shop(app, f"sqlite:///{tmp_path / 'shop.sqlite'}")
    yield shop
    shop.engine.dispose()


#: How a view may hand over its rows.
VIEWS: dict[str, Callable[[Shop], Any]] = {
    "result": lambda shop: shop.db.session.execute(select(shop.Order.id)),
    "query": lambda shop: shop.db.session.query(shop.Order.id),
    "scalars": lambda shop: shop.db.session.scalars(select(shop.Order)),
}


@pytest.mark.parametrize("how", VIEWS)
def test_rows_of_the_session_arrive_while_it_is_open(
    app: Flask, shop: Shop, serve: Callable[[Any], str], how: str
) -> None:
    """What the view has asked its session for is read row by row to the end."""
    # One release more than there are rows, so that the end waits, too.
    gate = Source(range(COUNT + 1), gated=True)

    @app.get("/")
    def view() -> Response:
        pairs = zip(gate, VIEWS[how](shop), strict=False)
        return Response(stream_with_context(f"{row.id}\n" for _, row in pairs))

    gate.release()
    with open_stream(serve(app)) as response:
        for number in range(1, COUNT + 1):
            assert next(response).data == b"%d\n" % number
            assert shop.taken == 1
            gate.release()
        assert response.read() == b""
    assert_closed(gate)
    assert shop.taken == 0
    assert shop.db.session.registry.registry == {}


def test_statement_finds_its_session_and_gives_the_connection_back(
    app: Flask, shop: Shop, serve: Callable[[Any], str]
) -> None:
    """``stream_rows(select(...))`` needs no bind, complete, failed or not begun."""
    app.add_url_rule("/all", "all", lambda: stream_rows(select(shop.Order), "csv"))
    app.add_url_rule("/bad", "bad", lambda: stream_rows(text("SELECT nothing"), "csv"))
    url = serve(app)
    with open_stream(url + "/all") as response:
        assert response.read() == b"id,customer_id\n1,1\n2,2\n3,3\n"
    with open_stream(url + "/bad") as response:
        assert response.status == 500
    with open_stream(url + "/all", method="HEAD") as response:
        assert response.status == 200
    assert shop.taken == 0


@pytest.mark.parametrize("eager", [True, False])
def test_relations_are_columns(app: Flask, shop: Shop, eager: bool) -> None:
    """A dotted name leads through a relationship, by one query, asked for or not."""
    statements: list[str] = []
    query = select(shop.Order).order_by(shop.Order.id)
    if eager:
        query = query.options(joinedload(shop.Order.customer))
    app.add_url_rule(
        "/",
        "orders",
        lambda: stream_rows(query, "csv", columns=["id", "customer.name"]),
    )

    def remember(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(shop.engine, "before_cursor_execute", remember)
    expected = "id,customer.name\n1,Ada\n2,Bo\n3,Cy\n"
    assert app.test_client().get("/").text == expected
    assert len(statements) == 1
    assert shop.taken == 0


def test_client_that_leaves_gives_its_connection_back(
    run_server: Callable[..., Server], tmp_path: Path
) -> None:
    """On gunicorn's threads a pool of one connection serves one after the other."""
    url = f"sqlite:///{tmp_path / 'shop.sqlite'}"
    server = run_server("gunicorn-gthread", f"{__name__}:application('{url}')")
    for _ in range(5):
        with open_stream(f"{server.url}/endless", timeout=60) as response:
            assert response.status == 200
            assert next(response).data.startswith(b"n\n1\n")


def application(url: str) -> Flask:
    """Return an application with an endless query and a pool of one connection."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 1, "max_overflow": 0}
    SQLAlchemy(app)
    Outpour(app)
    endless = "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t)"
    app.add_url_rule(
        "/endless",
        "endless",
        lambda: stream_rows(text(f"{endless} SELECT n FROM t"), "csv"),
    )
    return app
