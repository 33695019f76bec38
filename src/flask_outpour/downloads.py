"""A stream of bytes and the name of its file enter; a response leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from flask import request
from flask import Response

from .errors import ConfigurationError
from .negotiation import content_disposition
from .stream import keep_context

if TYPE_CHECKING:
    from .archives import ZipStream
    from .row_stream import RowStream


def name_of(filename: object) -> str:
    """Return the name that a view gives to a file, or its own.

    :raises ConfigurationError: for a name that is no text.
    """
    if not filename:
        return (request.endpoint or "download").rpartition(".")[2]
    if not isinstance(filename, str):
        raise ConfigurationError(f"filename= takes a text, but it is {filename!r}.")
    return filename


def download(
    stream: RowStream | ZipStream,
    *,
    media_type: str,
    name: str,
    attachment: bool,
    charset: str | None = None,
) -> Response:
    """Return a response that streams a file, inside the view's contexts.

    :param name: of the file, as :func:`~flask_outpour.negotiation.file_name` mends it.
    :param attachment: whether a browser saves it instead of showing it.
    :param charset: the encoding of a text that is not UTF-8.
    """
    response: Response = current_app.response_class(
        keep_context(stream), mimetype=media_type
    )
    if charset is not None:
        # Flask has said UTF-8.
        response.headers["Content-Type"] = f"{media_type}; charset={charset}"
    response.headers["Content-Disposition"] = content_disposition(
        name, attachment=attachment
    )
    # Where Outpour does not serve the view, nobody else closes what was not begun.
    response.call_on_close(stream.close)
    # Else make_conditional() would read all of it, to count its bytes.
    response.automatically_set_content_length = False
    return response
