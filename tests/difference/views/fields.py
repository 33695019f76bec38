"""Streams with header fields of every kind."""

from __future__ import annotations

from datetime import datetime
from datetime import UTC
from typing import Any

from flask import Flask
from flask import make_response
from flask import Response
from flask import session

from difference.better import Better
from difference.entry import site
from difference.entry import stream
from difference.entry import told
from difference.entry import view
from difference.expected import cut_after
from difference.expected import HTML

LINES = ("one\n", "two\n", "three\n")


def length(number: int) -> dict[str, Any]:
    """Return the arguments of a response with a length that the view has set."""
    return {"headers": {"Content-Length": str(number)}}


def fields_with(number: int) -> Any:
    """Return the fields of an answer with a length."""
    return (("content-length", str(number)), *HTML)


stream("length-right", lambda: LINES, response=length(14))
stream("length-right-many", lambda: ("x\n",) * 9_000, response=length(18_000))
stream(
    "length-too-great",
    lambda: LINES,
    response=length(20),
    waits=True,
    **cut_after(
        b"one\ntwo\nthree\n",
        "LengthError",
        better=Better.LENGTH_HELD,
        fields=fields_with(20),
    ),
)
stream(
    "length-too-small",
    lambda: LINES,
    response=length(10),
    waits=True,
    **cut_after(
        b"one\ntwo\n",
        "LengthError",
        better=Better.LENGTH_HELD,
        fields=fields_with(10),
        notes=("source starts", "source fails: GeneratorExit", "source closes"),
    ),
)
stream("type-csv", lambda: LINES, response={"mimetype": "text/csv"})
stream("type-none", lambda: LINES, response={"content_type": "x-own/type"})
stream(
    "type-latin",
    lambda: LINES,
    response={"content_type": "text/plain; charset=latin-1"},
)
stream(
    "type-events",
    lambda: ("data: 1\n\n", "data: 2\n\n"),
    response={"mimetype": "text/event-stream"},
)
stream("type-json", lambda: ('{"a":', "1}"), response={"mimetype": "application/json"})
stream(
    "type-coded",
    lambda: (b"\x1f\x8b",),
    response={"headers": {"Content-Encoding": "x"}},
)


@view
def fields_twice() -> Response:
    """A field may come more than once, in its order."""
    response = Response(told(LINES))
    response.headers.add("X-Twice", "1")
    response.headers.add("X-Twice", "2")
    response.headers.add("Link", "</a>; rel=next")
    response.headers.add("Link", "</b>; rel=prev")
    return response


@view
def fields_cookies() -> Response:
    """Cookies of all kinds, each in a field of its own."""
    response = Response(told(LINES))
    response.set_cookie("one", "1", expires=10**9, httponly=True, samesite="Lax")
    response.set_cookie("two", "zwei & drei; vier", path="/x")
    response.delete_cookie("three")
    return response


@view
def fields_not_latin() -> Response:
    """A name that is not in Latin letters is coded."""
    response = Response(told(LINES))
    coded = "UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.csv"
    response.headers["Content-Disposition"] = f"attachment; filename*={coded}"
    return response


@view
def fields_not_coded() -> Response:
    """The same without the code, which servers refuse as they begin to send."""
    response = Response(iter(LINES))
    response.headers.set("Content-Disposition", "attachment", filename="отчёт.csv")
    return response


@view
def fields_in_latin_1() -> Response:
    """A field is not in ASCII, which some servers refuse."""
    return Response(iter(LINES), headers={"X-Latin": "Größe"})


@view
def fields_of_all_kinds() -> Response:
    """What Werkzeug's properties set."""
    response = Response(told(LINES))
    response.set_etag("abc", weak=True)
    response.last_modified = datetime(2020, 1, 2, tzinfo=UTC)
    response.expires = datetime(2030, 1, 2, tzinfo=UTC)
    response.cache_control.max_age = 60
    response.cache_control.public = True
    response.vary.update(["Accept", "Cookie"])
    response.content_language.add("de")
    response.age = 7
    response.retry_after = 9
    response.content_location = "/there"
    response.access_control_allow_origin = "*"
    response.content_security_policy.default_src = "'self'"
    return response


@view
def fields_with_location() -> Response:
    """A relative location stays, or is completed, as the class says."""
    response = Response(told(LINES), status=303)
    response.location = "relative?q=ü"
    response.autocorrect_location_header = True
    return response


@view(fields={"If-None-Match": '"abc"'}, name="fields-etag-matched")
@view(fields={"If-None-Match": '"other"'}, name="fields-etag-not-matched")
@view(fields={"Range": "bytes=2-5"}, name="fields-etag-with-range")
@view
def fields_etag() -> Response:
    """A stream with a validator is asked conditionally."""
    from flask import request

    response = Response(told(LINES))
    response.automatically_set_content_length = False
    response.set_etag("abc")
    return response.make_conditional(request)


@view(fields={"Range": "bytes=4-8"}, name="range-middle")
@view(fields={"Range": "bytes=-3"}, name="range-end")
@view(fields={"Range": "bytes=900-"}, name="range-none")
@view(name="range-not-asked")
@view(fields={"Range": "bytes=0-3"}, method="HEAD", name="range-head")
def range_of_a_stream() -> Response:
    """A stream of known length is asked for a part."""
    from flask import request

    response = Response(told(LINES))
    return response.make_conditional(request, accept_ranges=True, complete_length=14)


@view
def session_written() -> Response:
    """The session's cookie goes with the stream."""
    session["user"] = 7
    return Response(told(LINES))


@view
def session_read() -> Response:
    """A session that is read varies by cookie."""
    return Response(told([f"user {session.get('user')}\n", "end\n"]))


@view
def session_permanent() -> Response:
    """A tuple of a stream, a status and fields, with a session of length."""
    session["user"] = 7
    return make_response(told(LINES), 202, {"X-Made": "1"})


@site
def fields_of_after_request(app: Flask) -> Any:
    """Every response gets fields, streams too."""

    @app.after_request
    def stamp(response: Response) -> Response:
        response.headers["X-Streamed"] = str(response.is_streamed)
        response.headers["X-Length"] = str(response.content_length)
        response.headers["X-Sequence"] = str(response.is_sequence)
        return response

    return lambda: Response(told(LINES))
