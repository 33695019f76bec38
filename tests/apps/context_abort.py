"""Streams that fail or not; ``HARD_ABORT`` switches ``OUTPOUR_HARD_ABORT`` on."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flask import Flask
from flask import Response

from flask_outpour import Outpour

app = Flask(__name__)
app.config["OUTPOUR_HARD_ABORT"] = bool(os.environ.get("HARD_ABORT"))
Outpour(app)


@app.get("/<ending>")
def stream(ending: str) -> Response:
    def rows() -> Iterator[str]:
        yield "row\n"
        yield "row\n"
        if ending == "failed":
            raise ValueError("no more rows")

    return Response(rows())
