"""Tests of the documented recipe: queries of a block end when its page gives it up."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy import text
from ways_of_sending import in_order

from postgresql import PostgreSQL

PAGE = Path(__file__).parents[2] / "docs" / "defer.md"
URL = "postgresql+psycopg://localhost/shop"


@pytest.fixture
def engine(postgresql: PostgreSQL) -> Iterator[Engine]:
    """Return the engine of the page's recipe, on PostgreSQL."""
    fences = re.findall("^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    (recipe,) = (code for code in fences if "statement_timeout" in code)
    assert URL in recipe
    names: dict[str, Any] = {}
    exec(recipe.replace(URL, postgresql.url("psycopg")), names)
    engine: Engine = names["engine"]
    yield engine
    engine.dispose()


def limit_of(engine: Engine) -> str:
    """Return how long a statement may take, as PostgreSQL says it."""
    with engine.connect() as connection:
        return str(connection.scalar(text("show statement_timeout")))


def test_query_ends_when_the_page_gives_up(
    app: Flask,
    engine: Engine,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The page goes on, and the thread that waited for the database is free."""

    def hang() -> None:
        with engine.connect() as connection:
            connection.execute(text("select pg_sleep(60)"))

    source = "{% defer timeout=0.3 %}{{ hang() }}{% onerror %}late{% enddefer %}!"
    assert in_order(app, source, hang=hang) == "late!"
    assert "<template>, line 1" in caplog.text
    pool = app.extensions["outpour"].pool.get(8)
    for _ in range(2_000):
        if not pool.busy:
            break
        time.sleep(0.01)
    assert pool.busy == 0


def test_only_a_block_with_a_timeout_has_a_limit(app: Flask, engine: Engine) -> None:
    """Each block has its own limit, and the connection has none behind it."""
    source = (
        "{{ limit() }} {% defer timeout=2.5 %}{{ limit() }}{% enddefer %}"
        " {% defer %}{{ limit() }}{% enddefer %}"
    )
    assert in_order(app, source, limit=lambda: limit_of(engine)) == "0 2500ms 0"
    assert limit_of(engine) == "0"
