"""Files, by Flask's functions and by hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from flask import Flask
from flask import request
from flask import Response
from flask import send_file
from flask import send_from_directory
from werkzeug.wsgi import FileWrapper
from werkzeug.wsgi import wrap_file

from difference.entry import notes
from difference.entry import site
from difference.entry import told
from difference.entry import view

FILE = Path(__file__).parent.parent / "files" / "lines.txt"


@view(fields={"Range": "bytes=10-99"}, name="file-sent-range")
@view(fields={"Range": "bytes=-50"}, name="file-sent-range-end")
@view(fields={"Range": "bytes=99999999-"}, name="file-sent-range-none")
@view(method="HEAD", name="file-sent-head")
@view
def file_sent() -> Response:
    """A file by its name; its validators are of its own."""
    return send_file(FILE, etag="fixed", last_modified=1_600_000_000, conditional=True)


@view
def file_sent_from_directory() -> Response:
    """A file of a directory, to be saved."""
    return send_from_directory(
        FILE.parent,
        FILE.name,
        as_attachment=True,
        download_name="строки.txt",
        etag="fixed",
        last_modified=1_600_000_000,
    )


@view
def file_sent_from_memory() -> Response:
    """A file that is in memory."""
    return send_file(io.BytesIO(b"content\n" * 900), mimetype="text/plain")


@view
def file_missing() -> Response:
    """No file."""
    return send_from_directory(FILE.parent, "none.txt")


@view
def file_object() -> Response:
    """An open file is an iterable of lines, with ``close``."""
    return Response(FILE.open("rb"), mimetype="text/plain")


@view
def file_object_of_text() -> Response:
    """The same in text mode."""
    return Response(FILE.open(encoding="utf-8"), mimetype="text/plain")


class Noted(io.BytesIO):
    """A file that notes that it is closed."""

    def close(self) -> None:
        """Note it, once."""
        if not self.closed:
            self.note("file closes")
        super().close()


def noted_file() -> Noted:
    """Return a file in memory that notes its end."""
    file = Noted(b"content\n" * 3_000)
    file.note = notes()
    return file


@view(method="HEAD", name="file-wrapped-head")
@view
def file_wrapped() -> Response:
    """Werkzeug's wrapper of files, streamed."""
    return Response(FileWrapper(noted_file(), 1_000))


@view
def file_wrapped_passed_through() -> Response:
    """The same, passed through."""
    return Response(FileWrapper(noted_file(), 1_000), direct_passthrough=True)


@view
def file_wrapped_by_the_server() -> Response:
    """The server's own wrapper, passed through."""
    wrapper = wrap_file(request.environ, noted_file(), 1_000)
    return Response(wrapper, direct_passthrough=True)


@view
def file_passed_through() -> Response:
    """A generator of bytes, passed through."""
    items = told([b"one\n", b"two\n"])
    return Response(items, direct_passthrough=True)


@site(query="", name="file-static")
def file_static(app: Flask) -> Any:
    """Flask's static view."""
    app.static_folder = str(FILE.parent)

    def root() -> Response:
        response = app.send_static_file(FILE.name)
        for name in ("ETag", "Last-Modified"):
            response.headers.pop(name, None)
        return response

    return root
