"""Tests of one format object that many streams share."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable
from io import StringIO
from typing import Any
from urllib.request import urlopen

from flask import Flask
from flask import Response

from exports.orders import ask
from flask_outpour import CSV
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import stream_rows


def test_streams_of_one_format_object_do_not_meet(app: Flask) -> None:
    """A format made once for a module serves streams that run side by side."""
    shared = {"csv": CSV(), "ndjson": NDJSON(final_record=True), "json": JSON()}

    @app.get("/<name>/<width>")
    def view(name: str, width: str) -> Response:
        columns = [f"column {number}" for number in range(int(width))]
        rows = (tuple(range(int(width))) for _ in range(3))
        return stream_rows(rows, shared[name], columns=columns)

    client = app.test_client()
    widths = (1, 2, 5)
    for name in shared:
        expected = [client.get(f"/{name}/{width}").data for width in widths]
        bodies = [ask(app, path=f"/{name}/{width}")[2] for width in widths]
        chunks: list[list[bytes]] = [[] for _ in widths]
        for _ in range(9):
            for body, got in zip(bodies, chunks, strict=True):
                got.append(next(body, b""))
        for body in bodies:
            body.close()
        assert [b"".join(got) for got in chunks] == expected
        assert len({tuple(map(bool, got)) for got in chunks}) == 1
        assert sum(map(bool, chunks[0])) > 1, "the streams must have run side by side"


def test_streams_of_one_format_object_in_threads(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """Clients at the same time each get the rows of their own query."""
    shared = CSV()

    @app.get("/<int:start>")
    def view(start: int) -> Response:
        rows = ((number, start) for number in range(start, start + 3000))
        return stream_rows(rows, shared, columns=["n", f"from {start}"])

    url = serve(app)
    bodies: dict[int, str] = {}

    def fetch(start: int) -> None:
        with urlopen(f"{url}/{start}", timeout=20) as response:
            bodies[start] = response.read().decode()

    threads = [threading.Thread(target=fetch, args=(n * 1000,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 8
    for start, body in bodies.items():
        rows = list(csv.reader(StringIO(body)))
        assert rows[0] == ["n", f"from {start}"]
        expected = [[str(n), str(start)] for n in range(start, start + 3000)]
        assert rows[1:] == expected
