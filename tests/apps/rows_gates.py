"""Rows that come when a client opens the gate for them, to see what is held back."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from itertools import count

from flask import Flask
from flask import Response

from flask_outpour import Outpour
from flask_outpour import stream_rows

app = Flask(__name__)
Outpour(app)
gates: defaultdict[str, threading.Semaphore] = defaultdict(
    lambda: threading.Semaphore(0)
)


@app.get("/open/<gate>/<int:rows>")
def open_gate(gate: str, rows: int) -> str:
    gates[gate].release(rows)
    return ""


@app.get("/rows/<gate>.<suffix>")
def rows(gate: str, suffix: str) -> Response:
    def generate() -> Iterator[dict[str, int]]:
        for number in count():
            assert gates[gate].acquire(timeout=20)
            yield {"number": number}

    return stream_rows(generate())
