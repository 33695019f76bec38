"""An application whose streams have no end, and a download that has."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from flask import Flask
from flask import request
from flask import Response

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_template_string
from flask_outpour import stream_with_context

app = Flask(__name__)
if "DRAIN" in os.environ:
    app.config["OUTPOUR_DRAIN"] = {"None": None}[os.environ["DRAIN"]]
Outpour(app)

LINE = b"x" * 1023 + b"\n"


@app.get("/ticks")
def ticks() -> Response:
    """Tick for ever."""

    def generate() -> Iterator[str]:
        try:
            while True:
                yield "tick\n"
                time.sleep(0.05)
        finally:
            print("ticks closed", flush=True)

    return Response(generate(), mimetype="text/plain")


@app.route("/events", methods=["GET", "POST"])
def events() -> Response:
    """Send events for ever, each in two items."""

    def generate() -> Iterator[str]:
        try:
            while True:
                yield "event: tick\n"
                yield f"data: {time.monotonic()}\n\n"
                time.sleep(0.05)
        finally:
            print("events closed", flush=True)

    return Response(stream_with_context(generate()), mimetype="text/event-stream")


@app.get("/download")
def download() -> Response:
    """Send as many kilobytes as are asked for, and take no time of the reader's."""
    count = int(request.args["count"])
    return Response((LINE for _ in range(count)), mimetype="text/plain")


def slowly() -> Iterator[str]:
    """Yield items that make their reader wait, for some seconds in all."""
    until = time.monotonic() + float(request.args["seconds"])
    while time.monotonic() < until:
        yield "waited\n"
        time.sleep(0.05)


@app.get("/attachment")
def attachment() -> Response:
    """Send a download that takes its time."""
    disposition = {"Content-Disposition": "attachment; filename=slow.txt"}
    return Response(stream_with_context(slowly()), headers=disposition)


@app.get("/declared")
def declared() -> Response:
    """Send a download that takes its time, and as long as was said."""
    text = "".join("waited\n" for _ in range(50))

    def generate() -> Iterator[str]:
        for line in text.splitlines(keepends=True):
            yield line
            time.sleep(0.05)

    return Response(generate(), headers={"Content-Length": str(len(text))})


@app.get("/rows")
def rows() -> Response:
    """Send rows of a slow source."""
    lines = ([line] for line in slowly())
    return stream_rows(lines, columns=["line"], attachment=False)


@app.get("/page")
def page() -> object:
    """Send a page of slow parts."""
    return stream_template_string(
        "{% for line in lines %}{{ line }}{% flush %}{% endfor %}", lines=slowly()
    )


@app.get("/ping")
def ping() -> str:
    """Say which process answers."""
    return str(os.getpid())
