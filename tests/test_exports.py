"""Tests of ``stream_rows`` as a response: its format, its headers, and its endings."""

from __future__ import annotations

import csv
import json
import threading
import zlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import closing
from http.client import IncompleteRead
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.request import Request
from urllib.request import urlopen
from wsgiref.validate import validator

import pytest
from flask import abort
from flask import Blueprint
from flask import Flask
from flask import g
from flask import got_request_exception
from flask import redirect
from flask import request
from flask import Response
from flask import session
from flask.testing import FlaskClient
from werkzeug.exceptions import NotAcceptable
from werkzeug.http import parse_options_header
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import Format
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import Outpour
from flask_outpour import RowError
from flask_outpour import Rows
from flask_outpour import SourceError
from flask_outpour import stream_finished
from flask_outpour import stream_rows
from flask_outpour.formats import HTMLTable
from flask_outpour.formats import JSONSequence
from watched import Watched

ORDERS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}]
#: The orders in each format, and its media type as a client sees it.
BODIES = {
    "csv": ("id,name\n1,Ada\n2,\n", "text/csv; charset=utf-8"),
    "tsv": ("id\tname\n1\tAda\n2\t\n", "text/tab-separated-values; charset=utf-8"),
    "json": (
        '[\n{"id":1,"name":"Ada"},\n{"id":2,"name":null}\n]\n',
        "application/json",
    ),
    "ndjson": (
        '{"id":1,"name":"Ada"}\n{"id":2,"name":null}\n',
        "application/x-ndjson",
    ),
    "json-seq": (
        '\x1e{"id":1,"name":"Ada"}\n\x1e{"id":2,"name":null}\n',
        "application/json-seq",
    ),
}


class Source(Watched):
    """The orders, if no other rows are given."""

    def __init__(
        self, rows: Iterable[Any] = ORDERS, error: BaseException | None = None
    ) -> None:
        super().__init__(rows, error)


def export(app: Flask, source: Any = ORDERS, *args: Any, **options: Any) -> None:
    """Add views, at ``/orders`` with any suffix, that stream a source."""

    def orders(suffix: str = "") -> Response:
        return stream_rows(source() if callable(source) else source, *args, **options)

    app.add_url_rule("/orders", "orders", orders)
    app.add_url_rule("/orders.<suffix>", "orders", orders)


# Which format


@pytest.mark.parametrize("name", BODIES)
def test_format_by_name_suffix_and_accept(
    app: Flask, client: FlaskClient, name: str
) -> None:
    """A format is chosen by the view, by the URL or by ``Accept``, to the same end."""
    export(app)
    app.add_url_rule("/chosen", "chosen", lambda: stream_rows(ORDERS, name))
    body, content_type = BODIES[name]
    accept = content_type.partition(";")[0]
    for response in (
        client.get("/chosen"),
        client.get(f"/orders.{name}"),
        client.get("/orders", headers={"Accept": accept}),
    ):
        assert (response.status_code, response.text) == (200, body)
        assert response.content_type == content_type


def test_html_table_is_one_of_the_formats(app: Flask, client: FlaskClient) -> None:
    """A page with a table is chosen as the others are."""
    export(app, attachment=False)
    for response in (
        client.get("/orders.html"),
        client.get("/orders", headers={"Accept": "text/html"}),
    ):
        assert response.content_type == "text/html; charset=utf-8"
        assert "<tr><td>1</td><td>Ada</td></tr>" in response.text


def test_default_is_csv(app: Flask, client: FlaskClient) -> None:
    """Who asks for nothing gets CSV."""
    export(app)
    for headers in ({}, {"Accept": "*/*"}):
        assert client.get("/orders", headers=headers).text == BODIES["csv"][0]


def test_varies_by_accept_only_where_that_decides(
    app: Flask, client: FlaskClient
) -> None:
    """A cache is told that ``Accept`` decides, if it did, and only then."""
    export(app)
    app.add_url_rule("/chosen", "chosen", lambda: stream_rows(ORDERS, "json"))
    assert client.get("/orders").headers["Vary"] == "Accept"
    accepts = {"Accept": "application/json"}
    assert client.get("/orders", headers=accepts).headers["Vary"] == "Accept"
    assert "Vary" not in client.get("/orders.csv", headers=accepts).headers
    assert "Vary" not in client.get("/chosen", headers=accepts).headers


def test_vary_of_others_is_kept(app: Flask, client: FlaskClient) -> None:
    """What the view and the session vary by stands beside ``Accept``."""

    @app.get("/")
    def view() -> Response:
        response = stream_rows([{"user": session.get("user")}])
        response.vary.add("Accept-Language")
        return response

    vary = client.get("/").vary
    assert set(vary) == {"Accept", "Accept-Language", "Cookie"}


def test_formats_restrict_the_choice(app: Flask, client: FlaskClient) -> None:
    """Of the formats that a view names, in its order, each way chooses."""
    export(app, formats=["json", "csv"])
    assert client.get("/orders").is_json
    assert client.get("/orders.csv").mimetype == "text/csv"
    assert client.get("/orders", headers={"Accept": "text/*"}).mimetype == "text/csv"
    tsv = {"Accept": "text/tab-separated-values"}
    assert client.get("/orders", headers=tsv).status_code == 406
    assert client.get("/orders.tsv", headers={"Accept": "*/*"}).status_code == 406


def test_formats_take_objects(app: Flask, client: FlaskClient) -> None:
    """A view's own options hold, whichever way its format is chosen."""
    export(app, formats=[CSV(delimiter=";"), "json"])
    expected = "id;name\n1;Ada\n2;\n"
    for response in (
        client.get("/orders"),
        client.get("/orders.csv"),
        client.get("/orders", headers={"Accept": "text/csv"}),
    ):
        assert response.text == expected
    assert client.get("/orders.json").is_json


@pytest.mark.parametrize("formats", [["xml"], [], [CSV], "csv"])
def test_formats_that_are_none_are_the_views_mistake(
    app: Flask, client: FlaskClient, formats: Any
) -> None:
    """A wrong ``formats=`` is an error of the view, whatever the client asks for."""
    app.testing = True
    export(app, formats=formats)
    with pytest.raises(ConfigurationError):
        client.get("/orders")


@pytest.mark.parametrize("format", [7, CSV, object()])
def test_format_that_is_none_is_the_views_mistake(
    app: Flask, client: FlaskClient, format: Any
) -> None:
    """What is neither a name nor a format is refused, and the message says so."""
    app.testing = True
    export(app, ORDERS, format)
    with pytest.raises(ConfigurationError, match="no format"):
        client.get("/orders")


@pytest.mark.parametrize(
    ("path", "accept"), [("/orders", "image/png"), ("/orders.tsv", "*/*")]
)
def test_nothing_acceptable_is_a_406_that_lists_what_there_is(
    app: Flask, client: FlaskClient, path: str, accept: str
) -> None:
    """The page names each format that can be had, with its media type."""
    export(app, formats=["csv", "json"])
    response = client.get(path, headers={"Accept": accept})
    assert response.status_code == 406
    assert "csv (text/csv), json (application/json)" in response.text
    assert "text/tab-separated-values" not in response.text
    assert "Content-Disposition" not in response.headers
    assert response.headers.get("Vary") == ("Accept" if path == "/orders" else None)


def test_406_goes_through_the_applications_handler(
    app: Flask, client: FlaskClient
) -> None:
    """An application's own page for 406 has the list, too."""

    @app.errorhandler(406)
    def page(error: NotAcceptable) -> tuple[dict[str, str | None], int]:
        return {"problem": error.description}, 406

    export(app)
    response = client.get("/orders", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert "ndjson (application/x-ndjson)" in response.json["problem"]


def test_name_of_a_format_may_come_from_the_client(
    app: Flask, client: FlaskClient
) -> None:
    """``format=request.args.get("format")`` is safe: an unknown name is a 406."""

    @app.get("/")
    def view() -> Response:
        return stream_rows(ORDERS, format=request.args.get("format"))

    assert client.get("/?format=jsonl").mimetype == "application/x-ndjson"
    assert client.get("/").mimetype == "text/csv"
    assert client.get("/?format=").mimetype == "text/csv", "a field not filled in"
    assert "no format &#39;xml&#39;" in client.get("/?format=xml").text
    for name in ("xml", "<script>", "\r\n"):
        response = client.get("/", query_string={"format": name})
        assert response.status_code == 406
        assert "<script>" not in response.text
        assert "csv (text/csv)" in response.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"extras": "error"}, "'raise' or 'ignore', but it is 'error'"),
        ({"columns": {"id": "Number"}}, "names of columns in their order"),
        ({"columns": {"id"}}, "names of columns in their order"),
        ({"columns": "id"}, "names of columns in their order"),
        ({"formats": "json"}, "takes a list of formats"),
    ],
)
def test_option_that_is_none_is_the_views_mistake(
    app: Flask, options: dict[str, Any], message: str
) -> None:
    """It is an error in the view, and not taken for another one."""
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match=message),
    ):
        stream_rows([{"id": 1, "b": 2}], **options)


def test_source_that_the_view_closed_gets_a_note(app: Flask, tmp_path: Path) -> None:
    """A file of a ``with`` block is closed when it is read; the error says the cure."""
    path = tmp_path / "rows.csv"
    path.write_text("1,2\n")

    @app.get("/")
    def view() -> Response:
        with path.open(newline="") as file:
            return stream_rows(csv.reader(file), columns=["a", "b"])

    app.testing = True
    with pytest.raises(ValueError, match="closed file") as caught:
        app.test_client().get("/")
    assert "pass the function: stream_rows(rows)" in caught.value.__notes__[0]


# Formats of an application's own


class Lines:
    """A format as users write one: it joins cells, and counts its rows."""

    media_type = "text/x-lines"
    suffix = "lines"

    def begin(self, columns: Any) -> bytes:
        self.count = 0
        return f"{'|'.join(columns)}\n".encode()

    def feed(self, batch: Any) -> bytes:
        self.count += len(batch)
        return "".join(f"{'|'.join(map(str, row))}\n" for row in batch).encode()

    def finish(self) -> bytes:
        return b"%d\n" % self.count


class UpperCSV(Lines):
    media_type = "text/csv"
    suffix = "csv"


def set_up(how: str, formats: list[Any]) -> Flask:
    """Return an application that has formats of its own."""
    app = Flask("own")
    if how == "direct":
        Outpour(app, formats=formats)
    else:
        outpour = Outpour(formats=formats)
        outpour.init_app(app)
    return app


@pytest.mark.parametrize("how", ["direct", "factory"])
def test_own_format_is_found_as_the_others(how: str) -> None:
    """A format of the application's is chosen by name, suffix and ``Accept``."""
    app = set_up(how, [Lines()])
    export(app)
    app.add_url_rule("/named", "named", lambda: stream_rows(ORDERS, "lines"))
    client = app.test_client()
    for response in (
        client.get("/named"),
        client.get("/orders.lines"),
        client.get("/orders", headers={"Accept": "text/x-lines"}),
    ):
        assert response.text == "id|name\n1|Ada\n2|None\n2\n"
        assert response.content_type == "text/x-lines; charset=utf-8"
        assert response.headers["Content-Disposition"].endswith('.lines"')
    assert client.get("/orders").mimetype == "text/csv", "CSV is still the default"
    refused = client.get("/orders", headers={"Accept": "image/png"})
    assert "lines (text/x-lines)" in refused.text


def test_own_format_takes_the_place_of_a_built_in_one() -> None:
    """A format with the suffix of a built-in one is used instead of it, everywhere."""
    app = set_up("direct", [UpperCSV()])
    export(app)
    app.add_url_rule("/named", "named", lambda: stream_rows(ORDERS, "csv"))
    client = app.test_client()
    for path in ("/named", "/orders.csv", "/orders"):
        assert client.get(path).text.startswith("id|name\n")
    assert client.get("/orders.tsv").text == BODIES["tsv"][0]


def test_own_formats_are_one_applications() -> None:
    """Another application does not get them."""
    set_up("direct", [Lines()])
    app = set_up("direct", [])
    export(app)
    assert app.test_client().get("/orders.lines").mimetype == "text/csv"


def test_own_format_needs_no_registration(app: Flask, client: FlaskClient) -> None:
    """An object with the five names is a format wherever one is taken."""
    assert isinstance(Lines(), Format)
    export(app, ORDERS, Lines())
    assert client.get("/orders").text == "id|name\n1|Ada\n2|None\n2\n"


@pytest.mark.parametrize("format", [Lines, "csv", None, object(), CSV])
def test_thing_that_is_no_format_is_refused_at_set_up(format: Any) -> None:
    """What cannot be a format is an error when the application starts."""
    with pytest.raises(ConfigurationError, match="no format"):
        Outpour(Flask("own"), formats=[format])


# The response


def test_status_headers_and_cookies_as_in_flask(
    app: Flask, client: FlaskClient
) -> None:
    """A view returns it with a status and headers, and changes it, as any response."""

    @app.get("/")
    def view() -> Any:
        response = stream_rows(ORDERS, "csv")
        response.set_cookie("seen", "yes")
        response.headers["X-Rows"] = "2"
        session["exported"] = True
        return response, 201, {"Cache-Control": "no-store"}

    @app.after_request
    def stamp(response: Response) -> Response:
        response.headers["X-Stamp"] = response.mimetype
        return response

    response = client.get("/")
    assert (response.status_code, response.text) == (201, BODIES["csv"][0])
    names = ("X-Rows", "Cache-Control", "X-Stamp")
    assert [response.headers[name] for name in names] == ["2", "no-store", "text/csv"]
    assert response.headers.getlist("Set-Cookie")[0].startswith("seen=yes")
    with client.session_transaction() as kept:
        assert kept["exported"] is True


def test_response_class_of_the_application(app: Flask, client: FlaskClient) -> None:
    """The response is of the class that the application has chosen."""

    class Own(Response):
        @property
        def default_mimetype(self) -> str:  # type: ignore[override]
            return "text/plain"

    app.response_class = Own
    made = []

    @app.get("/")
    def view() -> Response:
        made.append(stream_rows(ORDERS, "csv"))
        return made[0]

    assert client.get("/").mimetype == "text/csv"
    assert type(made[0]) is Own


def test_session_can_be_written_until_the_first_row(
    app: Flask, client: FlaskClient
) -> None:
    """The view's own writes to the session are saved."""

    @app.get("/")
    def view() -> Response:
        session["count"] = session.get("count", 0) + 1
        return stream_rows(lambda: [(session["count"],)], columns=["count"])

    assert [client.get("/").text for _ in range(2)] == ["count\n1\n", "count\n2\n"]


@pytest.mark.parametrize(
    ("filename", "path", "expected"),
    [
        (None, "/orders", "orders.csv"),
        (None, "/orders.jsonl", "orders.jsonl"),
        ("report", "/orders", "report.csv"),
        ("report.csv", "/orders", "report.csv"),
        ("report.csv", "/orders.json", "report.json"),
        ("report.HTML", "/orders.json", "report.json"),
        ("report.v2", "/orders", "report.v2.csv"),
        ("Bücher/日本", "/orders", "Bücher_日本.csv"),
        ("a\r\nX: b", "/orders", "a_X_ b.csv"),
    ],
)
def test_name_of_the_file(
    app: Flask, client: FlaskClient, filename: str, path: str, expected: str
) -> None:
    """The name is the view's or the endpoint's, with the suffix of what is sent."""
    export(app, filename=filename)
    response = client.get(path)
    disposition = parse_options_header(response.headers["Content-Disposition"])
    assert disposition == ("attachment", {"filename": expected})
    assert set(response.headers.keys()) == {
        *("Content-Type", "Content-Disposition"),
        *(["Vary"] if path == "/orders" else []),
    }


def test_name_of_a_blueprints_view(app: Flask, client: FlaskClient) -> None:
    """The name of the endpoint comes without that of its blueprint."""
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/all", "stock", lambda: stream_rows(ORDERS))
    app.register_blueprint(shop)
    header = client.get("/all").headers["Content-Disposition"]
    assert header == 'attachment; filename="stock.csv"'


def test_response_to_be_shown(app: Flask, client: FlaskClient) -> None:
    """``attachment=False`` lets a browser show the rows."""
    export(app, attachment=False)
    header = client.get("/orders.html").headers["Content-Disposition"]
    assert header == 'inline; filename="orders.html"'


def test_view_may_change_the_disposition(app: Flask, client: FlaskClient) -> None:
    """What the view says of its response afterwards counts."""

    @app.get("/")
    def view() -> Response:
        response = stream_rows(ORDERS)
        del response.headers["Content-Disposition"]
        return response

    assert "Content-Disposition" not in client.get("/").headers


def test_empty_source(app: Flask, client: FlaskClient) -> None:
    """No rows are a whole response: the header if there is one, or an empty array."""
    export(app, list, columns=["id", "name"])
    bodies = {name: client.get(f"/orders.{name}").text for name in BODIES}
    assert bodies == {
        "csv": "id,name\n",
        "tsv": "id\tname\n",
        "json": "[]\n",
        "ndjson": "",
        "json-seq": "",
    }


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(lambda: [(1, "Ada"), (2, None)], id="list"),
        pytest.param(lambda: (row for row in ORDERS), id="generator"),
        pytest.param(lambda: Rows(["x", "y"], [[(1, "Ada")], [(2, None)]]), id="Rows"),
        pytest.param(lambda: lambda: iter(ORDERS), id="function"),
    ],
)
def test_kinds_of_sources(app: Flask, client: FlaskClient, source: Any) -> None:
    """Each kind of source gives the same response."""
    export(app, source, "csv", columns=["id", "name"])
    assert client.get("/orders").text == BODIES["csv"][0]


def test_extra_keys(app: Flask, client: FlaskClient) -> None:
    """Keys beyond the columns are left out on request, else an error."""
    export(app, ORDERS, columns=["name"], extras="ignore")
    app.add_url_rule("/all", "all", lambda: stream_rows(ORDERS, columns=["name"]))
    assert client.get("/orders").text == 'name\nAda\n""\n'
    assert client.get("/all").status_code == 500


def test_async_view(app: Flask, client: FlaskClient) -> None:
    """An ``async def`` view streams rows as any other."""
    pytest.importorskip("asgiref")

    @app.get("/")
    async def view() -> Response:
        return stream_rows(({"q": request.args["q"]} for _ in range(2)), "csv")

    assert client.get("/?q=a").text == "q\na\na\n"


def test_outside_of_a_request_is_an_error(app: Flask) -> None:
    """Without a request there is no client to ask, and the source is closed."""
    source = Source()
    with app.app_context(), pytest.raises(RuntimeError, match="request"):
        stream_rows(source)
    assert (source.pulled, source.closed) == (0, 1)


# Sources are opened late, and closed always


def test_source_is_opened_after_the_view(app: Flask, client: FlaskClient) -> None:
    """No row is pulled in the view, and the first before the headers go."""
    source = Source()
    seen = []

    @app.get("/")
    def view() -> Response:
        response = stream_rows(source)
        seen.append(("view", source.pulled))
        return response

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        seen.append(("headers", source.pulled))

    iterable = app(create_environ(), start_response)
    assert seen == [("view", 0), ("headers", 1)]
    iterable.close()  # type: ignore[attr-defined]


def test_function_is_called_after_the_view(app: Flask, client: FlaskClient) -> None:
    """A source that is a function runs once, inside the view's contexts."""
    calls = []

    @app.get("/")
    def view() -> Response:
        g.user = "Ada"

        def rows() -> Iterator[tuple[Any, ...]]:
            calls.append(g.user)
            yield (g.user, request.args["q"], session.get("a"))

        response = stream_rows(rows, "csv", columns=["user", "q", "a"])
        assert calls == []
        return response

    assert client.get("/?q=b").text == "user,q,a\nAda,b,\n"
    assert calls == ["Ada"]


def ask(app: Flask, method: str = "GET", path: str = "/", **headers: str) -> Any:
    """Return status, headers and the body, unread, as a WSGI server gets them."""
    environ = create_environ(path, method=method, headers=headers)
    body, status, answered = run_wsgi_app(app, environ, buffered=False)
    return status, answered, body


@pytest.mark.parametrize("ending", ["complete", "left", "unread", "failed"])
def test_source_is_closed_once_on_every_ending(app: Flask, ending: str) -> None:
    """Read to the end, left in the middle or before the start, failed: closed once."""
    source = Source(ORDERS * 3, ValueError("gone") if ending == "failed" else None)
    app.add_url_rule("/", "view", lambda: stream_rows(source, "csv"))
    *_, body = ask(app)
    chunks = iter(body)
    if ending == "left":
        next(chunks)
    elif ending == "complete":
        assert b"".join(chunks).startswith(b"id,name\n1,Ada\n")
    elif ending == "failed":
        with pytest.raises(ValueError, match="gone"):
            list(chunks)
    body.close()
    assert source.closed == 1


def test_generator_is_closed_when_the_client_leaves(app: Flask) -> None:
    """``finally`` of a generator runs while the contexts are there."""
    seen = []

    def rows() -> Iterator[tuple[int]]:
        try:
            for number in range(10**9):
                yield (number,)
        finally:
            seen.append(request.path)

    app.add_url_rule("/", "view", lambda: stream_rows(rows(), columns=["n"]))
    *_, body = ask(app)
    next(iter(body))
    body.close()
    assert seen == ["/"]


def test_source_of_a_function_is_closed(app: Flask, client: FlaskClient) -> None:
    """What a function returned is closed, though only the stream knows of it."""
    source = Source()
    app.add_url_rule("/", "view", lambda: stream_rows(lambda: source, "csv"))
    assert client.get("/").text == BODIES["csv"][0]
    assert source.closed == 1


@pytest.mark.parametrize("source", [Source, lambda: (row for row in ORDERS)])
def test_head_pulls_no_row(app: Flask, source: Any) -> None:
    """HEAD has the headers of GET; no row is made, and the source is closed."""
    made = source()
    export(app, lambda: made)
    status, headers, body = ask(app, "HEAD", "/orders")
    with closing(body):
        assert (status, b"".join(body)) == ("200 OK", b"")
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    if isinstance(made, Source):
        assert (made.pulled, made.closed) == (0, 1)
    else:
        assert list(made) == []


def test_function_is_not_called_for_head(app: Flask, client: FlaskClient) -> None:
    """HEAD runs no query."""
    export(app, lambda: pytest.fail)
    assert client.head("/orders").status_code == 200


def test_unchanged_export_is_not_made(app: Flask) -> None:
    """A conditional request that matches gets a 304, and the source is closed."""
    sources = []

    @app.get("/")
    def view() -> Response:
        sources.append(Source())
        response = stream_rows(sources[-1], "csv")
        response.set_etag("v1")
        return response.make_conditional(request)

    status, headers, body = ask(app)
    assert "Content-Length" not in headers, "nothing must have read the rows"
    assert b"".join(body) == BODIES["csv"][0].encode()
    body.close()
    headers = {"If-None-Match": headers["ETag"]}
    status, _, body = ask(app, **headers)
    with closing(body):
        assert (status, b"".join(body)) == ("304 NOT MODIFIED", b"")
    assert [(source.pulled > 0, source.closed) for source in sources] == [
        (True, 1),
        (False, 1),
    ]


def test_replaced_response_closes_its_source(app: Flask, client: FlaskClient) -> None:
    """A stream that is given up for another response is closed, unpulled."""
    given_up, replaced = Source(), Source()

    @app.get("/given-up")
    def give_up() -> str:
        stream_rows(given_up)
        return "nothing today"

    @app.get("/replaced")
    def replace() -> Response:
        return stream_rows(replaced)

    @app.after_request
    def change(response: Response) -> Any:
        return Response("no") if request.path == "/replaced" else response

    assert client.get("/given-up").text == "nothing today"
    assert client.get("/replaced").text == "no"
    for source in (given_up, replaced):
        assert (source.pulled, source.closed) == (0, 1)


@pytest.mark.parametrize(
    ("options", "status"),
    [({"format": "xml"}, 406), ({"formats": []}, 500), ({"columns": "id"}, 500)],
)
def test_refused_request_closes_its_source(
    app: Flask, client: FlaskClient, options: Any, status: int
) -> None:
    """Where no stream comes of it, the source is closed all the same."""
    source = Source()
    app.add_url_rule("/", "view", lambda: stream_rows(source, **options))
    assert client.get("/").status_code == status
    assert (source.pulled, source.closed) == (0, 1)


def test_connection_of_duckdb_stays_open(app: Flask, client: FlaskClient) -> None:
    """The application's one connection, which DuckDB returns of a query, is kept."""
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    export(app, lambda: connection.execute("SELECT 1 AS id"))
    assert client.head("/orders").status_code == 200
    assert [client.get("/orders").text for _ in range(2)] == ["id\n1\n"] * 2
    connection.close()


# Contexts


@pytest.fixture
def teardowns(app: Flask) -> list[Any]:
    """Return the errors, or ``None``, with which requests were torn down."""
    seen: list[Any] = []
    app.teardown_request(seen.append)
    return seen


def test_contexts_last_to_the_last_row(app: Flask, teardowns: list[Any]) -> None:
    """Each row sees request, session and ``g``; teardown runs once, after the last."""

    @app.get("/<name>")
    def view(name: str) -> Response:
        session["name"] = g.name = name

        def rows() -> Iterator[tuple[Any, ...]]:
            for _ in range(30):
                assert teardowns == []
                yield (g.name, session["name"], request.view_args["name"])

        return stream_rows(rows(), "csv", columns=["g", "session", "request"])

    client = app.test_client()
    rows = client.get("/Ada").text.splitlines()
    assert rows == ["g,session,request", *["Ada,Ada,Ada"] * 30]
    assert teardowns == [None]


def test_failed_export_is_torn_down_once(app: Flask, teardowns: list[Any]) -> None:
    """Teardown functions get the error of a stream that failed."""
    error = LookupError("gone")
    app.add_url_rule("/", "view", lambda: stream_rows(Source(error=error), "csv"))
    *_, body = ask(app)
    with closing(body), pytest.raises(LookupError):
        list(body)
    assert teardowns == [error]


def test_left_export_is_torn_down_once(app: Flask, teardowns: list[Any]) -> None:
    """A client that leaves ends the request as well."""
    app.add_url_rule("/", "view", lambda: stream_rows(Source(ORDERS * 99), "csv"))
    *_, body = ask(app)
    next(iter(body))
    assert teardowns == []
    body.close()
    body.close()
    assert teardowns == [None]


# Errors


def fail_by(failure: Any) -> Iterator[tuple[int]]:
    """Fail in the first row."""
    failure()
    yield (1,)


def raise_lookup_error() -> None:
    raise LookupError("no such table")


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: lambda: rows])
@pytest.mark.parametrize(
    ("failure", "status", "text"),
    [
        (raise_lookup_error, 500, "Internal Server Error"),
        (lambda: abort(403), 403, "Forbidden"),
        (lambda: abort(404, "no such order"), 404, "no such order"),
        (lambda: abort(redirect("/login")), 302, "/login"),
    ],
)
def test_error_in_the_first_row_is_an_ordinary_error(
    app: Flask, client: FlaskClient, wrap: Any, failure: Any, status: int, text: str
) -> None:
    """The answer has the error's status and page, and none of the view's headers."""
    export(app, lambda: wrap(fail_by(failure)), columns=["id"])
    response = client.get("/orders")
    assert response.status_code == status
    assert text in response.text
    assert response.mimetype == "text/html"
    assert "Content-Disposition" not in response.headers


def test_error_in_the_first_row_goes_to_its_handler(
    app: Flask, client: FlaskClient
) -> None:
    """A handler of the application's answers, within the request."""

    @app.errorhandler(LookupError)
    def missing(error: LookupError) -> tuple[str, int]:
        return f"{request.path}: {error.args[0]}", 410

    export(app, lambda: fail_by(raise_lookup_error), columns=["id"])
    response = client.get("/orders.json")
    assert (response.status_code, response.text) == (410, "/orders.json: no such table")


@pytest.mark.parametrize(
    ("source", "format", "error"),
    [
        ([(1, 2)], "csv", SourceError),
        ([5], "csv", SourceError),
        (7, "csv", SourceError),
        ("text", "csv", SourceError),
        ([{"a": object()}], "csv", RowError),
        ([{"a": "\ud800"}], "csv", RowError),
        ([{"a": float("nan")}], "json", RowError),
    ],
)
def test_what_cannot_be_read_or_written_is_an_error_before_the_headers(
    app: Flask, client: FlaskClient, source: Any, format: str, error: type[Exception]
) -> None:
    """The view's mistake is a 500, and under test its own exception."""
    export(app, lambda: source, format)
    assert client.get("/orders").status_code == 500
    app.testing = True
    with pytest.raises(error):
        client.get("/orders")


def test_duplicate_columns_are_an_error_before_the_headers(
    app: Flask, client: FlaskClient
) -> None:
    """JSON, which cannot have two members of one name, is refused with a 500."""
    source = Source([(1, 2)])
    export(app, source, columns=["a", "a"])
    assert client.get("/orders.json").status_code == 500
    assert source.closed == 1


def failing_after(count: int) -> Source:
    """Return a source of some rows that then fails."""
    rows = [{"id": number} for number in range(1, count + 1)]
    return Source(rows, LookupError("the database is gone"))


def received(url: str) -> tuple[int, bytes, bool]:
    """Return the status and body of an answer, and whether it came to a sound end."""
    with urlopen(url, timeout=20) as response:
        try:
            return response.status, response.read(), True
        except IncompleteRead as error:
            return response.status, error.partial, False


class Stuck(Source):
    """A source that cannot be closed either."""

    def close(self) -> None:
        super().close()
        raise OSError("the connection is closed already")


def test_source_that_fails_and_does_not_close(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The page, and what is reported, is of the first error; the log has both."""
    source = Stuck([], LookupError("no such table"))
    reported = []
    app.register_error_handler(LookupError, lambda error: (error.args[0], 410))
    export(app, source)

    def report(sender: Any, exception: Any) -> None:
        reported.append(exception)

    with got_request_exception.connected_to(report, app):
        response = client.get("/orders")
    assert (response.status_code, response.text) == (410, "no such table")
    assert (source.closed, reported) == (1, [])
    assert "the connection is closed already" in caplog.text


def test_source_that_only_does_not_close(app: Flask) -> None:
    """An error of closing is the stream's own, where there was no other."""
    export(app, Stuck())
    *_, body = ask(app, path="/orders")
    with closing(body), pytest.raises(OSError, match="closed already"):
        list(body)


def test_caveat_of_a_source_is_logged_once(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """What is to be said of a source is said once for an application."""

    def rows() -> Rows:
        return Rows(["a"], [[(1,)]], caveat="All rows are in memory.")

    export(app, rows)
    for _ in range(3):
        assert client.get("/orders").text == "a\n1\n"
    assert caplog.text.count("All rows are in memory.") == 1


FAILED = {
    "csv": (CSV(), "id\n1\n2\n3\n"),
    "json": (JSON(), '[\n{"id":1},\n{"id":2},\n{"id":3}'),
    "ndjson": (NDJSON(), '{"id":1}\n{"id":2}\n{"id":3}\n'),
    "json-seq": (JSONSequence(), '\x1e{"id":1}\n\x1e{"id":2}\n\x1e{"id":3}\n'),
    "ndjson with a final record": (
        NDJSON(final_record=True),
        '{"id":1}\n{"id":2}\n{"id":3}\n{"outcome":"failed","rows":3}\n',
    ),
    "json-seq with a final record": (
        JSONSequence(final_record=True),
        '\x1e{"id":1}\n\x1e{"id":2}\n\x1e{"id":3}\n\x1e{"outcome":"failed","rows":3}\n',
    ),
    "html": (
        HTMLTable(fragment=True),
        '<table>\n<thead>\n<tr><th scope="col">id</th></tr>\n</thead>\n<tbody>\n'
        "<tr><td>1</td></tr>\n<tr><td>2</td></tr>\n<tr><td>3</td></tr>\n",
    ),
}


@pytest.mark.parametrize("case", FAILED)
def test_error_in_a_later_row(
    app: Flask, serve: Callable[[Any], str], caplog: Any, case: str
) -> None:
    """All rows before the error arrive, nothing that looks whole, and it is cut."""
    format, body = FAILED[case]
    source = failing_after(3)
    export(app, source, format)
    assert received(f"{serve(app)}/orders") == (200, body.encode(), False)
    assert source.closed == 1
    errors = [record for record in caplog.records if record.name == app.name]
    assert [str(record.exc_info[1]) for record in errors] == ["the database is gone"]


@pytest.mark.parametrize("case", FAILED)
def test_value_that_cannot_be_written_in_a_later_row(
    app: Flask, serve: Callable[[Any], str], caplog: Any, case: str
) -> None:
    """The sound rows of its batch arrive, and the log names the cell."""
    format, body = FAILED[case]
    rows = [{"id": 1}, {"id": 2}, {"id": 3}, {"id": object()}, {"id": 5}]
    export(app, rows, format)
    assert received(f"{serve(app)}/orders") == (200, body.encode(), False)
    assert "Row 4, column 'id': a value of type object cannot be written" in caplog.text


@pytest.mark.parametrize("case", FAILED)
def test_row_of_another_shape_later(
    app: Flask, serve: Callable[[Any], str], caplog: Any, case: str
) -> None:
    """The sound rows before it arrive, and the log names the row."""
    format, body = FAILED[case]
    rows: list[Any] = [{"id": 1}, {"id": 2}, {"id": 3}, {"name": "Ada"}]
    export(app, rows, format)
    assert received(f"{serve(app)}/orders") == (200, body.encode(), False)
    assert "Row 4 lacks 'id'" in caplog.text


@pytest.mark.parametrize("count", [999, 1000, 1001, 2500])
def test_bad_row_far_down(
    app: Flask, serve: Callable[[Any], str], caplog: Any, count: int
) -> None:
    """Whatever the batches, exactly the rows before the bad one arrive."""
    rows: list[Any] = [(number,) for number in range(count)]
    export(app, [*rows, ("\ud800",), (0,)], columns=["id"])
    expected = "id\n" + "".join(f"{number}\n" for number in range(count))
    assert received(f"{serve(app)}/orders.csv") == (200, expected.encode(), False)
    assert f"Row {count + 1}, column 'id'" in caplog.text


@pytest.mark.parametrize("count", [100, 999, 1517, 5003])
def test_error_far_down(app: Flask, serve: Callable[[Any], str], count: int) -> None:
    """However many rows were fetched at once, each before the error arrives."""
    export(app, failing_after(count))
    expected = "id\n" + "".join(f"{number}\n" for number in range(1, count + 1))
    assert received(f"{serve(app)}/orders.csv") == (200, expected.encode(), False)


@pytest.mark.parametrize("name", ["ndjson", "json-seq"])
@pytest.mark.parametrize("count", [0, 2])
def test_final_record_of_a_complete_stream(
    app: Flask, client: FlaskClient, name: str, count: int
) -> None:
    """The last record says complete, and how many rows there were."""
    kind = {"ndjson": NDJSON, "json-seq": JSONSequence}[name]
    export(app, ORDERS[:count], kind(final_record=True), columns=["id", "name"])
    records = client.get("/orders").text.replace("\x1e", "").splitlines()
    assert list(map(json.loads, records)) == [
        *ORDERS[:count],
        {"outcome": "complete", "rows": count},
    ]


def test_error_before_the_first_row_has_no_final_record(
    app: Flask, client: FlaskClient
) -> None:
    """An error page is an error page."""
    export(app, failing_after(0), NDJSON(final_record=True))
    response = client.get("/orders")
    assert response.status_code == 500
    assert "outcome" not in response.text


def test_left_stream_makes_no_final_record(app: Flask) -> None:
    """Nothing is written for a client that is gone."""
    source = Source(ORDERS * 99)
    endings = []
    export(app, source, NDJSON(final_record=True))

    def ended(sender: Any, outcome: str, error: Any, **facts: Any) -> None:
        endings.append((outcome, error))

    *_, body = ask(app, path="/orders")
    next(iter(body))
    with stream_finished.connected_to(ended, app):
        body.close()
    assert endings == [("disconnected", None)]


def test_error_in_a_later_row_is_reported(app: Flask) -> None:
    """Error trackers get the error, once, as Flask's own signal tells it."""
    error = LookupError("gone")
    app.add_url_rule("/", "view", lambda: stream_rows(Source(error=error), "csv"))
    reported = []

    def report(sender: Any, exception: Any) -> None:
        reported.append(exception)

    with got_request_exception.connected_to(report, app):
        *_, body = ask(app)
        with closing(body), pytest.raises(LookupError):
            list(body)
    assert reported == [error]


class Silent(Lines):
    """A format that writes all at the end, and has a word for failure."""

    def begin(self, columns: Any) -> bytes:
        self.rows: list[Any] = []
        return b""

    def feed(self, batch: Any) -> bytes:
        self.rows += batch
        return b""

    def finish(self) -> bytes:
        return b"%d" % len(self.rows)

    def interrupt(self) -> bytes:
        return b"failed"


def test_format_that_writes_late(app: Flask, client: FlaskClient) -> None:
    """A format may write nothing before its end; until then errors have a page."""
    export(app, ORDERS * 9, Silent())
    app.add_url_rule(
        "/failing", "failing", lambda: stream_rows(failing_after(9), Silent())
    )
    assert client.get("/orders").text == "18"
    response = client.get("/failing")
    assert response.status_code == 500
    assert "failed" not in response.text


# One format object, many streams


def test_streams_of_one_format_object_do_not_meet(app: Flask) -> None:
    """A format made once for a module serves streams that run side by side."""
    shared = {"csv": CSV(), "ndjson": NDJSON(final_record=True), "json": JSON()}

    @app.get("/<name>/<width>")
    def view(name: str, width: str) -> Response:
        columns = [f"column {number}" for number in range(int(width))]
        rows = (tuple(range(int(width))) for _ in range(3))
        return stream_rows(rows, shared[name], columns=columns)

    client = app.test_client()
    widths = (1, 2, 5)
    for name in shared:
        expected = [client.get(f"/{name}/{width}").data for width in widths]
        bodies = [ask(app, path=f"/{name}/{width}")[2] for width in widths]
        chunks: list[list[bytes]] = [[] for _ in widths]
        for _ in range(9):
            for body, got in zip(bodies, chunks, strict=True):
                got.append(next(body, b""))
        for body in bodies:
            body.close()
        assert [b"".join(got) for got in chunks] == expected
        assert len({tuple(map(bool, got)) for got in chunks}) == 1
        assert sum(map(bool, chunks[0])) > 1, "the streams must have run side by side"


def test_streams_of_one_format_object_in_threads(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """Clients at the same time each get the rows of their own query."""
    shared = CSV()

    @app.get("/<int:start>")
    def view(start: int) -> Response:
        rows = ((number, start) for number in range(start, start + 3000))
        return stream_rows(rows, shared, columns=["n", f"from {start}"])

    url = serve(app)
    bodies: dict[int, str] = {}

    def fetch(start: int) -> None:
        with urlopen(f"{url}/{start}", timeout=20) as response:
            bodies[start] = response.read().decode()

    threads = [threading.Thread(target=fetch, args=(n * 1000,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 8
    for start, body in bodies.items():
        rows = list(csv.reader(StringIO(body)))
        assert rows[0] == ["n", f"from {start}"]
        expected = [[str(n), str(start)] for n in range(start, start + 3000)]
        assert rows[1:] == expected


# Without Outpour, and beside others


def without_set_up() -> Flask:
    return Flask("plain")


def switched_off() -> Flask:
    app = Flask("plain")
    app.config["OUTPOUR_ENABLED"] = False
    Outpour(app)
    return app


def with_exempt_views() -> Flask:
    app = Flask("plain")
    Outpour(app)
    app.add_url_rule = (  # type: ignore[method-assign]
        lambda rule, endpoint, view: Flask.add_url_rule(
            app, rule, endpoint, Outpour.exempt(view)
        )
    )
    return app


PLAIN = pytest.mark.parametrize(
    "make", [without_set_up, switched_off, with_exempt_views]
)


@PLAIN
def test_rows_without_outpour(make: Callable[[], Flask]) -> None:
    """The bytes, and what was chosen, do not depend on the extension."""
    app = make()
    export(app)
    client = app.test_client()
    for name, (body, content_type) in BODIES.items():
        response = client.get(f"/orders.{name}")
        assert (response.text, response.content_type) == (body, content_type)


@PLAIN
def test_contexts_without_outpour(make: Callable[[], Flask]) -> None:
    """Rows see request, session and ``g`` as under Flask's ``stream_with_context``."""
    app = make()
    app.secret_key = "tests"

    def view() -> Response:
        session["a"] = g.b = "kept"
        rows = ((request.args["q"], session["a"], g.b) for _ in range(3))
        return stream_rows(rows, columns=["q", "a", "b"])

    app.add_url_rule("/", "view", view)
    text = app.test_client().get("/?q=x").text
    assert text == "q,a,b\n" + "x,kept,kept\n" * 3


@PLAIN
@pytest.mark.parametrize("ending", ["complete", "left", "unread", "HEAD", "failed"])
def test_source_is_closed_without_outpour(
    make: Callable[[], Flask], ending: str
) -> None:
    """The source is closed once on every ending there, too; HEAD pulls nothing."""
    app = make()
    source = Source(ORDERS * 9, ValueError("gone") if ending == "failed" else None)
    export(app, source)
    *_, body = ask(app, "HEAD" if ending == "HEAD" else "GET", "/orders")
    if ending == "left":
        next(iter(body))
    elif ending == "failed":
        with pytest.raises(ValueError, match="gone"):
            list(body)
    elif ending != "unread":
        list(body)
    body.close()
    assert source.closed == 1
    assert source.pulled == 0 or ending != "HEAD"


@PLAIN
def test_406_without_outpour(make: Callable[[], Flask]) -> None:
    """What there is can be read there, too."""
    app = make()
    export(app)
    response = app.test_client().get("/orders", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert "csv (text/csv)" in response.text


@PLAIN
def test_no_empty_item_reaches_the_server_without_outpour(
    make: Callable[[], Flask],
) -> None:
    """Nobody takes an empty item out, and some servers would end the body at one."""
    app = make()
    export(app, failing_after(3), NDJSON())
    *_, body = ask(app, path="/orders")
    items = []
    with closing(body), pytest.raises(LookupError):
        items.extend(body)
    assert b"" not in items


@pytest.mark.parametrize("make", [without_set_up, switched_off])
def test_linters_find_nothing(make: Callable[[], Flask], recwarn: Any) -> None:
    """Both linters are content around exports, with Outpour and without."""
    for app in (make(), set_up("direct", [])):
        export(app, filename="Köln")
        client = linted_client(app)
        for name in BODIES:
            response = client.get(f"/orders.{name}", buffered=True)
            assert response.text == BODIES[name][0]
            assert client.head(f"/orders.{name}", buffered=True).data == b""
        refused = {"Accept": "a/b"}
        assert client.get("/orders", headers=refused, buffered=True).status_code == 406


def linted_client(app: Flask) -> Any:
    """Return a client of an application that is inside both linters."""
    app.wsgi_app = validator(LintMiddleware(app.wsgi_app))  # type: ignore
    return app.test_client()


def test_compress_keeps_the_rows(app: Flask, serve: Callable[[Any], str]) -> None:
    """Flask-Compress compresses an export, and no byte is lost."""
    compress = pytest.importorskip("flask_compress")
    compress.Compress(app)
    export(app, lambda: ORDERS * 2000)
    url = f"{serve(app)}/orders.json"
    asked = Request(url, headers={"Accept-Encoding": "deflate"})
    with urlopen(asked, timeout=20) as response:
        assert response.headers["Content-Encoding"] == "deflate"
        assert json.loads(zlib.decompress(response.read())) == ORDERS * 2000


@pytest.mark.parametrize(
    "options", [{}, {"response_filter": lambda response: not response.is_streamed}]
)
def test_caching_keeps_no_half_export(
    app: Flask, client: FlaskClient, options: Any
) -> None:
    """Flask-Caching around an export leaves each response whole."""
    caching = pytest.importorskip("flask_caching")
    cache = caching.Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    sources = []

    @app.get("/orders")
    @cache.cached(**options)
    def orders() -> Response:
        sources.append(Source())
        return stream_rows(sources[-1])

    assert [client.get("/orders").text for _ in range(2)] == [BODIES["csv"][0]] * 2
    assert {source.closed for source in sources} == {1}


def test_response_outside_of_a_server(app: Flask) -> None:
    """In a request context that a test has pushed, the response can be read."""
    with app.test_request_context("/?q=a"):
        response = stream_rows({"q": request.args["q"]} for _ in range(2))
        assert response.get_data(as_text=True) == "q\na\na\n"
