"""Archives as real servers send them, and as programs download and unpack them."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from flask import Flask
from flask import request
from flask import Response

from apps.matrix import linted
from apps.matrix import repaired
from archives.readers import extracted
from archives.readers import PROGRAMS
from conftest import lack
from flask_outpour import Outpour
from flask_outpour import stream_zip
from processes import Server
from servers.clients import curl
from servers.clients import fetch
from servers.clients import receive
from servers.clients import send
from servers.clients import wait_for

PHOTO = bytes(range(256)) * 4096
ORDERS = [{"id": number, "name": "ä" * 20} for number in range(5000)]

app = Flask("archives")
app.wsgi_app = linted(app.wsgi_app)  # type: ignore[method-assign]
Outpour(app)
application = repaired(linted(app))


def failing() -> Iterator[bytes]:
    """Yield some bytes, then fail."""
    yield PHOTO
    raise LookupError("the disk is gone")


@app.get("/archive")
def archive() -> Response:
    contents: dict[str, Any] = {
        "photo.jpg": PHOTO,
        "日本/": None,
        "日本/orders.csv": ORDERS,
        "日本/chunks.txt": (f"{number}\n" for number in range(1000)),
    }
    if "fails" in request.args:
        contents["broken.txt"] = failing()
    return stream_zip(contents)


@app.get("/stored")
def stored() -> Response:
    path = Path(request.args["photo"])
    response = stream_zip({"photo.jpg": path, "日本.jpg": PHOTO})
    if "shrinks" in request.args:
        path.write_bytes(PHOTO[:1000])
    return response


class Recording:
    """An open file without end, whose closing is recorded."""

    def __init__(self, record: Path) -> None:
        self._record = record

    def read(self, size: int) -> bytes:
        """Return as many bytes as are wanted, not at once."""
        time.sleep(0.01)
        return bytes(size)

    def close(self) -> None:
        """Record the call."""
        with self._record.open("a") as record:
            record.write("file closed\n")


@app.get("/endless")
def endless() -> Response:
    record = Path(request.args["record"])

    def entries() -> Iterator[tuple[str, Any]]:
        try:
            yield "first", "x"
            yield "endless", Recording(record)
        finally:
            with record.open("a") as file:
                file.write("entries closed\n")

    return stream_zip(entries(), stored=True)


def test_archives_over_real_servers(linted_server: Server, tmp_path: Path) -> None:
    """What curl downloads, every program reads; a broken one gives curl an error."""
    whole = curl(f"{linted_server.url}/archive")
    assert whole.code == 0
    path = tmp_path / "a.zip"
    path.write_bytes(whole.body)
    rows = b"".join(b"%d,%s\n" % (row["id"], row["name"].encode()) for row in ORDERS)
    lines = b"".join(b"%d\n" % number for number in range(1000))
    for program in PROGRAMS:
        assert extracted(program, path) == PHOTO + b"id,name\n" + rows + lines

    cut = curl(f"{linted_server.url}/archive?fails")
    assert cut.code == 18
    path.write_bytes(cut.body)
    assert [extracted(program, path) for program in PROGRAMS] == [None] * 4


def test_length_over_real_servers(linted_server: Server, tmp_path: Path) -> None:
    """The length of a stored archive is told, and is what comes; less is an error."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PHOTO * 3)
    url = f"/stored?photo={photo}"
    response, body = fetch(linted_server.port, url)
    assert response.headers["Content-Length"] == str(len(body))
    assert "Transfer-Encoding" not in response.headers
    path = tmp_path / "a.zip"
    path.write_bytes(body)
    assert extracted("unzip", path) == PHOTO * 4

    with closing(send(linted_server.port, "HEAD", url, "Connection: close")) as client:
        head = receive(client)
    assert f"Content-Length: {len(body)}\r\n".lower().encode() in head.lower()

    assert curl(f"{linted_server.url}{url}&shrinks").code == 18


def test_client_that_leaves_closes_everything(
    linted_server: Server, tmp_path: Path
) -> None:
    """The file that is read, and the generator of entries, are closed soon."""
    record = tmp_path / "record"
    path = f"/endless?record={record}"
    with closing(send(linted_server.port, "GET", path)) as connection:
        receive(connection, b"\r\n\r\n")
        # The name of the entry.
        receive(connection, b"endless")
    assert wait_for(lambda: record.exists() and "entries" in record.read_text())
    assert record.read_text() == "file closed\nentries closed\n"


def test_browser_can_show_the_time_that_is_left(
    serve: Callable[[Any], str], tmp_path: Path
) -> None:
    """wget, which knows the length ahead, counts to 100 percent."""
    if not shutil.which("wget"):
        lack("wget", "apt-get install wget")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PHOTO)
    url = f"{serve(application)}/stored?photo={photo}"
    done = subprocess.run(
        ["wget", "--no-config", "--progress=dot", "-O", str(tmp_path / "a.zip"), url],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "100%" in done.stderr
