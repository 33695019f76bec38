"""Tests of contents that a view has at hand: uploads, files and responses."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import request
from flask import Response
from flask import send_file
from flask.testing import FlaskClient

from archives.readers import contents
from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour import stream_zip
from zip_exports.asking import ORDERS


def test_uploads_are_packed(app: Flask, client: FlaskClient) -> None:
    """The files of a form are packed as they came, in one archive."""

    @app.post("/pack")
    def pack() -> Response:
        files = request.files.getlist("files")
        return stream_zip([(str(file.filename), file) for file in files])

    files = [(io.BytesIO(name.encode() * 9), name) for name in ("a.txt", "ä.txt")]
    response = client.post("/pack", data={"files": files})
    found = {"a.txt": b"a.txt" * 9, "ä.txt": "ä.txt".encode() * 9}
    assert contents(response.data) == found


def test_file_of_a_block_names_the_cure(app: Flask, tmp_path: Path) -> None:
    """A file that a ``with`` block has closed gets a note that says what to do."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")

    @app.get("/archive")
    def view() -> Response:
        with path.open("rb") as file:
            return stream_zip({"a.txt": file})

    app.testing = True
    with pytest.raises(ValueError, match="closed file") as caught:
        app.test_client().get("/archive")
    assert any("Give its path" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("later", [False, True], ids=["made", "function"])
def test_responses_are_contents(
    app: Flask, client: FlaskClient, tmp_path: Path, later: bool
) -> None:
    """What other views would send goes into an archive, also another archive."""
    path = tmp_path / "a.txt"
    path.write_text("text")
    makers: dict[str, Callable[[], Response]] = {
        "orders.csv": lambda: stream_rows(ORDERS * 5000, "csv"),
        "in.zip": lambda: stream_zip({"b.txt": "b" * 100_000}),
        "a.txt": lambda: send_file(path),
        "page.html": lambda: Response("<p>"),
    }

    @app.get("/all.zip")
    def all_of_them() -> Response:
        return stream_zip({n: make if later else make() for n, make in makers.items()})

    found = contents(client.get("/all.zip").data)
    assert found["orders.csv"].count(b"\n") == 1 + 5000 * len(ORDERS)
    assert contents(found["in.zip"]) == {"b.txt": b"b" * 100_000}
    assert (found["a.txt"], found["page.html"]) == (b"text", b"<p>")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([Path("a")], r"Entry 1 is PosixPath. Write \(path.name, path\)."),
        (Path("a"), r"PosixPath gives no entries. .* folder.iterdir\(\)"),
        ([("a", b"", 0)], "Entry 1 is tuple with 3 items"),
    ],
)
def test_first_try_of_many_is_answered(app: Flask, entries: Any, words: str) -> None:
    """Paths without names, and what is no pair, are errors that say what to write."""
    with app.test_request_context(), pytest.raises(SourceError, match=words):
        stream_zip(entries)
