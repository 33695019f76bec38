"""An application that uses every public name, as mypy and pyright are to read it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import assert_type

from flask import abort
from flask import Flask
from flask import Response as FlaskResponse

from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import Format
from flask_outpour import ItemError
from flask_outpour import JSON
from flask_outpour import LengthError
from flask_outpour import NDJSON
from flask_outpour import Outpour
from flask_outpour import OutpourError
from flask_outpour import Response
from flask_outpour import RowError
from flask_outpour import Rows
from flask_outpour import SourceError
from flask_outpour import stream_finished
from flask_outpour import stream_first_byte
from flask_outpour import stream_rows
from flask_outpour import stream_started
from flask_outpour import stream_template
from flask_outpour import stream_template_string
from flask_outpour import stream_with_context
from flask_outpour import stream_zip
from flask_outpour import StreamInterrupted
from flask_outpour import StreamTimeout
from flask_outpour import WorkerLeaving
from flask_outpour import XLSX
from flask_outpour import ZipEntry


class Lines:
    """A format of the application's own."""

    media_type = "text/plain"
    suffix = "txt"

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return nothing before the rows."""
        return b""

    def feed(self, batch: Sequence[Sequence[Any]]) -> bytes:
        """Return a line for each row."""
        return b"".join(f"{row}\n".encode() for row in batch)

    def finish(self) -> bytes:
        """Return nothing after them."""
        return b""


lines: Format = Lines()
outpour = Outpour(formats=[lines])
formats: list[Format] = [CSV(excel=True), JSON(), NDJSON(), XLSX(sheet="Orders"), lines]


def new_app() -> Flask:
    """Return the application."""
    app = Flask(__name__)
    outpour.init_app(app)
    for signal in (stream_started, stream_first_byte, stream_finished):
        signal.connect(note, app)
    return app


def note(sender: Flask, **facts: Any) -> None:
    """Log a signal."""
    sender.logger.info("%s", facts)


app = new_app()


def letters() -> Iterator[str]:
    """Yield some items."""
    yield from ("a", "b")


@app.route("/letters")
def generated() -> Response:
    stream = stream_with_context(letters())
    assert_type(stream, Iterator[str])
    return Response(stream, mimetype="text/plain", coalesce=False, compress=False)


@app.route("/decorated")
def decorated() -> FlaskResponse:
    @stream_with_context
    def generate(end: int) -> Iterator[bytes]:
        yield bytes(end)

    assert_type(generate(3), Iterator[bytes])
    return FlaskResponse(generate(3))


@app.route("/plain")
@outpour.exempt
def plain() -> FlaskResponse:
    return FlaskResponse(letters())


assert_type(plain(), FlaskResponse)


@app.route("/orders.<suffix>")
def orders(suffix: str) -> FlaskResponse:
    batches: list[list[tuple[int, str]]] = [[(1, "Ann")], [(2, "Zoë")]]
    rows = Rows(["id", "name"], batches)
    response = stream_rows(
        rows, suffix, filename="orders", formats=["csv", lines], extras="ignore"
    )
    assert_type(response, FlaskResponse)
    return response


@app.route("/sheets")
def sheets() -> FlaskResponse:
    tables = {"Orders": [(1,)], "Customers": [(2,)]}
    return stream_rows(tables, XLSX(), columns={"Orders": ["id"], "Customers": ["id"]})


@app.route("/all.zip")
def archive() -> FlaskResponse:
    entries = [
        ZipEntry("orders.csv", [{"id": 1}], format=CSV(delimiter=";")),
        ("picture.png", Path("picture.png")),
    ]
    response = stream_zip(entries, filename="all", level=6, stored=None)
    assert_type(response, FlaskResponse)
    return response


@app.route("/page")
def page() -> Iterator[str]:
    return stream_template("page.html", deferred="in-order", title="Orders")


@app.route("/string")
def string() -> Iterator[str]:
    return stream_template_string("{{ title }}", title="Orders")


def explain(error: OutpourError) -> str:
    """Return what each error has to say."""
    if isinstance(error, RowError):
        assert_type(error.row, int | None)
        return f"{error.row}: {error}"
    if isinstance(error, WorkerLeaving):
        return f"{error.grace:g} s"
    known = (ItemError, LengthError, SourceError, StreamInterrupted, StreamTimeout)
    if isinstance(error, known):
        return str(error)
    if isinstance(error, ConfigurationError):
        abort(500)
    return repr(error)
