"""A compressed stream, as it comes from each server and through nginx."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from flask import Flask
from flask import Response

from decoders import Decoder
from flask_outpour import Outpour
from flask_outpour.compress import CODINGS
from processes import running
from processes import Server
from servers.chromium import browsing
from servers.clients import connect
from servers.clients import PATIENCE
from servers.clients import SOON
from servers.expectations import Cut
from servers.expectations import Expectation
from servers.matrix import ROWS
from servers.matrix import TARGET
from servers.nginx import in_front_of
from servers.nginx import VERSIONS

codings = pytest.mark.parametrize("coding", CODINGS)
#: nginx compresses what it may, and passes on what it gets at once.
GZIP = "gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;" + VERSIONS["1.1"]


@codings
def test_first_item_is_decoded_before_the_second_exists(
    server: Server, expected: Expectation, tmp_path: Path, coding: str
) -> None:
    """A client reads the first item while the view still works on the second."""
    if not expected.flows:
        pytest.skip(f"{server.name} sends nothing before it has all")
    assert flows(server, tmp_path / "gate", coding)


@codings
def test_broken_stream_has_no_end(
    server: Server, expected: Expectation, coding: str
) -> None:
    """All rows before a failure are decoded, and every decoder sees the cut.

    Also where the server ends the response as if it were whole.
    """
    decoder, rows = Decoder(coding), b""
    patience = SOON if expected.cut is Cut.HANGS else PATIENCE
    connecting = closing(connect(server.port, patience=patience))
    with connecting as connection, suppress(HTTPException, OSError):
        connection.request("GET", "/fails-after", headers={"Accept-Encoding": coding})
        response = connection.getresponse()
        assert response.headers["Content-Encoding"] == coding
        while data := response.read1():
            rows += decoder.feed(data)
    assert rows == ROWS or (not expected.keeps_items and ROWS.startswith(rows))
    assert not decoder.whole


@codings
def test_nginx_compresses_nothing_twice(tmp_path: Path, coding: str) -> None:
    """Through nginx with gzip on, the coding is ours, once, and it flows."""
    with (
        running("gunicorn-gthread", TARGET, tmp_path) as gthread,
        in_front_of(gthread, GZIP, tmp_path) as nginx,
    ):
        assert flows(nginx, tmp_path / "gate", coding)


def flows(server: Server, gate: Path, coding: str) -> bool:
    """Whether the first item is decoded while the second does not exist."""
    decoder = Decoder(coding)
    with closing(connect(server.port)) as connection:
        path = f"/gated?gate={gate}&unbuffered"
        connection.request("GET", path, headers={"Accept-Encoding": coding})
        response = connection.getresponse()
        assert response.headers.get_all("Content-Encoding") == [coding]
        rows = b""
        try:
            while rows != b"first\n":
                data = response.read1()
                if not data:
                    return False
                rows += decoder.feed(data)
        finally:
            gate.touch()
        while data := response.read1():
            rows += decoder.feed(data)
    assert rows == b"first\nsecond\n"
    assert decoder.whole
    return True


#: Reads the items one by one, and tells the application of each.
PAGE = """<!doctype html><script>
(async () => {
  for (const coding of ["zstd", "br", "gzip"]) {
    const response = await fetch(`/items/${coding}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const sent = response.headers.get("Content-Encoding");
    for (let read; !(read = await reader.read()).done; )
      await fetch(`/seen/${coding}/${sent}/${encodeURIComponent(read.value)}`);
    await fetch(`/end/${coding}`);
  }
})();
</script>"""


def test_browser_reads_each_item_when_it_has_left(
    serve: Callable[[Any], str], tmp_path: Path
) -> None:
    """Chromium decodes an item of each coding while the next one does not exist."""
    seen = {coding: Queue[tuple[str, str]]() for coding in CODINGS}
    ends = Queue[str]()
    app = Flask("browser")
    app.config["OUTPOUR_COMPRESS"] = True
    Outpour(app)
    app.add_url_rule("/", "page", lambda: PAGE)

    @app.get("/items/<coding>")
    def items(coding: str) -> Response:
        # A browser accepts all three.
        app.config["OUTPOUR_COMPRESS"] = [coding]

        def generate() -> Iterator[str]:
            for item in ("first", "second", "third"):
                yield item
                assert seen[coding].get(timeout=30) == (coding, item)

        return Response(generate(), mimetype="text/event-stream")

    @app.get("/seen/<coding>/<sent>/<item>")
    def tell(coding: str, sent: str, item: str) -> str:
        seen[coding].put((sent, item))
        return ""

    @app.get("/end/<coding>")
    def end(coding: str) -> str:
        ends.put(coding)
        return ""

    with browsing(f"{serve(app)}/", tmp_path):
        # Where an item was held back, the stream fails and no end comes.
        assert [ends.get(timeout=60) for _ in CODINGS] == list(CODINGS)
