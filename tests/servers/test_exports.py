"""Exports of rows as programs that download files, and as real servers, have them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask import request
from flask import Response

from apps.matrix import linted
from apps.matrix import repaired
from conftest import lack
from flask_outpour import NDJSON
from flask_outpour import Outpour
from flask_outpour import stream_rows
from processes import Server
from servers.chromium import browsing
from servers.clients import curl
from servers.clients import wait_for

ROWS = 5000
#: What a view names its file; the file that lands, and where curl, which reads only
#: ``filename=``, makes another one.
NAMES = {
    "orders": ("orders.csv", None),
    "two words": ("two words.csv", None),
    'the "best" of': ("the _best_ of.csv", None),
    "it's (1); a=b": ("it's (1); a=b.csv", None),
    "Käse für Köln": ("Käse für Köln.csv", "Kase fur Koln.csv"),
    "日本": ("日本.csv", "download.csv"),
    "жар 🌻": ("жар 🌻.csv", "download.csv"),
    "100 %": ("100 %.csv", "100 _.csv"),
    "a/b\\c": ("a_b_c.csv", None),
    "../../up": ("_.._up.csv", None),
    "\u2024\u2024\uff0fup": ("\u2024\u2024\uff0fup.csv", "download.._up.csv"),
    "line\r\nSet-Cookie: a=b": ("line_Set-Cookie_ a=b.csv", None),
    ".hidden": ("hidden.csv", None),
    "last.json": ("last.csv", None),
}
CLIENTS = {
    "curl": ["curl", "-sS", "-OJ"],
    "wget": ["wget", "-q", "--content-disposition", "--no-config"],
    "aria2c": ["aria2c", "-q", "--no-conf"],
}

app = Flask("exports")
app.wsgi_app = linted(app.wsgi_app)  # type: ignore[method-assign]
Outpour(app)
application = repaired(linted(app))


def numbers(fails: bool) -> Iterator[tuple[int, str]]:
    """Yield rows, and fail behind the last one if asked to."""
    for number in range(ROWS):
        yield number, "ä" * 20
    if fails:
        raise LookupError("the database is gone")


@app.get("/numbers.<suffix>")
def view(suffix: str) -> Response:
    rows = numbers("fails" in request.args)
    record = "record" in request.args
    format = NDJSON(final_record=True) if record else None
    return stream_rows(rows, format, columns=["id", "text"])


@app.get("/named")
def named() -> Response:
    name = request.args["name"]
    return stream_rows([(1,)], "csv", columns=["id"], filename=name)


@app.get("/frames")
def frames() -> str:
    """Show a page that downloads a file of each name."""
    sources = [f"/named?{urlencode({'name': name})}" for name in NAMES]
    return "".join(f'<iframe src="{source}"></iframe>' for source in sources)


@pytest.mark.parametrize("client", CLIENTS)
def test_downloaded_file_has_its_name(
    serve: Callable[[Any], str], tmp_path: Path, client: str
) -> None:
    """What lands in the folder is one file of the expected name, with the rows."""
    if not shutil.which(client):
        lack(client, f"apt-get install {client.removesuffix('c')}")
    url = serve(application)
    for number, (name, (full, plain)) in enumerate(NAMES.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        address = f"{url}/named?{urlencode({'name': name})}"
        subprocess.run([*CLIENTS[client], address], cwd=folder, check=True, timeout=30)
        expected = plain if client == "curl" and plain is not None else full
        assert os.listdir(folder) == [expected]
        assert (folder / expected).read_text() == "id\n1\n"
    assert len(list(tmp_path.iterdir())) == len(NAMES)


def test_browser_saves_files_under_their_names(
    serve: Callable[[Any], str], tmp_path: Path
) -> None:
    """Chromium downloads each file into the folder that its user has chosen."""
    folder, settings = tmp_path / "folder", tmp_path / "profile/Default/Preferences"
    settings.parent.mkdir(parents=True)
    # A page may start several downloads, and nobody is asked where they go.
    allowed = {"default_content_setting_values": {"automatic_downloads": 1}}
    saved = {"default_directory": str(folder), "prompt_for_download": False}
    settings.write_text(json.dumps({"download": saved, "profile": allowed}))
    expected = {full for full, _ in NAMES.values()}
    with browsing(f"{serve(application)}/frames", tmp_path):
        wait_for(lambda: folder.exists() and expected <= set(os.listdir(folder)))
    assert set(os.listdir(folder)) == expected
    assert {path.read_text() for path in folder.iterdir()} == {"id\n1\n"}


def test_exports_over_real_servers(linted_server: Server) -> None:
    """A whole export ends soundly; one that fails has its rows, and is cut."""
    url = f"{linted_server.url}/numbers"
    whole = curl(f"{url}.csv")
    assert (whole.code, whole.body.count(b"\n")) == (0, ROWS + 1)
    cut = curl(f"{url}.csv?fails")
    assert (cut.code, cut.body) == (18, whole.body)

    array = curl(f"{url}.json")
    assert (array.code, len(json.loads(array.body))) == (0, ROWS)
    cut = curl(f"{url}.json?fails")
    assert (cut.code, cut.body) == (18, array.body.removesuffix(b"\n]\n"))

    lines = curl(f"{url}.ndjson?record")
    outcomes = b'{"outcome":"%s","rows":5000}\n'
    assert lines.code == 0
    assert lines.body.endswith(b"\n" + outcomes % b"complete")
    cut = curl(f"{url}.ndjson?record&fails")
    assert cut.code == 18
    assert cut.body == lines.body.replace(b"complete", b"failed")
