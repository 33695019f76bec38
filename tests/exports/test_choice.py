"""Tests of which format a response has."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import request
from flask import Response
from flask import session
from flask.testing import FlaskClient
from werkzeug.exceptions import NotAcceptable

from exports.orders import BODIES
from exports.orders import export
from exports.orders import ORDERS
from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import stream_rows
from flask_outpour.formats import Parquet


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


def test_client_that_asks_for_what_is_not_installed_gets_a_406(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a name in the view's own code is an error that names what to install."""
    monkeypatch.setattr(Parquet, "available", False)
    app.testing = True

    @app.get("/orders.<suffix>")
    def orders(suffix: str) -> Response:
        return stream_rows(ORDERS, suffix)

    @app.get("/fixed")
    def fixed() -> Response:
        return stream_rows(ORDERS, "parquet")

    response = client.get("/orders.parquet")
    assert response.status_code == 406
    assert "no format &#39;parquet&#39;" in response.text
    assert "parquet (" not in response.text
    # pyarrow is there all the same, and would be asked for where it is not.
    assert client.get("/fixed").mimetype == Parquet.media_type


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
    ("sent", "take"),
    [
        ({"query_string": {"f": "xml"}}, lambda: request.args["f"]),
        ({"query_string": "f=csv&f=xml"}, lambda: request.args.getlist("f")[1]),
        ({"query_string": {"f": "XML"}}, lambda: request.args["f"].lower()),
        ({"query_string": {"f": "a.xml"}}, lambda: request.args["f"].split(".")[1]),
        ({"query_string": {"f": "xml"}}, lambda: f".{request.args['f']}"),
        ({"data": {"f": "xml"}, "method": "POST"}, lambda: request.form["f"]),
        ({"json": {"f": "xml"}, "method": "POST"}, lambda: request.json["f"]),
        ({"json": {"f": [{"g": "xml"}]}, "method": "POST"}, lambda: "xml"),
        ({"json": ["csv", "xml"], "method": "POST"}, lambda: request.json[1]),
        ({"headers": {"X-Format": "xml"}}, lambda: request.headers["X-Format"]),
        ({"headers": {"Cookie": "f=xml"}}, lambda: request.cookies["f"]),
        (
            {"headers": {"Accept": "a/b;q=0.5, image/png"}},
            lambda: request.accept_mimetypes.best,
        ),
    ],
)
def test_unknown_name_that_the_client_sent_is_a_406(
    app: Flask, sent: Any, take: Callable[[], str]
) -> None:
    """Wherever it has sent it, it is told what there is."""

    def view() -> Response:
        return stream_rows([{"id": 1}], take())

    app.add_url_rule("/", "v", view, methods=["GET", "POST"])
    response = app.test_client(use_cookies=False).open("/", **sent)
    assert response.status_code == 406
    assert "csv (text/csv)" in response.text


def test_unknown_name_that_the_view_wrote_is_no_error_of_the_client(app: Flask) -> None:
    """It is one of the view's, and names what there is."""
    app.testing = True
    app.add_url_rule("/", "v", lambda: stream_rows([{"id": 1}], "xml"))
    with pytest.raises(ConfigurationError, match=r"format= names 'xml'.* csv, tsv"):
        app.test_client().get("/")


@pytest.mark.parametrize(
    "media_type",
    [
        *("application/x-www-form-urlencoded", "application/json", "text/csv"),
        "multipart/form-data; boundary=x",
    ],
)
def test_body_of_the_request_is_left_to_the_rows(app: Flask, media_type: str) -> None:
    """A format that the view names is taken without a look at what came with it."""
    body = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n--x--\r\n'

    def rows() -> Iterator[dict[str, int]]:
        yield {"bytes": len(request.stream.read())}

    app.add_url_rule("/", "v", lambda: stream_rows(rows, "csv"), methods=["POST"])
    response = app.test_client().post("/", data=body, content_type=media_type)
    assert response.text == f"bytes\n{len(body)}\n"
