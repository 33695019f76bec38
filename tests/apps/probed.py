"""The doctor's requests enter; streams of the probe, and one of a user's, leave."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from flask import Flask
from flask import Response

from flask_outpour import Outpour

app = Flask("probed")
app.config["OUTPOUR_PROBE_TOKEN"] = os.environ.get("PROBED_TOKEN")
Outpour(app)


@app.get("/ticks")
def ticks() -> Response:
    """Stream eight items over a second and a half."""

    def generate() -> Iterator[str]:
        for number in range(8):
            time.sleep(0.2 if number else 0)
            yield f"tick {number}\n"

    return Response(generate(), mimetype="text/plain")
