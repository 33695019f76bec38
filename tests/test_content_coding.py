"""Tests of which response is sent in which coding, and of the headers for that."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from queue import Queue
from typing import Any
from urllib.request import Request
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import request
from flask import Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies
from werkzeug.exceptions import NotAcceptable

import flask_outpour
from decoders import Decoder
from flask_outpour import LengthError
from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour.compress import CODINGS

codings = pytest.mark.parametrize("coding", CODINGS)
ITEMS = [f"row {number}\n" for number in range(1_000)]
BODY = "".join(ITEMS).encode()


@pytest.fixture
def app() -> Flask:
    """Return an application that compresses."""
    app = Flask("tests.content_coding")
    app.config["OUTPOUR_COMPRESS"] = True
    Outpour(app)
    return app


def view(app: Flask, **facts: Any) -> None:
    """Add a view that streams the items in a response with these facts."""

    @app.route("/")
    def rows() -> Response:
        return Response(iter(ITEMS), **{"mimetype": "text/csv", **facts})


def decoded(response: Any) -> bytes:
    """Return the body of a response in a coding, and check that it is whole."""
    decoder = Decoder(response.headers["Content-Encoding"])
    body = decoder.feed(response.data)
    assert decoder.whole
    return body


def accepting(client: FlaskClient, coding: str, **headers: str) -> Any:
    """Return the answer to a client that accepts a coding."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/", headers={"Accept-Encoding": coding, **named})


@codings
def test_stream_is_sent_in_the_coding_that_the_client_accepts(
    app: Flask, client: FlaskClient, coding: str
) -> None:
    """The body decodes to the items, and the headers name the coding."""
    view(app)
    response = accepting(client, coding)
    assert response.headers["Content-Encoding"] == coding
    assert response.vary.as_set() == {"accept-encoding"}
    assert decoded(response) == BODY


def test_nothing_is_compressed_by_default() -> None:
    """Without the setting, no header and no byte is another."""
    app = Flask("tests.content_coding")
    Outpour(app)
    view(app)
    response = accepting(app.test_client(), "gzip, br, zstd")
    assert "Content-Encoding" not in response.headers
    assert "Vary" not in response.headers
    assert response.data == BODY


def test_the_setting_can_name_codings(app: Flask, client: FlaskClient) -> None:
    """A list offers these codings alone, in its order."""
    view(app)
    app.config["OUTPOUR_COMPRESS"] = ["gzip", "br"]
    response = accepting(client, "gzip, br, zstd")
    assert response.headers["Content-Encoding"] == "gzip"


def test_response_that_is_not_compressed_says_what_it_varies_by(
    app: Flask, client: FlaskClient
) -> None:
    """A cache must not give the bytes as they are to who asked for a coding."""
    view(app, headers={"Vary": "Cookie"})
    response = client.get("/")
    assert "Content-Encoding" not in response.headers
    assert response.vary.as_set() == {"accept-encoding", "cookie"}
    assert response.data == BODY


@pytest.mark.parametrize(
    "facts",
    [
        {"headers": {"Content-Encoding": "gzip"}},
        {"headers": {"Cache-Control": "public, no-transform"}},
        {"headers": {"Content-Range": f"bytes 0-{len(BODY) - 1}/*"}, "status": 206},
        {"headers": {"Content-Digest": "sha-256=:AAAA:"}},
        {"mimetype": "image/png"},
        {"mimetype": "video/mp4"},
        {"mimetype": "font/woff2"},
        {"mimetype": "application/zip"},
        {"mimetype": "application/gzip"},
        {"mimetype": "application/octet-stream"},
        {"mimetype": "application/vnd.apache.parquet"},
        {
            "mimetype": "application/vnd.openxmlformats-officedocument"
            ".spreadsheetml.sheet"
        },
    ],
    ids=str,
)
def test_response_that_must_stay_as_it_is_does(
    app: Flask, client: FlaskClient, facts: dict[str, Any]
) -> None:
    """Ranges, what is compressed already, and what nobody may transform stay."""
    view(app, **facts)
    response = accepting(client, "gzip, br, zstd")
    given = facts.get("headers", {}).get("Content-Encoding")
    assert response.headers.get("Content-Encoding") == given
    assert "Accept-Encoding" not in response.headers.get("Vary", "")
    assert response.data == BODY


@pytest.mark.parametrize(
    "mimetype",
    [
        *("text/html", "application/json", "application/x-ndjson", "image/svg+xml"),
        *(
            "application/vnd.apache.arrow.stream",
            "application/xml",
            "text/event-stream",
        ),
    ],
)
def test_text_and_data_are_compressed(
    app: Flask, client: FlaskClient, mimetype: str
) -> None:
    """What is not compressed by itself is compressed."""
    view(app, mimetype=mimetype)
    assert decoded(accepting(client, "zstd")) == BODY


def test_view_can_say_no(app: Flask, client: FlaskClient) -> None:
    """A response with compress=False is sent as it is."""

    @app.get("/")
    def rows() -> Response:
        return flask_outpour.Response(iter(ITEMS), compress=False)

    assert accepting(client, "gzip").data == BODY


def test_exempt_view_is_not_compressed(app: Flask, client: FlaskClient) -> None:
    """What Outpour does not serve, it does not compress."""

    @app.get("/")
    @Outpour.exempt
    def rows() -> Response:
        return Response(iter(ITEMS))

    assert accepting(client, "gzip").data == BODY


@pytest.mark.parametrize("header", ["Range", "Cache-Control"])
def test_request_can_say_no(app: Flask, client: FlaskClient, header: str) -> None:
    """Who asks for a range, or for no transformation, gets the bytes as they are."""
    view(app)
    value = {"Range": "bytes=0-", "Cache-Control": "no-transform"}[header]
    response = accepting(client, "gzip", **{header.replace("-", "_"): value})
    assert "Content-Encoding" not in response.headers
    assert response.data == BODY


def test_rows_are_compressed(app: Flask, client: FlaskClient) -> None:
    """An export is compressed as any stream, and varies by what it was chosen by."""

    @app.get("/")
    def rows() -> Response:
        return stream_rows(((n, "x") for n in range(3)), columns=["n", "x"])

    response = accepting(client, "br", Accept="text/csv")
    assert decoded(response) == b"n,x\n0,x\n1,x\n2,x\n"
    assert response.vary.as_set() == {"accept", "accept-encoding"}


def test_response_that_is_no_stream_is_left_alone(
    app: Flask, client: FlaskClient
) -> None:
    """A page that is there as a whole is Flask-Compress's business, or a proxy's."""
    app.add_url_rule("/", "page", lambda: "a page " * 1_000)
    response = accepting(client, "gzip")
    assert "Content-Encoding" not in response.headers
    assert response.content_length == 7_000


# Lengths, HEAD and errors


def test_length_of_the_plain_bytes_is_not_sent(app: Flask, client: FlaskClient) -> None:
    """A Content-Length, and the offer of ranges, go; the length is checked still."""
    view(app, headers={"Content-Length": len(BODY), "Accept-Ranges": "bytes"})
    response = accepting(client, "gzip")
    assert response.content_length is None
    assert "Accept-Ranges" not in response.headers
    assert decoded(response) == BODY


@pytest.mark.parametrize("difference", [-1, 1])
def test_stream_that_belies_its_length_has_no_end(
    app: Flask, client: FlaskClient, difference: int
) -> None:
    """Too few or too many bytes before the coding fail the stream, as without it."""
    view(app, headers={"Content-Length": len(BODY) + difference})
    app.testing = True
    with pytest.raises(LengthError):
        accepting(client, "gzip").get_data()


def test_head_has_the_headers_of_get(app: Flask, client: FlaskClient) -> None:
    """HEAD names the coding that GET would have, and no length."""
    view(app, headers={"Content-Length": len(BODY), "ETag": '"one"'})
    headers = {"Accept-Encoding": "zstd"}
    head = client.head("/", headers=headers)
    response = client.get("/", headers=headers)
    assert head.data == b""
    assert dict(head.headers) == dict(response.headers)
    assert head.headers["Content-Encoding"] == "zstd"


def test_error_before_the_first_item_has_a_plain_page(
    app: Flask, client: FlaskClient
) -> None:
    """The page of a failure has none of the headers of the stream."""

    @app.get("/")
    def rows() -> Iterator[str]:
        yield str(1 // 0)

    response = accepting(client, "gzip")
    assert response.status_code == 500
    assert "Content-Encoding" not in response.headers
    assert b"Internal Server Error" in response.data


def test_bytes_are_counted_as_they_are_sent(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says how many bytes went to the server, and of how many items."""
    caplog.set_level(logging.INFO, "flask_outpour")
    view(app)
    sent = len(accepting(client, "gzip").data)
    assert f", {sent} bytes of 1000 items in " in caplog.text
    assert sent < len(BODY)


# Who refuses all


def test_client_that_takes_no_coding_that_there_is_gets_406(
    app: Flask, client: FlaskClient
) -> None:
    """The page lists the codings, varies, and the source is never begun."""
    begun = []

    @app.get("/")
    def rows() -> Response:
        return Response(begun.append(1) or "x" for _ in range(3))

    response = accepting(client, "deflate, identity;q=0")
    assert response.status_code == 406
    assert "zstd, br, gzip" in response.text
    assert "accept-encoding" in response.vary.as_set()
    assert begun == []


def test_refusal_has_the_applications_own_page(app: Flask, client: FlaskClient) -> None:
    """An error handler of the application answers it, as any error."""
    view(app)
    app.register_error_handler(NotAcceptable, lambda error: ("No such coding", 406))
    assert accepting(client, "identity;q=0").text == "No such coding"


def test_what_is_never_compressed_is_sent_to_everybody(
    app: Flask, client: FlaskClient
) -> None:
    """Nobody is refused an image, which has no other coding to choose from."""
    view(app, mimetype="image/png")
    assert accepting(client, "identity;q=0").status_code == 200


# Validators


def tagged(app: Flask, tag: str = '"one"') -> None:
    """Add a view that streams, has an ETag, and answers conditional requests."""

    @app.get("/")
    def rows() -> Response:
        response = Response(iter(ITEMS), headers={"ETag": tag})
        response.automatically_set_content_length = False
        return response.make_conditional(request)


def test_each_coding_has_an_etag_of_its_own(app: Flask, client: FlaskClient) -> None:
    """No two representations share an ETag."""
    tagged(app)
    tags = [accepting(client, coding).headers["ETag"] for coding in [*CODINGS, ""]]
    assert len({*tags}) == 4
    assert tags[-1] == '"one"'


@codings
@pytest.mark.parametrize("tag", ['"one"', 'W/"one"'])
def test_client_that_has_the_coding_gets_304(
    app: Flask, client: FlaskClient, coding: str, tag: str
) -> None:
    """An ETag that we sent is recognised, and is the one of the 304."""
    tagged(app, tag)
    first = accepting(client, coding).headers["ETag"]
    again = accepting(client, coding, If_None_Match=f'"other", {first}')
    assert (again.status_code, again.headers["ETag"]) == (304, first)
    assert "accept-encoding" in again.vary.as_set()
    assert "Content-Encoding" not in again.headers
    assert again.data == b""


def test_client_that_has_another_coding_gets_the_body(
    app: Flask, client: FlaskClient
) -> None:
    """Who has gzip and now accepts only zstd, or no coding, is sent that."""
    tagged(app)
    tag = accepting(client, "gzip").headers["ETag"]
    assert decoded(accepting(client, "zstd", If_None_Match=tag)) == BODY
    assert accepting(client, "", If_None_Match=tag).data == BODY


def test_client_that_has_the_plain_bytes_gets_304(
    app: Flask, client: FlaskClient
) -> None:
    """The view's own ETag is valid as it is."""
    tagged(app)
    again = accepting(client, "gzip", If_None_Match='"one"')
    assert (again.status_code, again.headers["ETag"]) == (304, '"one"')


def test_range_of_a_coding_is_never_joined_to_plain_bytes(
    app: Flask, client: FlaskClient
) -> None:
    """If-Range with the ETag of a coding is no reason to send a part."""

    @app.get("/")
    def rows() -> Response:
        response = Response(iter(ITEMS), headers={"ETag": '"one"'})
        response.automatically_set_content_length = False
        return response.make_conditional(
            request, accept_ranges=True, complete_length=len(BODY)
        )

    tag = accepting(client, "gzip").headers["ETag"]
    whole = accepting(client, "gzip", Range="bytes=10-", If_Range=tag)
    assert (whole.status_code, whole.data) == (200, BODY)
    part = accepting(client, "gzip", Range="bytes=10-", If_Range='"one"')
    assert (part.status_code, part.data) == (206, BODY[10:])
    assert part.headers["ETag"] == '"one"'


#: What may stand in an ETag (RFC 9110, section 8.8.3), in ASCII.
ETAG_SIGNS = strategies.characters(
    min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'
)


@given(strategies.text(ETAG_SIGNS, min_size=1))
def test_any_etag_comes_back_as_it_left(tag: str) -> None:
    """Whatever is in a view's ETag, the view recognises it in the next request."""
    app = Flask("tests.content_coding")
    app.config["OUTPOUR_COMPRESS"] = True
    Outpour(app)
    tagged(app, f'"{tag}"')
    client = app.test_client()
    sent = accepting(client, "gzip").headers["ETag"]
    assert accepting(client, "gzip", If_None_Match=sent).status_code == 304


# Over a socket


@codings
def test_no_reader_waits_for_the_compressor(
    app: Flask, serve: Callable[[Any], str], coding: str
) -> None:
    """Each event of an event stream is decoded before the next one exists."""
    decoded_events: Queue[bytes] = Queue()
    events = [f"data: {number}\n\n" for number in range(5)]

    @app.get("/")
    def stream() -> Response:
        def generate() -> Iterator[str]:
            for event in events:
                yield event
                # Fails the stream where the event was held back.
                assert decoded_events.get(timeout=20) == event.encode()

        return Response(generate(), mimetype="text/event-stream")

    decoder = Decoder(coding)
    connection = HTTPConnection(serve(app).removeprefix("http://"), timeout=30)
    with closing(connection):
        connection.request("GET", "/", headers={"Accept-Encoding": coding})
        response = connection.getresponse()
        assert response.headers["Content-Encoding"] == coding
        while data := response.read1():
            if event := decoder.feed(data):
                decoded_events.put(event)
    assert decoder.whole


@codings
def test_client_of_http_decodes_a_real_download(
    app: Flask, serve: Callable[[Any], str], coding: str
) -> None:
    """200,000 rows arrive whole, and much smaller than they are."""

    @app.get("/")
    def rows() -> Response:
        return Response(f"{n},customer {n % 97}\n" for n in range(200_000))

    asked = Request(serve(app), headers={"Accept-Encoding": coding})
    with urlopen(asked, timeout=60) as response:
        body = response.read()
    decoder = Decoder(coding)
    expected = "".join(f"{n},customer {n % 97}\n" for n in range(200_000)).encode()
    assert decoder.feed(body) == expected
    assert decoder.whole
    assert len(body) < len(expected) / 3
