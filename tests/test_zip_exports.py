"""Tests of ``stream_zip`` as a response: its headers, contexts, rows and endings."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from flask import abort
from flask import Flask
from flask import g
from flask import got_request_exception
from flask import request
from flask import Response
from flask import send_file
from flask import session
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from archives.readers import contents
from archives.readers import infos
from archives.sources import Chunks
from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import Outpour
from flask_outpour import Rows
from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour import stream_zip
from flask_outpour import ZipEntry

ORDERS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}]
AS_CSV = b"id,name\n1,Ada\n2,\n"


def archive(app: Flask, entries: Any, **options: Any) -> None:
    """Add a view, at ``/archive``, that streams an archive of these entries."""
    app.add_url_rule("/archive", "archive", lambda: stream_zip(entries, **options))


def ask(app: Flask, method: str = "GET", **headers: str) -> Any:
    """Return status, headers and the body, unread, as a WSGI server gets them."""
    environ = create_environ("/archive", method=method, headers=headers)
    body, status, answered = run_wsgi_app(app, environ, buffered=False)
    return status, answered, body


# The response


def test_response_is_an_archive(app: Flask, client: FlaskClient) -> None:
    """It has the media type of ZIP, the name of the endpoint, and all entries."""
    archive(app, {"a.txt": "größer", "b/": None, "b/c": [b"x", "y"]})
    response = client.get("/archive")
    assert (response.status_code, response.mimetype) == (200, "application/zip")
    header = 'attachment; filename="archive.zip"'
    assert response.headers["Content-Disposition"] == header
    assert "Content-Length" not in response.headers
    found = {"a.txt": "größer".encode(), "b/": b"", "b/c": b"xy"}
    assert contents(response.data) == found


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("photos", "photos.zip"),
        ("photos.zip", "photos.zip"),
        ("orders.csv", "orders.zip"),
        ("report.v2", "report.v2.zip"),
        ("Bücher/日本", "Bücher_日本.zip"),
    ],
)
def test_name_of_the_file(
    app: Flask, client: FlaskClient, filename: str, expected: str
) -> None:
    """The name is the view's, with the suffix of an archive."""
    archive(app, {"a": b""}, filename=filename, attachment=False)
    header = client.get("/archive").headers["Content-Disposition"]
    assert parse_options_header(header) == ("inline", {"filename": expected})


def test_stored_archive_tells_its_length(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    """GET and HEAD tell the exact length where nothing is compressed."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(bytes(300_000))
    entries = {"photo.jpg": path, "folder/": None, "日本.png": b"x" * 1000}
    archive(app, entries)
    response = client.get("/archive")
    assert response.content_length == len(response.data)
    assert set(contents(response.data)) == set(entries)
    head = client.head("/archive")
    assert head.content_length == len(response.data)
    assert head.data == b""


def test_compression_of_responses_leaves_archives_alone(app: Flask) -> None:
    """``OUTPOUR_COMPRESS`` does not compress an archive again, nor drop its length."""
    app.config["OUTPOUR_COMPRESS"] = True
    archive(app, {"a": b"x" * 1000}, stored=True)
    headers = {"Accept-Encoding": "gzip"}
    response = app.test_client().get("/archive", headers=headers)
    assert "Content-Encoding" not in response.headers
    assert response.content_length == len(response.data)


def test_time_of_the_response_is_that_of_entries(
    app: Flask, client: FlaskClient
) -> None:
    """What has no time of its own gets the present one, in UTC."""
    archive(app, {"a": b""})
    before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    info = infos(client.get("/archive").data)["a"]
    after = datetime.now(UTC).replace(tzinfo=None)
    # The field has steps of two seconds.
    assert before - timedelta(seconds=2) < datetime(*info.date_time) <= after


def test_options_reach_the_archive(app: Flask, client: FlaskClient) -> None:
    """``level=`` and ``stored=`` say how entries are compressed."""
    data = Path(__file__).read_bytes() * 20
    choices: dict[str, dict[str, Any]] = {
        "fast": {"level": 1},
        "small": {"level": 9},
        "none": {"level": 0},
        "stored": {"stored": True},
    }

    @app.get("/<choice>")
    def view(choice: str) -> Response:
        return stream_zip({"a": data}, **choices[choice])

    sizes = {choice: len(client.get(f"/{choice}").data) for choice in choices}
    assert sizes["small"] < sizes["fast"] < len(data) < sizes["none"]
    assert sizes["none"] == sizes["stored"]


@pytest.mark.parametrize("level", [-1, 10, "1", None, 1.5])
def test_level_that_is_none_is_the_views_mistake(app: Flask, level: Any) -> None:
    """A wrong level is refused, and everything closed."""
    source = Chunks()
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match=f"0 to 9, but it is {level!r}"),
    ):
        stream_zip({"a": source}, level=level)
    assert (source.pulled, source.closed) == (0, 1)


def test_outside_of_a_request_is_an_error(app: Flask) -> None:
    """Without a request there is no client, and the contents are closed."""
    source = Chunks()
    with app.app_context(), pytest.raises(RuntimeError, match="request"):
        stream_zip({"a": source})
    assert (source.pulled, source.closed) == (0, 1)


# Errors before the first byte


def test_bad_name_is_an_error_of_the_view(app: Flask, client: FlaskClient) -> None:
    """It is a ``ValueError`` that the view, or an error handler, can answer."""

    @app.get("/caught")
    def caught() -> Any:
        try:
            return stream_zip({request.args["name"]: b""})
        except ValueError as error:
            return str(error), 400

    @app.errorhandler(ValueError)
    def handle(error: ValueError) -> tuple[str, int]:
        return str(error), 422

    archive(app, {"../a": b""})
    response = client.get("/caught?name=../a")
    assert (response.status_code, "climbs out" in response.text) == (400, True)
    assert client.get("/archive").status_code == 422


def test_missing_file_can_be_a_404(app: Flask, client: FlaskClient) -> None:
    """A path that leads nowhere is the ``FileNotFoundError`` that it is elsewhere."""

    @app.errorhandler(FileNotFoundError)
    def handle(error: FileNotFoundError) -> tuple[str, int]:
        return "no such file", 404

    archive(app, {"a": b"", "b": Path("/no/such/file")})
    assert client.get("/archive").status_code == 404


def test_error_of_the_first_content_has_its_status(
    app: Flask, client: FlaskClient
) -> None:
    """``abort()`` works until the first content has its first chunk."""

    def first() -> Iterator[bytes]:
        abort(403)
        yield b""

    archive(app, lambda: {"a": first()})
    response = client.get("/archive")
    assert response.status_code == 403
    assert "Content-Disposition" not in response.headers


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            ZipEntry("a", ORDERS, format="xml"),
            "there is no format 'xml'. There are",
        ),
        (ZipEntry("a", ORDERS, columns=["id"]), "the name says no format"),
        (ZipEntry("a.csv", ORDERS, extras="drop"), "'raise' or 'ignore', but it is"),  # type: ignore[arg-type]
        (ZipEntry("a.csv", ORDERS, columns="id"), "names of columns in their order"),
        (ZipEntry("a", ORDERS, format=CSV), "CSV is no format, but a class"),  # type: ignore[arg-type]
        (ZipEntry("a", 7), "int is no content for this name"),
    ],
)
def test_wrong_entry_is_an_error_of_the_view(
    app: Flask, entry: ZipEntry, words: str
) -> None:
    """Whatever is wrong with a known entry is told in the view."""
    with (
        app.test_request_context(),
        pytest.raises((ConfigurationError, SourceError), match=words),
    ):
        stream_zip([entry])


# Rows


@pytest.mark.parametrize(
    "entry",
    [
        ("orders.csv", ORDERS),
        ("orders.CSV", lambda: ORDERS),
        ("orders.csv", lambda: Rows(["id", "name"], [[(1, "Ada"), (2, None)]])),
        ("orders.csv", Rows(["id", "name"], [[(1, "Ada"), (2, None)]])),
        ZipEntry("orders", ORDERS, format="csv"),
        ZipEntry("orders", iter(ORDERS), format=CSV()),
        ZipEntry("orders.csv", iter([(1, "Ada"), (2, None)]), columns=["id", "name"]),
        ZipEntry(
            "orders.csv",
            [{"x": 0, **row} for row in ORDERS],
            columns=["id", "name"],
            extras="ignore",
        ),
    ],
)
def test_rows_are_written_in_a_format(
    app: Flask, client: FlaskClient, entry: Any
) -> None:
    """Rows of any kind are written by the suffix of the name, or by ``format=``."""
    entries = [entry]
    archive(app, entries)
    (found,) = contents(client.get("/archive").data).values()
    assert found == AS_CSV


def test_archive_of_several_formats(app: Flask, client: FlaskClient) -> None:
    """One archive has rows in each format that there is."""
    archive(app, {f"orders.{name}": ORDERS for name in ("csv", "json", "ndjson")})
    found = contents(client.get("/archive").data)
    assert found["orders.csv"] == AS_CSV
    assert found["orders.json"].startswith(b"[\n")
    assert found["orders.ndjson"].count(b"\n") == 2


def test_formats_of_the_application_count() -> None:
    """A format that the application has set up is found by its suffix."""

    class Numbers:
        media_type = "text/x-numbers"
        suffix = "numbers"

        def begin(self, columns: Any) -> bytes:
            return b""

        def feed(self, batch: Any) -> bytes:
            return b"%d\n" % len(batch)

        def finish(self) -> bytes:
            return b""

    app = Flask("own")
    Outpour(app, formats=[Numbers()])
    archive(app, {"a.numbers": ORDERS})
    data = app.test_client().get("/archive").data
    assert contents(data) == {"a.numbers": b"2\n"}


def test_cursor_is_rows_though_it_is_an_iterator(
    app: Flask, client: FlaskClient
) -> None:
    """A cursor under the name of a format gives rows; a connection says what to do."""

    @app.get("/cursor")
    def cursor() -> Response:
        g.connection = sqlite3.connect(":memory:")
        rows = g.connection.execute("SELECT 1 AS id, 'Ada' AS name")
        return stream_zip({"orders.csv": rows})

    @app.get("/connection")
    def connection() -> Response:
        g.connection = sqlite3.connect(":memory:")
        return stream_zip({"orders.csv": g.connection})

    @app.teardown_request
    def disconnect(error: BaseException | None) -> None:
        if "connection" in g:
            g.pop("connection").close()

    data = client.get("/cursor").data
    assert contents(data) == {"orders.csv": b"id,name\n1,Ada\n"}
    app.testing = True
    with pytest.raises(SourceError, match="is a connection"):
        client.get("/connection")


def test_statements_of_sqlalchemy_are_rows(app: Flask, client: FlaskClient) -> None:
    """Statements, results and tables need no more than a name; ``bind=`` is passed."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://")
    statement = sqlalchemy.text("SELECT 1 AS id, 'Ada' AS name")

    @app.get("/archive")
    def view() -> Response:
        g.connection = engine.connect()
        return stream_zip(
            [
                ZipEntry("a.csv", statement, bind=g.connection),
                ("b.csv", g.connection.execute(statement)),
                ZipEntry("c", lambda: statement, format="csv", bind=g.connection),
            ]
        )

    @app.teardown_request
    def disconnect(error: BaseException | None) -> None:
        g.pop("connection").close()

    found = contents(client.get("/archive").data)
    assert list(found) == ["a.csv", "b.csv", "c"]
    assert set(found.values()) == {b"id,name\n1,Ada\n"}
    engine.dispose()


def test_readers_of_arrow_are_rows(app: Flask, client: FlaskClient) -> None:
    """A reader of record batches, which is an iterator, gives rows."""
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": [1, 2], "name": ["Ada", None]})
    archive(app, lambda: {"a.csv": table.to_reader(), "b.csv": table})
    found = contents(client.get("/archive").data)
    assert found == {"a.csv": AS_CSV, "b.csv": AS_CSV}


def test_row_that_cannot_be_written_names_its_entry(app: Flask) -> None:
    """The error of a row says in which file of the archive it is."""
    app.testing = True
    archive(app, {"a.txt": "x", "b.csv": [{"a": 1}, {"b": 2}]})
    with pytest.raises(ValueError, match="Row 2") as caught:
        _ = app.test_client().get("/archive").data
    assert "entry 2, 'b.csv'" in caught.value.__notes__[-1]


def test_several_tables_are_one_workbook(app: Flask, client: FlaskClient) -> None:
    """A dict of sources is a workbook, in an archive as in ``stream_rows``."""
    archive(app, {"all.xlsx": {"Orders": ORDERS, "More": iter(ORDERS)}})
    workbook = contents(client.get("/archive").data)["all.xlsx"]
    sheets = [name for name in contents(workbook) if name.startswith("xl/worksheets/")]
    assert len(sheets) == 2


def test_several_tables_want_a_format_that_holds_them(app: Flask) -> None:
    """Elsewhere the error says so, and all sources are closed."""
    sources = [Chunks(), Chunks()]
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match="csv holds one table"),
    ):
        stream_zip({"a.csv": dict(zip("ab", sources, strict=True))})
    assert [source.closed for source in sources] == [1, 1]


# Contexts and endings


def test_contexts_stay_until_the_last_byte(app: Flask, client: FlaskClient) -> None:
    """Functions and generators have ``request`` and ``g``; teardown comes once."""
    seen = []

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append("teardown")

    def chunks() -> Iterator[str]:
        yield request.args["q"]
        yield g.user
        seen.append("read")

    @app.get("/archive")
    def view() -> Response:
        g.user = "Ada"
        session["seen"] = True
        return stream_zip(
            lambda: ((g.user, content) for content in (lambda: chunks(),))
        )

    data = client.get("/archive?q=b").data
    assert contents(data) == {"Ada": b"bAda"}
    assert seen == ["read", "teardown"]


@pytest.mark.parametrize("ending", ["complete", "left", "unread", "failed"])
def test_contents_are_closed_on_every_ending(app: Flask, ending: str) -> None:
    """Read to the end, left in the middle or before the start, failed: closed once."""
    error = ValueError("gone") if ending == "failed" else None
    sources = [Chunks([b"x"]), Chunks([b"x"], error), Chunks([b"x"])]
    archive(app, [(str(number), source) for number, source in enumerate(sources)])
    *_, body = ask(app)
    chunks = iter(body)
    if ending == "left":
        next(chunks)
    elif ending == "complete":
        assert len(contents(b"".join(chunks))) == 3
    elif ending == "failed":
        with pytest.raises(ValueError, match="gone"):
            list(chunks)
    body.close()
    assert [source.closed for source in sources] == [1, 1, 1]


def test_head_reads_nothing(app: Flask) -> None:
    """HEAD has the headers of GET; nothing is read, and all is closed."""
    source = Chunks()
    archive(app, {"a": source, "b": lambda: pytest.fail("called")})
    status, headers, body = ask(app, "HEAD")
    with closing(body):
        assert (status, b"".join(body)) == ("200 OK", b"")
    assert headers["Content-Type"] == "application/zip"
    assert (source.pulled, source.closed) == (0, 1)


def test_unchanged_archive_is_not_made(app: Flask) -> None:
    """A conditional request that matches gets a 304, and the contents are closed."""
    sources = []

    @app.get("/archive")
    def view() -> Response:
        sources.append(Chunks())
        response = stream_zip({"a": sources[-1]})
        response.set_etag("v1")
        return response.make_conditional(request)

    _, headers, body = ask(app)
    assert len(contents(b"".join(body))) == 1
    body.close()
    status, _, body = ask(app, **{"If-None-Match": headers["ETag"]})
    with closing(body):
        assert (status, b"".join(body)) == ("304 NOT MODIFIED", b"")
    assert [(source.pulled > 0, source.closed) for source in sources] == [
        (True, 1),
        (False, 1),
    ]


def test_failing_entry_is_reported(app: Flask) -> None:
    """The error of a later entry reaches the application's own reporting."""
    reported = []

    def report(sender: Flask, exception: Exception, **extra: Any) -> None:
        reported.append(exception)

    archive(app, {"a": b"x", "b": Chunks([b"x"], LookupError("gone"))})
    with got_request_exception.connected_to(report, app):
        *_, body = ask(app)
        with pytest.raises(LookupError, match="gone"):
            list(body)
        body.close()
    assert [type(error) for error in reported] == [LookupError]


def test_stored_archive_that_falls_short_fails(app: Flask, tmp_path: Path) -> None:
    """With a length told already, a file that shrank meanwhile fails the stream."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(1000))

    def shrinks() -> Iterator[bytes]:
        yield b""

    @app.get("/archive")
    def view() -> Response:
        response = stream_zip({"first": b"x", "a.bin": path}, stored=True)
        path.write_bytes(bytes(10))
        return response

    _, headers, body = ask(app)
    with pytest.raises(ValueError, match="had 1000 bytes"):
        list(body)
    body.close()
    assert int(headers["Content-Length"]) > 1000


@pytest.mark.parametrize("served", ["without Outpour", "exempt"])
def test_views_that_outpour_does_not_serve(served: str) -> None:
    """The archive is the same, and what is not begun is closed."""
    app = Flask("plain")
    if served == "exempt":
        outpour = Outpour(app)
    sources = [Chunks([b"x"]), Chunks([b"y"])]

    def view() -> Response:
        return stream_zip({"a": sources[0], "b": sources[1], "c": lambda: request.path})

    if served == "exempt":
        view = outpour.exempt(view)
    app.add_url_rule("/archive", "archive", view)
    data = app.test_client().get("/archive").data
    assert contents(data) == {"a": b"x", "b": b"y", "c": b"/archive"}
    assert [source.closed for source in sources] == [1, 1]
    sources = [Chunks(), Chunks()]
    *_, body = ask(app)
    body.close()
    assert [source.closed for source in sources] == [1, 1]


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


def test_rows_that_lack_an_option_tell_where_it_goes(app: Flask) -> None:
    """stream_rows would take columns= itself; here it is the entry's."""
    archive(app, {"orders.csv": [(1, 2)]})
    app.testing = True
    with pytest.raises(SourceError) as caught:
        ask(app)
    assert "ZipEntry(name, rows, columns=...)" in "".join(caught.value.__notes__)


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


def test_name_of_the_download_is_a_text(app: Flask) -> None:
    """A path as filename= is an error that names the option."""
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match="filename= takes a text"),
    ):
        stream_zip({}, filename=Path("a.zip"))  # type: ignore[arg-type]
