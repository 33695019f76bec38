"""Run where only a release and what it needs is installed: each kind of stream."""

from __future__ import annotations

import io
import json
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_template_string
from flask_outpour import stream_with_context
from flask_outpour import stream_zip

app = Flask(__name__)
Outpour(app)

ROWS: list[tuple[Any, ...]] = [(1, "Ann, Cy", 9.5), (2, "Zoë", None)]


@app.route("/plain")
def plain() -> Any:
    return stream_with_context(word for word in ("one ", "two"))


@app.route("/rows.<suffix>")
def rows(suffix: str) -> Any:
    return stream_rows(iter(ROWS), suffix, columns=["id", "name", "amount"])


@app.route("/all.zip")
def archive() -> Any:
    return stream_zip({"a.txt": b"text", "rows.csv": [{"id": 1}]})


@app.route("/page")
def page() -> Any:
    return stream_template_string(
        "<p>{% defer %}{{ slow() }}{% fallback %}meanwhile{% enddefer %}<p>last",
        slow=lambda: "slow",
    )


def main() -> None:
    """Ask for each, and look at every byte, or at what a reader makes of them."""
    client = app.test_client()
    assert client.get("/plain").data == b"one two"

    lines = client.get("/rows.csv").data
    assert lines == 'id,name,amount\n1,"Ann, Cy",9.5\n2,Zoë,\n'.encode(), lines

    objects = [
        json.loads(line) for line in client.get("/rows.ndjson").data.splitlines()
    ]
    assert objects[1] == {"id": 2, "name": "Zoë", "amount": None}, objects

    book = zipfile.ZipFile(io.BytesIO(client.get("/rows.xlsx").data))
    assert book.testzip() is None
    assert "Zoë" in book.read("xl/worksheets/sheet1.xml").decode()

    files = zipfile.ZipFile(io.BytesIO(client.get("/all.zip").data))
    assert files.read("a.txt") == b"text"
    assert files.read("rows.csv") == b"id\n1\n"

    text = client.get("/page").text
    assert text.index("meanwhile") < text.index("last") < text.index("slow"), text
    assert client.get("/page?deferred=in-order").text == "<p>slow<p>last"

    here = Path(__file__).resolve()
    import flask_outpour

    installed = Path(flask_outpour.__file__)
    assert here.parents[2] not in installed.parents, installed
    print(version("Flask-Outpour"))


if __name__ == "__main__":
    main()
