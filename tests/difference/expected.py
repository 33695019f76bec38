"""What many answers with the line have alike, in place of plain Flask's."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import default_exceptions

from difference.better import Better

#: The fields of a page or a stream to which the view adds none.
HTML = (("content-type", "text/html; charset=utf-8"),)


def page(status: int) -> bytes:
    """Return Werkzeug's own page of an error."""
    return default_exceptions[status]().get_body().encode()


def fails_early(
    status: int, *logs: str, body: bytes | None = None, **others: Any
) -> dict[str, Any]:
    """Return the facts of an entry whose stream fails before its first byte."""
    body = page(status) if body is None else body
    length = ("content-length", str(len(body)))
    answer = {"status": status, "body": body, "logs": logs, "whole": True}
    answer["fields"] = tuple(sorted([length, *HTML, *others.pop("fields", ())]))
    return {"better": Better.ERROR_PAGE, "ours": {**answer, **others}}


def fails_late(*logs: str, **others: Any) -> dict[str, Any]:
    """Return the facts of an entry whose stream fails after its first byte."""
    return {"better": Better.CAUSE_LOGGED, "ours": {"logs": logs, **others}}


#: The notes of ``told`` where the failure is not the source's.
LEFT_EARLY = ("source starts", "source fails: GeneratorExit", "source closes")


def whole(body: bytes) -> dict[str, Any]:
    """Return the facts of an entry whose stream of buffers is whole on any server."""
    notes = ("source starts", "source closes")
    answer = {"status": 200, "fields": HTML, "body": body, "whole": True}
    return {"better": Better.BUFFERS, "ours": {**answer, "notes": notes, "logs": ()}}


def without_items(status: int, *fields: tuple[str, str]) -> dict[str, Any]:
    """Return the facts of an entry whose stream has nothing, on any server."""
    answer = {"status": status, "fields": (*fields, *HTML), "body": b"", "whole": True}
    return {"better": Better.NO_ITEMS, "ours": answer}


def cut_after(
    body: bytes,
    *logs: str,
    better: Better,
    fields: tuple[tuple[str, str], ...] = HTML,
    **others: Any,
) -> dict[str, Any]:
    """Return the facts of an entry whose client has this much, and sees a cut."""
    answer = {"status": 200, "fields": fields, "body": body, "whole": False}
    return {"better": better, "ours": {**answer, "logs": logs, **others}}
