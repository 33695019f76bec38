"""The tags of a template's content enter, one by one; what is open there leaves."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import NamedTuple

from .html_tokens import IN_BOUNDS
from .html_tokens import IN_DRAWING
from .html_tokens import IN_FOREIGN
from .html_tokens import IN_HTML
from .html_tokens import skip
from .html_tokens import Tag

#: The kind of the elements that are neither SVG nor MathML.
HTML = "html"
#: Elements that have HTML inside, though they are not HTML themselves.
_INTEGRATIONS = frozenset(
    [("svg", name) for name in ("desc", "foreignobject", "title")]
    + [("math", name) for name in ("mi", "mn", "mo", "ms", "mtext")]
)
#: Elements of HTML without content.
VOID = frozenset(
    {"area", "base", "basefont", "bgsound", "br", "col", "embed", "hr", "image"}
    | {"img", "input", "keygen", "link", "meta", "param", "source", "track", "wbr"}
)
#: End tags that are ignored in a template, if not of SVG or MathML.
_IGNORED_ENDS = (VOID - {"br"}) | {"body", "head", "html"}


class Node(NamedTuple):
    #: ``"html"``, ``"svg"`` or ``"math"``.
    kind: str
    name: str

    @property
    def has_html(self) -> bool:
        return self.kind == HTML or self in _INTEGRATIONS


@dataclass(slots=True)
class Level:
    """What is known of the content of one template, down to a place of it."""

    #: Whether it is unknown if an SVG or MathML element is open.
    is_lost: bool = False
    #: Whether older parsers ignore most tags here, since a select is open.
    is_select: bool = False
    #: Whether all parsers do, as behind a column that is in no table.
    is_columns: bool = False
    has_table: bool = False
    #: The SVG or MathML element that is open, and what is open inside.
    foreign: list[Node] = field(default_factory=list)
    #: Templates in there whose start tags were left out.
    omitted: int = 0
    #: The bounds that are open.
    bounds: list[Tag] = field(default_factory=list)
    #: The cells that may be open outside of these tables, and in each of them.
    cells: list[set[str]] = field(default_factory=lambda: [set()])

    @property
    def is_foreign(self) -> bool:
        return bool(self.foreign) and self.foreign[-1].kind != HTML

    @property
    def has_object(self) -> bool:
        """Whether something is open that the parts of a table must not end."""
        return bool(self.bounds) and self.bounds[-1].name != "table"

    def without_elements(self) -> Level:
        """Return what does not change with the elements that are open."""
        return Level(self.is_lost, self.is_select, self.is_columns)

    def skip(self, text: str, place: int) -> int:
        """Return the place of the next token that must be looked at."""
        if not self.foreign:
            is_bound = self.has_object or self.is_lost
            return skip(IN_BOUNDS if is_bound else IN_HTML, text, place)
        is_drawing = not self.foreign[-1].has_html
        return skip(IN_DRAWING if is_drawing else IN_FOREIGN, text, place)

    def ignores(self, name: str) -> bool:
        """Whether some parser ignores the start tag of an element with text inside."""
        in_select = self.is_select and name not in ("script", "textarea")
        return in_select or self.is_columns

    def lose(self) -> None:
        self.foreign.clear()
        self.is_lost = True

    def break_out(self) -> None:
        while self.foreign and not self.foreign[-1].has_html:
            self.foreign.pop()

    def open_bound(self, tag: Tag) -> None:
        self.bounds.append(tag)
        if tag.name == "table":
            self.cells.append(set())

    def close_bound(self) -> Tag:
        bound = self.bounds.pop()
        if bound.name == "table":
            # A parser that is between the cells of a table ignored this one.
            cells = self.cells.pop()
            self.cells[-1] |= cells
        return bound

    def close(self, name: str) -> None:
        """Take note of an end tag where an SVG or MathML element is open."""
        if name in ("br", "p"):
            self.break_out()
            if not self.foreign or self.is_foreign:
                return
        for index in reversed(range(len(self.foreign))):
            if self.foreign[index].name == name:
                del self.foreign[index:]
                return
            if self.foreign[index].kind == HTML:
                break
        if name not in _IGNORED_ENDS:
            # It may end something around all that.
            self.lose()
