"""What each server does by itself, of all that a comparison has to know."""

from __future__ import annotations

from servers.expectations import Cut
from servers.expectations import EXPECTATIONS

#: On these a cut without a Content-Length looks whole, whatever the application does.
#: bjoern sends chunks only where the connection stays open, and our client closes it.
HIDE_CUTS = {
    *(known.name for known in EXPECTATIONS if known.cut is Cut.LOOKS_COMPLETE),
    "bjoern",
}
#: The same for a client of HTTP/1.0.
HIDE_OLD_CUTS = {
    known.name for known in EXPECTATIONS if known.old_cut is Cut.LOOKS_COMPLETE
}
#: On these a client waits for the rest of a stream that failed.
HANG = {known.name for known in EXPECTATIONS if known.cut is Cut.HANGS}
#: These never tell an application that its client has left.
NEVER_STOP = {known.name for known in EXPECTATIONS if not known.stops}
#: These send nothing before they have all of it: a client leaves when that is over.
COLLECT = {known.name for known in EXPECTATIONS if not known.flows}
#: These lose the end of what was sent, or all of it, when a stream breaks off.
LOSSY = {known.name for known in EXPECTATIONS if not known.keeps_items}
#: These do not call ``close()``, so what is to run then does not under plain Flask.
#: Outpour closes a stream at its end.
NEVER_CLOSE = {known.name for known in EXPECTATIONS if not known.closes}
#: But what is no stream is for the server to close, and so is what is around Outpour,
#: and a stream that is not asked for its end.
FOR_SERVERS_TO_CLOSE = {
    *("class-written", "hooks-call-on-close-head", "left-before-a-list-of-much"),
    *("outside-counting", "outside-closing", "outside-writing"),
    *("inside-writing", "length-right"),
}
#: Calls ``close()`` once more where that has failed, as it does in this entry.
CLOSE_TWICE = {"werkzeug-debugger"}
FAILS_TO_CLOSE = "fails-in-call-on-close"
#: Holds up to 512 bytes. Where a stream fails, it loses them, and answers with the
#: traceback if there was nothing before. Outpour's come at once.
HOLD_LITTLE = {"eventlet"}
#: Their own pages of errors show each frame: those of Outpour, and an ``id()``.
SHOW_FRAMES = {"eventlet", "werkzeug-debugger"}
#: Under plain Flask, too, these close now and then only as they stop what a client
#: left that did not read: there is nothing steady to compare.
HOLD_WHAT_IS_LEFT = {"granian"}
#: Asks for each item in any thread of a pool. A context of plain Flask stays in the
#: thread that pushed it: a stream loses it, and may see that of another request.
LOSE_CONTEXTS = {"tornado"}
#: What these do by themselves is compared with a faithful driver's answer.
UNFAITHFUL = NEVER_CLOSE | CLOSE_TWICE | HOLD_LITTLE | LOSE_CONTEXTS


def closes_otherwise(server: str, name: str) -> bool:
    """Return whether a server closes a stream otherwise than most, or never."""
    if server in CLOSE_TWICE:
        return name == FAILS_TO_CLOSE
    return server in NEVER_CLOSE and name not in FOR_SERVERS_TO_CLOSE


def loses_context(server: str, name: str) -> bool:
    """Return whether an entry looks at a context while it streams, and may not see it.

    Streamed templates do that, and what reads an upload.
    """
    looks = "context" in name or name.startswith(("template", "upload"))
    return looks and server in LOSE_CONTEXTS
