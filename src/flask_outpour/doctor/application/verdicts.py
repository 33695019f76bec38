"""What a layer was found to do enters; a finding with its cure leaves."""

from __future__ import annotations

from dataclasses import dataclass

from ..findings import Finding
from ..findings import Kind
from ..findings import Place
from .culprits import cure_for
from .culprits import WHY
from .layers import Layer


@dataclass(slots=True)
class Blame:
    """What one layer was found to do."""

    seen: str
    #: The codings of the bodies that it did it to, "" for one in none.
    codings: list[str]


def finding_of(kind: Kind, layer: Layer, blame: Blame) -> Finding:
    """Return what was found of a layer."""
    cure = cure_for(kind, layer.place, layer.target, coded=all(blame.codings))
    others = [coding for coding in dict.fromkeys(blame.codings[1:]) if coding]
    return Finding(
        kind=kind,
        culprit=layer.place.name,
        seen=blame.seen + (f" So it is in {listed(others)}." if others else ""),
        why=WHY[kind],
        cure=cure.text,
        lines=dict(cure.lines),
        where=layer.place.where,
    )


def of_cached_view(endpoint: str, place: Place) -> Finding:
    """Return what was found of a view that seems to stream into a cache."""
    return Finding(
        kind="caches",
        culprit=place.name,
        seen=f"The view of {endpoint!r} looks as if it streams, and Flask-Caching"
        " caches it.",
        why=WHY["caches"],
        cure="Take the cache off this view, and cache what it reads instead; or keep"
        " responses that stream out of it with response_filter=lambda response: not"
        " response.is_streamed.",
        where=place.where,
    )


def listed(names: list[str]) -> str:
    """Return names as a sentence has them."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
