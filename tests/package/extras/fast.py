"""Run where the extra ``fast`` is installed: msgspec writes, and makes the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_rows

app = Flask(__name__)
Outpour(app)
written: list[Any] = []


class Order(msgspec.Struct):
    """A row."""

    id: int
    amount: float


@app.route("/rows.<suffix>")
def rows(suffix: str) -> Any:
    return stream_rows((Order(id, id / 4) for id in (1000, 1001)), suffix)


def noted(encode: Callable[..., bytes]) -> Callable[..., bytes]:
    def note(value: Any) -> bytes:
        written.append(value)
        return encode(value)

    return note


class Encoder:
    """msgspec's, which keeps what it was given."""

    def __init__(self) -> None:
        encoder = REAL()
        self.encode = noted(encoder.encode)
        self.encode_lines = noted(encoder.encode_lines)


REAL = msgspec.json.Encoder
msgspec.json.Encoder = Encoder  # type: ignore[assignment, misc]
client = app.test_client()
assert client.get("/rows.csv").data == b"id,amount\n1000,250.0\n1001,250.25\n"
assert written
written.clear()
lines = b'{"id":1000,"amount":250.0}\n{"id":1001,"amount":250.25}\n'
assert client.get("/rows.ndjson").data == lines
assert written
