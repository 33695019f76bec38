"""Views for servers in processes of their own: ``testing.views:app``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from flask import request
from flask import Response

from flask_outpour import Outpour

app = Flask(__name__)
Outpour(app)


@app.get("/rows/<int:count>")
def rows(count: int) -> Response:
    return Response(f"{number}\n" for number in range(count))


@app.get("/gated")
def gated() -> Iterator[str]:
    def generate() -> Iterator[str]:
        yield "first"
        deadline = time.monotonic() + 60
        while not gate.exists():
            assert time.monotonic() < deadline, f"Nobody opened {gate}."
            time.sleep(0.01)
        yield "second"

    gate = Path(request.args["gate"])
    return generate()


@app.get("/fails")
def fails() -> Iterator[str]:
    yield "first"
    # granian drops headers, too, that it has not sent when a view fails.
    time.sleep(0.1)
    raise ValueError("no second row")


@app.get("/endless")
def endless() -> Iterator[str]:
    try:
        while True:
            yield "more\n" * 1000
    finally:
        print("closed", flush=True)


@app.get("/length")
def length() -> Response:
    return Response(iter(["one", "two"]), headers={"Content-Length": "6"})


@app.get("/grows/<int:size>")
def grows(size: int) -> str:
    return f"{len(os.urandom(size))}"


@app.get("/variable")
def variable() -> str:
    return os.environ["SHOP"]
