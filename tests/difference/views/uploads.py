"""Requests with a body, which the generator reads."""

from __future__ import annotations

from flask import request
from flask import Response
from flask import stream_with_context

from difference.entry import told

CONTENT = b"".join(b"%07d\n" % number for number in range(6_000))
FORM = (
    b"--frontier\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\n"
    + CONTENT
    + b"\r\n--frontier--\r\n"
)


def blocks(stream: object) -> object:
    """Read a stream to its end."""
    while block := stream.read(4_096):  # type: ignore[attr-defined]
        yield block


def root(function: object) -> object:
    """Route a view that takes POST, where an entry's are for GET."""

    def build(app: object) -> None:
        app.add_url_rule("/", "root", function, methods=["POST"])  # type: ignore[attr-defined]

    return build


def upload(body: bytes = CONTENT, waits: bool = False, **fields: str) -> object:
    """Decorate a view that is sent a body."""

    def decorate(function: object) -> object:
        from difference.entry import site

        name = function.__name__  # type: ignore[attr-defined]
        facts = {name.replace("_", "-"): value for name, value in fields.items()}
        site(
            root(function),
            **{"name": name, "method": "POST", "waits": waits},
            **{"body": body, "fields": facts},
        )
        return function

    return decorate


@upload()
def upload_echoed() -> Response:
    """The generator reads the stream that the view took."""
    return Response(told(blocks(request.stream)))


@upload()
def upload_echoed_in_context() -> Response:
    """The generator reads the request's stream under Flask's own function."""

    def generate():
        yield from blocks(request.stream)

    return Response(stream_with_context(told(generate())))


@upload()
def upload_counted() -> Response:
    """The answer depends on all that was sent."""

    def generate():
        yield f"{sum(map(len, blocks(stream)))} bytes\n"

    stream = request.stream
    return Response(told(generate()))


@upload(waits=True)
def upload_not_read() -> Response:
    """Nobody reads what was sent; Werkzeug's server then keeps the connection."""
    return Response(told(["not ", "read"]))


@upload(FORM, Content_Type="multipart/form-data; boundary=frontier")
def upload_of_a_file() -> Response:
    """A file of a form is read in the generator."""

    def generate():
        yield from request.files["file"].stream

    return Response(stream_with_context(told(generate())))


@upload(b"a=1&b=2&a=3", Content_Type="application/x-www-form-urlencoded")
def upload_of_a_form() -> Response:
    """The fields of a form are read in the generator."""

    def generate():
        for name, value in request.form.items(multi=True):
            yield f"{name}={value}\n"

    return Response(stream_with_context(told(generate())))


@upload()
def upload_line_by_line() -> Response:
    """The lines of what was sent come back."""

    def generate():
        for line in request.get_data().splitlines(keepends=True):
            yield line[::-1]

    return Response(stream_with_context(told(generate())))
