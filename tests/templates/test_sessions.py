"""Tests of deferred blocks that use a database by Flask-SQLAlchemy, on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

from flask_outpour import stream_template_string
from flask_outpour.templates import TemplateStream
from postgresql import PostgreSQL


@pytest.fixture
def db(app: Flask, postgresql: PostgreSQL) -> Any:
    """Return the application's database."""
    app.config["SQLALCHEMY_DATABASE_URI"] = postgresql.url("psycopg")
    db = SQLAlchemy(app)
    with app.app_context():
        engine = db.engine
    yield db
    engine.dispose()


def test_each_block_has_a_session_of_its_own(app: Flask, db: Any) -> None:
    """Blocks query at the same time by their own connections, which all come back."""
    backends: list[int] = []

    def query(seconds: float) -> str:
        backend = db.session.scalar(
            text("SELECT pg_backend_pid() FROM pg_sleep(:seconds)"),
            {"seconds": seconds},
        )
        backends.append(backend)
        assert backend == db.session.scalar(text("SELECT pg_backend_pid()"))
        return "done"

    @app.get("/")
    def view() -> TemplateStream:
        query(0)
        return stream_template_string(
            "{% for i in range(3) %}{% defer %}{{ query(0.3) }},{% enddefer %}"
            "{% endfor %}{{ query(0) }}",
            query=query,
            deferred="in-order",
        )

    assert app.test_client().get("/").text == "done,done,done,done"
    page, again, *blocks = backends
    assert page == again
    assert len({page, *blocks}) == 4
    with app.app_context():
        assert db.engine.pool.checkedout() == 0


def test_failed_query_is_rolled_back(app: Flask, db: Any) -> None:
    """A block whose query fails gives its connection back fit for use."""

    @app.get("/")
    def view() -> TemplateStream:
        return stream_template_string(
            "{% defer %}{{ query('SELECT 1 / 0') }}{% onerror %}sorry{% enddefer %}"
            "{% defer %}{{ query('SELECT 2') }}{% enddefer %}",
            query=lambda statement: db.session.scalar(text(statement)),
            deferred="in-order",
        )

    client = app.test_client()
    assert [client.get("/").text for _ in range(10)] == ["sorry2"] * 10
    with app.app_context():
        assert db.engine.pool.checkedout() == 0
