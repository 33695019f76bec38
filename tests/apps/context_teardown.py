"""Streams whose teardown and closing are written to the file that EVENTS names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from flask import Flask
from flask import g
from flask import request
from flask import Response

from flask_outpour import Outpour
from flask_outpour import stream_with_context

app = Flask(__name__)
Outpour(app)


def write(event: str) -> None:
    # One write of an appending file is never mixed with another's.
    with open(os.environ["EVENTS"], "a") as events:
        events.write(f"{request.path} {event}\n")


@app.before_request
def remember() -> None:
    g.path = request.path


@app.teardown_request
def torn_down_request(error: BaseException | None) -> None:
    write(f"teardown_request {g.path} {type(error).__name__}")


@app.teardown_appcontext
def torn_down_app(error: BaseException | None) -> None:
    with open(os.environ["EVENTS"], "a") as events:
        events.write(f"{g.path} teardown_appcontext\n")


def rows(ending: str) -> Iterator[bytes]:
    try:
        yield b"row\n" * 3
        if ending == "failed":
            raise ValueError("no more rows")
        while ending == "endless":
            yield b"row\n" * 4096
            # Long enough for another client, short enough for a test.
            time.sleep(0.001)
    finally:
        write(f"closed {g.path}")


@app.get("/<ending>")
def stream(ending: str) -> Response:
    return Response(stream_with_context(rows(ending)))
