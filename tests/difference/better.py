"""Where a stream differs from plain Flask's on purpose, each way in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class _Difference:
    when: str
    plain: str
    ours: str


class Better(Enum):
    """The ways in which a response with the line may differ from one without."""

    ERROR_PAGE = _Difference(
        "A bare generator fails before its first byte",
        "what the server makes of it: a page of its own, or `200` and nothing",
        "the status and the page of the application's error handlers, with"
        " `after_request` functions and a line in the log",
    )
    CAUSE_LOGGED = _Difference(
        "A stream fails after its first byte",
        "the server may log it; the application does not. eventlet's own server loses"
        " up to 512 bytes of what was produced, or answers with the traceback",
        "the cause is in the application's log, once, and goes to"
        " `got_request_exception`; what was produced is sent, then the connection is"
        " cut",
    )
    INTERRUPTION = _Difference(
        "A source ends by a `BaseException`, such as `SystemExit`",
        "servers write a second response into the body, hang or die",
        "as any other failure",
    )
    LENGTH_HELD = _Difference(
        "A stream does not keep to the Content-Length that its view has set",
        "the server cuts at that length, waits, or sends all the same",
        "a `LengthError`; the client sees a cut, unless it has all that was promised",
    )
    ITEM_ERROR = _Difference(
        "An item is neither text nor bytes",
        "each server has an error of its own, or sends something",
        "an `ItemError` that names the item's number and type",
    )
    SOURCE_CLOSED = _Difference(
        "A stream under `stream_with_context` of `flask_outpour` is not wanted: HEAD,"
        " 204, 304, or an `after_request` function puts another response in its place",
        "what it was made from stays open until it is garbage",
        "what it was made from is closed",
    )
    ONE_TEARDOWN = _Difference(
        "A view uses `stream_with_context` of `flask_outpour`",
        "there it is Flask's own: teardown functions run when the view returns, and"
        " once more after the stream",
        "teardown functions run once, after the last byte",
    )
    HELD_START = _Difference(
        "Middleware around Outpour looks when the headers are given to it",
        "before the source starts",
        "when the first chunk is there",
    )
    NO_ITEMS = _Difference(
        "A stream has no items",
        "hypercorn answers `500`",
        "a whole response without a body",
    )
    BUFFERS = _Difference(
        "Items are `bytearray` or `memoryview`, and change after they were yielded, or"
        " are of a subclass of `bytes`",
        "some servers refuse them, some send what they hold later",
        "each is sent as it was when it was yielded",
    )
    WIDE_ITEMS = _Difference(
        "An item is a `memoryview` of numbers that are wider than a byte",
        "servers count its numbers for its bytes, and frame it wrongly",
        "its bytes",
    )
    DEPARTURE = _Difference(
        "A client leaves, and the server does not tell: hypercorn or uvicorn, through"
        " a2wsgi",
        "the source runs to its end",
        "the source is closed",
    )
    OBSERVER = _Difference(
        "A receiver of one of Outpour's signals fails",
        "there is no such signal",
        "the response is as without it; the receiver's error is in the log",
    )
