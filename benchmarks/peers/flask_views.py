"""The orders on plain Flask: as its documentation streams rows, and in other ways."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from flask import Flask
from flask import request
from flask import Response
from sqlalchemy import create_engine
from sqlalchemy import text

from .source import QUERY
from .source import select_orders
from .source import URL

CHUNK = 10_000
#: Characters that are joined by hand, before they are sent.
JOINED = 64 * 1024

app = Flask("benchmarks.peers")
engine = create_engine(URL.replace("postgresql:", "postgresql+psycopg:", 1))


@app.route("/text")
def text_() -> str:
    return "Hello, World!"


@app.route("/page.csv")
def generate_large_csv() -> Response:
    rows = int(request.args["rows"])

    # The page's loop, word for word but for `str`, which other types need.
    def generate():  # type: ignore[no-untyped-def]
        with select_orders(rows) as cursor:
            for row in cursor:
                yield ",".join(map(str, row)) + "\n"

    return Response(generate(), mimetype="text/csv")  # type: ignore[no-untyped-call]


@app.route("/writer.csv")
def by_csv_writer() -> Response:
    rows = int(request.args["rows"])

    def generate() -> Iterator[str]:
        line = io.StringIO()
        writer = csv.writer(line)
        with select_orders(rows) as cursor:
            for row in cursor:
                writer.writerow(row)
                yield line.getvalue()
                line.seek(0)
                line.truncate(0)

    return Response(generate(), mimetype="text/csv")


@app.route("/joined.csv")
def joined_by_hand() -> Response:
    rows = int(request.args["rows"])

    def generate() -> Iterator[str]:
        lines = io.StringIO()
        write = csv.writer(lines).writerow
        with select_orders(rows) as cursor:
            for row in cursor:
                write(row)
                if lines.tell() >= JOINED:
                    yield lines.getvalue()
                    lines.seek(0)
                    lines.truncate(0)
        yield lines.getvalue()

    return Response(generate(), mimetype="text/csv")


@app.route("/pandas.csv")
def by_pandas() -> Response:
    import pandas

    query = text(QUERY.replace("%s", str(int(request.args["rows"]))))

    def generate() -> Iterator[str]:
        with engine.connect().execution_options(stream_results=True) as connection:
            header = True
            for frame in pandas.read_sql(query, connection, chunksize=CHUNK):
                yield frame.to_csv(index=False, header=header)
                header = False

    return Response(generate(), mimetype="text/csv")
