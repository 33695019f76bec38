"""Run where the extra ``compress`` is installed: each coding comes, and is read."""

from __future__ import annotations

import zlib
from typing import Any

import brotli
from backports import zstd
from flask import Flask
from isal import isal_zlib

from flask_outpour import Outpour
from flask_outpour import stream_with_context

app = Flask(__name__)
app.config["OUTPOUR_COMPRESS"] = True
Outpour(app)
LINES = [f"line {number}\n" for number in range(1000)]
READERS = {
    "zstd": zstd.decompress,
    "br": brotli.decompress,
    "gzip": lambda data: zlib.decompress(data, 31),
}


@app.route("/")
def lines() -> Any:
    return stream_with_context(iter(LINES))


client = app.test_client()
for coding, read in READERS.items():
    answer = client.get("/", headers={"Accept-Encoding": coding})
    assert answer.headers["Content-Encoding"] == coding
    assert read(answer.data) == "".join(LINES).encode()
answer = client.get("/", headers={"Accept-Encoding": ", ".join(reversed(READERS))})
assert answer.headers["Content-Encoding"] == "zstd"
# The faster gzip is the one that wrote.
assert isal_zlib.__name__ in __import__("sys").modules
