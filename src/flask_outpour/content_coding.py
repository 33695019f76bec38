"""A request and its response enter; the coding to send it in leaves, in the headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkzeug.http import parse_accept_header

from .negotiation import choose_coding

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request
    from flask import Response

_ASKED = "outpour.if-none-match"
#: Media types whose content is compressed already, or might be anything.
_COMPRESSED = re.compile(
    r"(image/(?!svg\+xml|bmp|x-portable-)|audio/|video/|font/woff"
    r"|application/(octet-stream|pdf|zip|gzip|x-gzip|zstd|x-(7z|bzip|rar|xz|zip)"
    r"|epub|java-archive|vnd\.(rar|apache\.parquet|openxmlformats-|oasis\.)))",
    re.IGNORECASE,
)
#: Headers that say something of the very bytes of the content (RFC 9530).
_DIGESTS = ("Content-MD5", "Digest", "Content-Digest", "Repr-Digest")


def apply_coding(
    response: Response, request: Request, offered: tuple[str, ...]
) -> str | None:
    """Choose a content coding for a response, and write its headers for that.

    Return ``"identity"`` to send it as it is, or ``None`` where the client refuses
    that and takes nothing else.

    :param offered: the codings that can be written, the best first.
    """
    if not offered or not _may_be_coded(response, request):
        return "identity"
    response.vary.add("Accept-Encoding")
    # The answer may be a part, whose bytes are counted in the plain representation.
    if "Range" in request.headers:
        return "identity"
    coding = choose_coding(request.accept_encodings, offered)
    if coding is None or coding == "identity":
        return coding
    if response.status_code == 304:
        _mark_as_asked(response, request, coding)
        return "identity"
    response.headers["Content-Encoding"] = coding
    # A range of one coding must not be joined to the beginning of another.
    for name in ("Content-Length", "Accept-Ranges"):
        response.headers.pop(name, None)
    if "ETag" in response.headers:
        response.headers["ETag"] = _marked(response.headers["ETag"], coding)
    return coding


def unmark(environ: WSGIEnvironment, offered: tuple[str, ...]) -> None:
    """Let a view recognise its own ETag in the request's ``If-None-Match``.

    It knows nothing of the mark that :func:`apply_coding` has put on it. Only the tag
    of the coding that this client would get now is unmarked: one in another coding is
    not what it asks for. ``If-Range`` stays, since a range is never coded.
    """
    asked = environ.get("HTTP_IF_NONE_MATCH", "")
    accept = parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING"))
    mark = f';{choose_coding(accept, offered)}"'
    if mark in asked:
        environ[_ASKED] = asked
        unmarked = asked.replace(mark, '"')
        environ["HTTP_IF_NONE_MATCH"] = f"{asked}, {unmarked}"


def _may_be_coded(response: Response, request: Request) -> bool:
    headers = response.headers
    return (
        getattr(response, "compress", True)
        and "Content-Encoding" not in headers
        and "Content-Range" not in headers
        and not any(name in headers for name in _DIGESTS)
        and not response.cache_control.no_transform
        and not request.cache_control.no_transform
        and not _COMPRESSED.match(response.mimetype or "")
    )


def _mark_as_asked(response: Response, request: Request, coding: str) -> None:
    """Give a 304 the tag that the client has, which names the coding."""
    tag = _marked(response.headers.get("ETag", ""), coding)
    if tag and tag in request.environ.get(_ASKED, ""):
        response.headers["ETag"] = tag


def _marked(tag: str, coding: str) -> str:
    """Tell the tag of one coding from those of others (RFC 9110, section 8.8.3.3)."""
    return f'{tag[:-1]};{coding}"' if tag.endswith('"') else tag
