"""Run where the extra ``locale`` is installed: CSV as a country writes it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Flask

from flask_outpour import CSV
from flask_outpour import Outpour
from flask_outpour import stream_rows

app = Flask(__name__)
Outpour(app)


@app.route("/rows")
def rows() -> Any:
    row = {"id": 1, "amount": 1.5, "day": date(2013, 1, 2)}
    return stream_rows([row], CSV.for_locale("de_DE"))


assert app.test_client().get("/rows").data == b"id;amount;day\n1;1,5;02.01.2013\n"
