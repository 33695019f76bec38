"""Chunks enter; they leave, and a live stream ends when its worker is to go."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any
from typing import TYPE_CHECKING

from .errors import WorkerLeaving
from .workers import leaving_check

if TYPE_CHECKING:
    from flask import Request

#: Passes chunks on.
Stage = Callable[[Iterable[bytes]], Iterator[bytes]]

#: Bytes that a source gives for each second that its reader waits. With more it is a
#: download that is under way; a log, a ticker, a radio or a model gives less. The time
#: of single items does not tell them apart: a row of a slow query takes as long.
DOWNLOAD = 256 * 1024
#: Seconds for which a source lets its reader wait before it gives an item, if it is
#: live.
SLOW = 0.005
#: Media types of what is of no use without its end, beside those of offices.
_DOCUMENTS = frozenset(
    {
        *("text/csv", "text/tab-separated-values", "application/json"),
        *("application/pdf", "application/xml", "application/zip", "application/gzip"),
    }
)
EVENTS = "text/event-stream"
#: What an event ends with, in the lines of any system.
_ENDS_OF_EVENTS = (b"\n\n", b"\r\r", b"\r\n\r\n")


def drain_of(
    headers: Mapping[str, str],
    media_type: str,
    request: Request,
    streams: list[Any],
    grace: float | None,
) -> Stage | None:
    """Return the stage for a response that may have no end, or ``None``.

    There is none where the server does not tell whether a worker is to go, or where
    there is no grace: the setting is switched off.

    :param headers: of the response, by lower-case names.
    :param streams: with context, that the response is made from.
    """
    is_leaving = None if grace is None else leaving_check(request.environ)
    if grace is None or is_leaving is None or _is_finite(headers, media_type, streams):
        return None
    # Only EventSource connects anew by itself, and it asks by GET.
    ends_whole = media_type == EVENTS and request.method == "GET"
    return partial(drained, is_leaving=is_leaving, ends_whole=ends_whole, grace=grace)


def _is_finite(headers: Mapping[str, str], media_type: str, streams: list[Any]) -> bool:
    """Whether a response is known to come to its end: a download, rows, a page."""
    return (
        "content-length" in headers
        or media_type in _DOCUMENTS
        or media_type.startswith("application/vnd.")
        or headers.get("content-disposition", "").lower().startswith("attach")
        or (bool(streams) and all(stream.is_finite for stream in streams))
    )


def drained(
    chunks: Iterable[bytes],
    is_leaving: Callable[[], bool],
    *,
    ends_whole: bool,
    grace: float,
    clock: Callable[[], float] = monotonic,
) -> Iterator[bytes]:
    """Yield the chunks, and end some time after the worker is to go.

    A server waits for its streams before it lets a worker go, for all of its own grace;
    an endless one would keep it for that long, and meanwhile nobody is served.

    A body is pulled: a source that is silent is ended at its next item.

    :param is_leaving: whether the worker is to go; asked behind each chunk.
    :param ends_whole: for an event stream, whose client connects anew by itself: it
        ends behind the event that is being sent. Any other stream must not look whole.
    :param grace: seconds that another stream goes on, so that one that is nearly over
        comes to its end.
    :raises WorkerLeaving: behind the first chunk that was asked for after the grace and
        waited for, unless they come as fast as those of a download do. The server's own
        grace is for that.
    """
    items = iter(chunks)
    before = last = b""
    for chunk in items:
        yield chunk
        if ends_whole and chunk:
            before, last = last, chunk[-4:]
        if is_leaving():
            break
    else:
        return
    rest = (
        _to_end_of_event(items, before + last, clock() + grace, clock)
        if ends_whole
        else _to_end_of_grace(items, grace, clock)
    )
    # A traceback would hold the source.
    del chunks, items
    yield from rest


def _to_end_of_event(
    chunks: Iterator[bytes], end: bytes, latest: float, clock: Callable[[], float]
) -> Iterator[bytes]:
    """Yield the rest of an event, whose end may be no end by the letter of HTML."""
    while end and not end.endswith(_ENDS_OF_EVENTS) and clock() < latest:
        chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk
        end = (end + chunk)[-4:]


def _to_end_of_grace(
    chunks: Iterator[bytes], grace: float, clock: Callable[[], float]
) -> Iterator[bytes]:
    latest = clock() + grace
    waited, late, given = 0.0, 0.0, 0
    while True:
        asked = clock()
        chunk = next(chunks, None)
        if chunk is None:
            return
        took = clock() - asked
        waited += took
        given += len(chunk)
        yield chunk
        if asked < latest:
            continue
        late += took if took < SLOW else 0.0
        # What outlasts the grace by one slow query may be over behind it: the next
        # item is asked for. Nor do the fast items behind that query make it live, if
        # they do not go on for as long again.
        if (took >= SLOW or late > grace) and given < waited * DOWNLOAD:
            break
    del chunks
    raise WorkerLeaving(grace)
