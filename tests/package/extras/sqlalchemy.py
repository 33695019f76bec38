"""Run where the extra ``sqlalchemy`` is installed: a SELECT on SQLite is streamed."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import Column
from sqlalchemy import create_engine
from sqlalchemy import insert
from sqlalchemy import Integer
from sqlalchemy import MetaData
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy import Table

from flask_outpour import Outpour
from flask_outpour import stream_rows

app = Flask(__name__)
Outpour(app)
ROWS = [{"id": 1, "name": "Ann"}, {"id": 2, "name": None}]
engine = create_engine("sqlite:///orders.sqlite3")
orders = Table("orders", MetaData(), Column("id", Integer), Column("name", String))
orders.metadata.create_all(engine)
with engine.begin() as connection:
    connection.execute(insert(orders), ROWS)


@app.route("/orders.<suffix>")
def stream_orders(suffix: str) -> Any:
    return stream_rows(select(orders).order_by(orders.c.id), suffix, bind=engine)


client = app.test_client()
assert client.get("/orders.csv").data == b"id,name\n1,Ann\n2,\n"
assert client.get("/orders.json").json == ROWS
engine.dispose()
