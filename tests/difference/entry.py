"""A view enters, in a line or a few; an entry of the catalogue leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from flask import current_app
from flask import Flask
from flask import Response

from difference.better import Better
from difference.journal import Journal

ENTRIES: dict[str, Entry] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """A view, how it is asked, and what is better about it with the line."""

    name: str
    #: Sets up an application of the entry's own, and returns the view, if that is
    #: not routed already.
    build: Callable[[Flask], Callable[..., Any] | None]
    method: str = "GET"
    version: str = "1.1"
    query: str = ""
    #: Of the request.
    fields: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: Whether ``Outpour(app)`` comes after the rest: middleware is then inside.
    line_last: bool = False
    better: Better | None = None
    #: What an answer with the line has in place of plain Flask's; see ``Answer``.
    ours: Mapping[str, Any] = field(default_factory=dict)
    #: Whether the client leaves after the first bytes.
    leaves: bool = False
    #: Whether it may be too late for an error page, as its items begin with empty ones:
    #: by these some servers send their headers.
    opens: bool = False
    #: Whether a server may wait for ever for bytes that are missing.
    waits: bool = False
    #: Whether it harms servers under plain Flask; ``ours`` is then the whole answer.
    harms: bool = False


def _add(name: str, build: Callable[[Flask], Any], facts: dict[str, Any]) -> None:
    name = facts.pop("name", name).replace("_", "-")
    if name in ENTRIES:
        raise ValueError(f"The catalogue has {name} twice.")
    ENTRIES[name] = Entry(name, build, **facts)


def site(function: Callable[[Flask], Any] | None = None, **facts: Any) -> Any:
    """Add an application: the function sets it up, and returns the view at its root."""
    if function is None:
        return lambda function: site(function, **facts)
    _add(function.__name__, function, facts)
    return function


def view(function: Callable[[], Any] | None = None, **facts: Any) -> Any:
    """Add a view; more than one of these decorators ask it in more than one way."""
    if function is None:
        return lambda function: view(function, **facts)
    _add(function.__name__, lambda app: function, facts)
    return function


def stream(name: str, items: Callable[[], Iterable[Any]], **facts: Any) -> None:
    """Add a view that streams these items, bare.

    :param facts: of the entry; ``response`` has arguments of the response.
    """
    arguments = facts.pop("response", {})
    response_class = facts.pop("response_class", Response)

    def streamed() -> Response:
        return response_class(told(items()), **arguments)

    _add(name, lambda app: streamed, facts)


def told(items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items, and note how that begins and ends."""

    def generate() -> Iterator[Any]:
        note("source starts")
        try:
            yield from items
        except BaseException as error:
            note(f"source fails: {type(error).__name__}")
            raise
        finally:
            note("source closes")

    note = notes()
    return generate()


def notes() -> Journal:
    """Return the journal of the application whose view runs."""
    return current_app.extensions["journal"]
