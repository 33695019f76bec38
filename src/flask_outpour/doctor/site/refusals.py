"""An answer that was not expected enters; what it means, and the cure, leaves."""

from __future__ import annotations

from ...probe import ENDPOINT
from ...probe import PREFIX
from .address import Address
from .visits import Visit

_LET_PASS = (
    "Let the probe pass there: in a before_request function of the application by"
    f' `if request.endpoint == "{ENDPOINT}": return None`, in a proxy by the path'
    f" {PREFIX}. It answers to nobody without the token."
)


def explain_refusal(visit: Visit, address: Address) -> str:
    """Say why the probe was not met, and what to do."""
    status, shown = visit.status, address.shown
    if status == 404:
        return (
            f"{shown} has no probe for this token: it answered 404. Set"
            " OUTPOUR_PROBE_TOKEN in the application's configuration, before"
            " Outpour(app) or init_app(app), to the very same token, and restart it. Is"
            " the application mounted under a path? Then give the URL with that path."
        )
    if 300 <= status < 400:
        place = address.place_of(visit.headers.get("Location", ""))
        return (
            f"{shown} redirected the probe to {place} ({status}). If that is the site's"
            f" real address, give that one. If it is a login: {_LET_PASS}"
        )
    if status in (401, 403, 407):
        return (
            f"{shown} answered {status} before the probe was reached. {_LET_PASS}"
            " Where a proxy asks for a password, write it into the URL:"
            " https://user:password@host/."
        )
    if status == 200:
        return (
            f"{shown} answered 200, but not as the probe does: a cache, or a page that"
            f" stands for every path, came before it. Let {PREFIX} through to the"
            " application, and set OUTPOUR_PROBE_TOKEN there to the very same token."
        )
    return f"{shown} answered {status}, so there is nothing to examine. {_why(status)}"


def explain_no_stream(visit: Visit, address: Address) -> str:
    """Say why the answer of a site without a probe cannot be examined."""
    status, shown = visit.status, address.shown
    if 300 <= status < 400:
        place = address.place_of(visit.headers.get("Location", ""))
        return f"{shown} redirects to {place} ({status}). Give the URL of the stream."
    if status != 200:
        return (
            f"{shown} answered {status}, and no stream. {_why(status)} No"
            " OUTPOUR_PROBE_TOKEN is set where the doctor runs, so the URL itself has"
            " to stream."
        )
    size = sum(len(piece.data) for piece in visit.pieces)
    return (
        f"{shown} is not a stream: {size} bytes came at once, and a Content-Length had"
        " announced them. Give the URL of a response that streams, or allow the probe"
        " by OUTPOUR_PROBE_TOKEN."
    )


def _why(status: int) -> str:
    if status in (502, 503, 504):
        return "A proxy answers, but the application behind it does not."
    if status == 400:
        return "Does this port expect https://, or another name of the host?"
    if status >= 500:
        return "The application's log says more."
    return "Give a URL that answers 200 to a plain GET."
