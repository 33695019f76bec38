"""Exports of the databases that ``POSTGRESQL`` and ``MARIADB`` name, which then fail.

``copy`` stands for COPY, which only psycopg has.
``/<driver>`` streams rows without end, ``?rows=`` of them or what ``?fault=`` makes of
them; ``/<driver>/pool`` tells of the connections.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from flask import Flask
from flask import request
from flask import Response
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import text

from flask_outpour import CSV
from flask_outpour import Outpour
from flask_outpour import stream_rows

app = Flask(__name__)
Outpour(app)
ENGINES: dict[str, Engine] = {}
for variable, drivers in (
    ("POSTGRESQL", ("psycopg", "psycopg2", "pg8000", "copy")),
    ("MARIADB", ("pymysql", "mysqldb") if find_spec("MySQLdb") else ("pymysql",)),
):
    for driver in drivers:
        if variable in os.environ:
            ENGINES[driver] = create_engine(
                os.environ[variable].replace(
                    "DRIVER", "psycopg" if driver == "copy" else driver
                ),
                pool_size=3,
                max_overflow=0,
                pool_timeout=3,
            )

_NUMBERS = {
    # Of a function in FROM, PostgreSQL would make all rows first.
    "postgresql": "(SELECT generate_series(1, {rows}) AS i) AS n",
    "mysql": "(SELECT seq AS i FROM seq_1_to_{rows}) AS n",
}
#: What fails in the row of that number, or takes its time.
_FAULTS = {
    "": "0",
    "division": "1 / (5000 - i)",
    "timeout": "pg_sleep(CASE WHEN i > 5000 THEN 20 ELSE 0 END)",
}


@app.get("/<driver>")
def export(driver: str) -> Response:
    engine = ENGINES[driver]
    rows = request.args.get("rows", 1_000_000_000)
    numbers = _NUMBERS[engine.dialect.name].format(rows=rows)
    fault = request.args.get("fault", "")
    statement = text(
        f"SELECT i, {_FAULTS[fault]} AS f, repeat('x', 400) AS x FROM {numbers}"
    )
    # Where formulas are looked for, PostgreSQL cannot write the lines.
    format = CSV(escape_formulas=driver != "copy")
    if fault == "timeout":
        return stream_rows(lambda: limited(engine, statement), format)
    return stream_rows(statement, format, bind=engine)


def limited(engine: Engine, statement: Any) -> Iterator[Any]:
    """Yield the rows of a statement, none of whose steps may take long."""
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 300"))
        streamed = connection.execution_options(stream_results=True)
        yield from streamed.execute(statement).mappings()


@app.get("/<driver>/pool")
def pool(driver: str) -> dict[str, Any]:
    pool: Any = ENGINES[driver].pool
    return {"taken": pool.checkedout(), "free": pool.checkedin()}
