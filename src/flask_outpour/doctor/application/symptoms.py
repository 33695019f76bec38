"""How a probe came through enters; what is wrong with that leaves."""

from __future__ import annotations

from collections.abc import Iterator

from ...decode import looks_coded
from ..findings import Kind
from ..findings import Moment
from .drive import Passage


def symptoms(passage: Passage) -> dict[Kind, str]:
    """Return what is wrong, each with a sentence that says what was seen."""
    if not passage.sound:
        return {}
    found: dict[Kind, str] = {}
    trial = passage.log.trial
    if trial.fails_after is not None:
        return dict(_swallowing(passage))
    if passage.error is None and trial.judges_close:
        found.update(_lost_close(passage))
    if trial.leaves_after is None and passage.error is None:
        found.update(_length(passage))
        found.update(_double(passage))
        if not trial.declares and not passage.unreadable:
            found.update(_holding(passage))
    return found


def moments(passage: Passage) -> list[Moment]:
    """Return the time line of the items, from when the first one left."""
    log = passage.log
    zero = log.when("left", 1) or 0.0
    return [
        Moment(number, left - zero, None if arrived is None else arrived - zero)
        for number in range(1, log.trial.items + 1)
        if (left := log.when("left", number)) is not None
        for arrived in [log.when("arrived", number)]
    ]


def _holding(passage: Passage) -> Iterator[tuple[Kind, str]]:
    log, items = passage.log, passage.log.trial.items
    left = [log.index("left", number) for number in range(1, items + 1)]
    arrived = [log.index("arrived", number) for number in range(1, items + 1)]
    if None in left or None in arrived:
        return
    last: int = left[-1]  # type: ignore[assignment]
    line = moments(passage)
    if all(place > last for place in arrived):  # type: ignore[operator]
        pieces = len(passage.pieces)
        how = "in one piece" if pieces == 1 else f"in {pieces} pieces"
        yield (
            "joins",
            f"{items} items left within {line[-1].left:.2f} s, and all arrived {how}"
            " when the last had left.",
        )
        return
    # An item alone at the end may wait for the end: it is what closes the page.
    late = [n for n in range(items - 1) if arrived[n] > left[n + 1]]  # type: ignore[operator]
    if late:
        worst = max(late, key=lambda n: line[n].arrived - line[n].left)  # type: ignore[operator]
        with_ = sum(place < arrived[worst] for place in left)  # type: ignore[operator]
        yield (
            "holds-back",
            f"Item {worst + 1} of {items} left at {line[worst].left:.2f} s and arrived"
            f" at {line[worst].arrived:.2f} s, when item {with_} had left.",
        )


def _length(passage: Passage) -> Iterator[tuple[Kind, str]]:
    trial = passage.log.trial
    if passage.coding:
        return
    content = b"".join(trial.content())
    size, announced = passage.size, passage.length
    if announced is not None and announced != str(size):
        seen = f"Content-Length says {announced} bytes, and {size} arrived."
    elif trial.declares and announced is None:
        seen = f"The view set a Content-Length of {len(content)}, and none arrived."
    elif trial.mimetype != "text/html" and passage.text != content:
        seen = f"{len(content)} bytes left the view, and {size} arrived" + (
            "." if size != len(content) else ", not the same ones."
        )
    else:
        return
    yield "changes-length", seen


def _swallowing(passage: Passage) -> Iterator[tuple[Kind, str]]:
    log = passage.log
    if log.has("failed") and passage.error is None:
        yield (
            "swallows-error",
            f"The view failed after {log.trial.fails_after} items, and the response"
            " ended as if it were whole.",
        )


def _lost_close(passage: Passage) -> Iterator[tuple[Kind, str]]:
    log = passage.log
    leaves = log.trial.leaves_after
    when = "The response was read to its end"
    if leaves is not None:
        when = f"The client left after {leaves} items"
    if not log.has("response"):
        yield "loses-close", f"{when}, and Flask's response was never closed."
    elif not log.has("ended"):
        yield "loses-close", f"{when}, and what the view streams was never closed."


def _double(passage: Passage) -> Iterator[tuple[Kind, str]]:
    coding = passage.coding
    inner = looks_coded(passage.text) if coding else None
    if "," in coding or inner:
        both = coding if "," in coding else f"{coding}, and {inner} within"
        yield "double-compression", f"The body came in two codings: {both}."
