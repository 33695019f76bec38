"""The guide to nested rows: on PostgreSQL, its two ways give the rows that it shows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm import Session

from flask_outpour.formats import NDJSON
from flask_outpour.rows import open_rows

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "nested.md"


@pytest.fixture
def guide(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Return the names that the examples of the guide define."""
    monkeypatch.chdir(tmp_path)
    module = ModuleType("nested_guide")
    module.__file__ = str(tmp_path / "nested_guide.py")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    names = vars(module)
    for part in GUIDE.read_text().split("```python\n")[1:]:
        exec(part.partition("\n```")[0], names)
    yield names
    with names["app"].app_context():
        names["db"].session.remove()
        names["db"].engine.dispose()


@pytest.fixture
def shop(open_engine: Callable[..., Engine], guide: dict[str, Any]) -> Iterator[Engine]:
    """Return an engine of PostgreSQL with the orders of the guide."""
    engine = open_engine("psycopg")
    metadata = guide["db"].metadata
    metadata.drop_all(engine)
    metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(guide["sample"]())
        session.commit()
    yield engine
    metadata.drop_all(engine)


def shown(path: str) -> str:
    """Return what the guide shows that a path answers."""
    _, _, rest = GUIDE.read_text().partition(f"5000{path}\n")
    return rest[: min(rest.index("$ curl"), rest.index("```"))]


def streamed(source: Any, **options: Any) -> str:
    """Return the lines of a source."""
    format = NDJSON()
    with closing(open_rows(source, lines=format.lines, **options)) as rows:
        begin = format.begin(rows.columns)
        return b"".join([begin, *map(format.feed, rows.batches)]).decode()


def test_json_agg(guide: dict[str, Any], shop: Engine) -> None:
    """One statement makes the rows of the guide, those without items included."""
    asked: list[str] = []
    event.listen(shop, "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert streamed(guide["with_items"](), bind=shop) == shown("/orders.ndjson")
    assert len([each for each in asked if "json_agg" in each]) == 1


def test_selectinload(guide: dict[str, Any], shop: Engine) -> None:
    """The items of many orders are fetched by one query."""
    asked: list[str] = []
    event.listen(shop, "before_cursor_execute", lambda *args: asked.append(args[2]))
    order = guide["Order"]
    with Session(shop) as session:
        session.add_all(
            [order(id=number, day=guide["date"].min) for number in range(3, 90)]
        )
        session.commit()
        asked.clear()
        got = streamed(
            select(order).options(selectinload(order.items)).order_by(order.id),
            bind=session,
            columns=["id", "day", "lines"],
        )
    lines = got.splitlines(keepends=True)
    assert "".join(lines[:2]) == shown("/orders.ndjson")
    assert len(lines) == 89
    assert len([each for each in asked if "FROM nested_items" in each]) < 10
