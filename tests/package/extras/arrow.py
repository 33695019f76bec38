"""Run where the extra ``arrow`` is installed: a table becomes Parquet, and CSV."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_rows

app = Flask(__name__)
Outpour(app)
TABLE = pa.table({"id": [1, 2], "amount": [Decimal("1.50"), None]})


@app.route("/rows.<suffix>")
def rows(suffix: str) -> Any:
    return stream_rows(TABLE, suffix)


client = app.test_client()
assert pq.read_table(io.BytesIO(client.get("/rows.parquet").data)).equals(TABLE)
assert pa.ipc.open_stream(client.get("/rows.arrows").data).read_all().equals(TABLE)
assert client.get("/rows.csv").data == b"id,amount\n1,1.50\n2,\n"
