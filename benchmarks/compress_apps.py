"""The same two streams, compressed by Outpour or by Flask-Compress.

The environment variable ``BENCHMARK_OUTPOUR``, if set, says that Outpour compresses,
else Flask-Compress does; ``BENCHMARK_CSV`` is the path of the file to send.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial

from flask import Flask
from flask import Response

from flask_outpour import Outpour

CHUNK_SIZE = 64 * 1024
#: Of the slow stream: a line of a log five times in a fifth of a second.
ITEMS = 20
INTERVAL = 0.04


def create_app() -> Flask:
    """Return the application that the environment asks for."""
    app = Flask("benchmarks.compress")
    if "BENCHMARK_OUTPOUR" in os.environ:
        app.config["OUTPOUR_COMPRESS"] = True
        Outpour(app)
    else:
        set_up_flask_compress(app)

    @app.route("/text")
    def text() -> str:
        return "Hello, World!"

    @app.route("/orders.csv")
    def orders() -> Response:
        return Response(read_chunks(os.environ["BENCHMARK_CSV"]), mimetype="text/csv")

    @app.route("/log")
    def log() -> Response:
        return Response(generate_log(), mimetype="text/plain")

    return app


def set_up_flask_compress(app: Flask) -> None:
    """Let Flask-Compress compress what the benchmark streams, at its own levels."""
    # Those who measure other things need not have it.
    from flask_compress import Compress

    # By default it leaves gzip out of what it streams, and CSV out altogether.
    app.config["COMPRESS_MIMETYPES"] = ["text/csv", "text/plain"]
    app.config["COMPRESS_ALGORITHM_STREAMING"] = ["zstd", "br", "gzip"]
    Compress(app)


def read_chunks(path: str) -> Iterator[bytes]:
    """Yield chunks that are ready, so that only the coding and the sending cost."""
    with open(path, "rb") as file:
        yield from iter(partial(file.read, CHUNK_SIZE), b"")


def generate_log() -> Iterator[str]:
    """Yield lines that come slowly; each begins with when it left, by this clock."""
    for number in range(ITEMS):
        if number:
            time.sleep(INTERVAL)
        yield f"{time.monotonic():.6f} worker {number}: one more order was shipped\n"
