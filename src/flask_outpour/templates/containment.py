"""The HTML of a block enters; the same, which stays in its template, leaves."""

from __future__ import annotations

from .html_tokens import BOUNDS
from .html_tokens import CELLS
from .html_tokens import end_tag_of
from .html_tokens import finished
from .html_tokens import IN_HTML
from .html_tokens import RAW
from .html_tokens import skip
from .html_tokens import TABLE_PARTS
from .html_tokens import Tag
from .html_tokens import tag_at
from .open_elements import HTML
from .open_elements import Level
from .open_elements import Node
from .open_elements import VOID

#: What is MathML in those, too.
_MATHEMATICAL = frozenset({"malignmark", "mglyph"})
#: Start tags that end SVG and MathML around them.
_BREAKOUTS = frozenset(
    {"b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl"}
    | {"dt", "em", "embed", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i"}
    | {"img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre", "ruby", "s"}
    | {"small", "span", "strike", "strong", "sub", "sup", "table", "tt", "u", "ul"}
    | {"var"}
)
#: Start tags that reach for what is around SVG and MathML.
_OUTREACHING = TABLE_PARTS | {"body", "frame", "frameset", "head", "html", "table"}
#: End tags that end what is in a cell.
_CLOSING = (TABLE_PARTS | {"table"}) - {"col", "colgroup"}
_OBJECTS = BOUNDS - {"select", "table"}
#: An end tag that every parser ignores. What it replaces leaves no trace, and the
#: characters around do not become a tag.
_NOTHING = "</head>"
#: A start tag that ends SVG and MathML, and that is ignored then.
_BACK_TO_HTML = "<head>"
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", 0: "\ufffd"}


def contain(markup: str) -> str:
    """Return HTML that means the same in ``<template>``, and does not get out of it.

    Between ``<template>`` and ``</template>`` a browser makes of it what it makes of
    the markup as the template's ``innerHTML``. Sound markup is returned as it is, the
    same object. In other markup, an end tag of a template that is not open becomes
    one that is ignored, and what is open at the end is closed as the end of a file
    closes it: a tag that is not finished is left out.

    Some comes out different. A script without an end, which no browser runs, is left
    out. ``<plaintext>``, which nothing ends, becomes ``<pre>``. ``<template>`` in the
    midst of SVG or MathML, which have none, is left out, but not its content. Where
    scripts that are switched off, or older parsers, read the text inside of an element
    as tags (``noscript``; ``style`` in ``select``), it stays if it ends at its end tag
    both ways, and is left out otherwise. And where end tags in SVG or MathML do not
    fit, so that only the whole page tells what they end, ``<head>`` ends all that
    before the next template or cell of a table, and if such an element with text inside
    does not end at its end tag both ways, all from there on is escaped.

    The source is the HTML standard, "Tokenization" and "Tree construction".
    """
    if skip(IN_HTML, markup) == len(markup):
        return markup
    # str(): slices of Markup are slow.
    reader = _Reader(str(markup), Level())
    return reader.repaired() if reader.read() else markup


class _Reader:
    """Reads markup as a browser does, and notes what must be changed in it."""

    def __init__(self, text: str, level: Level, *, is_content: bool = False) -> None:
        self._text = text
        #: Whether it is only to be known if something must be changed.
        self._is_content = is_content
        self._place = 0
        self._levels = [level]
        #: The place behind a tag that ends SVG and MathML for sure.
        self._html_at = -1
        #: From where to where is replaced, and by what.
        self._edits: list[tuple[int, int, str]] = []

    @property
    def _level(self) -> Level:
        return self._levels[-1]

    def read(self) -> bool:
        """Read to the end, and return whether something must be changed."""
        while self._place < len(self._text):
            self._place = self._level.skip(self._text, self._place)
            if tag := tag_at(self._text, self._place):
                self._place = tag.stop
                self._read_tag(tag)
            elif self._place < len(self._text):
                self._read_other()
        while len(self._levels) > 1:
            self._close_level(self._place)
            self._levels.pop()
            self._insert(self._place, "</template>")
        self._close_level(self._place)
        return bool(self._edits)

    def repaired(self) -> str:
        """Return the markup with the changes made."""
        pieces = []
        place = 0
        # Those of one place stay in their order.
        for start, stop, instead in sorted(self._edits, key=lambda edit: edit[0]):
            pieces += [self._text[place:start], instead]
            place = stop
        return "".join([*pieces, self._text[place:]])

    def _insert(self, place: int, what: str) -> None:
        self._edits.append((place, place, what))

    def _finish(self, start: int, instead: str) -> None:
        """Put something in the place of all that is left."""
        self._place = len(self._text)
        self._edits.append((start, self._place, instead))

    def _read_other(self) -> None:
        start, level = self._place, self._level
        is_section = self._text.startswith("<![CDATA[", start)
        if is_section and (level.is_foreign or level.is_lost):
            self._read_section()
        elif is_section and (end := self._text.find(">", start)) >= 0:
            self._place = end + 1
        else:
            self._finish(start, finished(self._text[start:]))

    def _read_section(self) -> None:
        start, text = self._place, self._text
        end = text.find("]]>", start + len("<![CDATA["))
        self._place = len(text) if end < 0 else end + len("]]>")
        if self._level.is_lost:
            # HTML has no such sections: some of it would be tags.
            content = text[start + len("<![CDATA[") : end if end >= 0 else None]
            instead = _NOTHING + content.translate(_ESCAPES)
            self._edits.append((start, self._place, instead))
        elif end < 0:
            self._insert(self._place, "]]>")

    def _read_tag(self, tag: Tag) -> None:
        if tag.is_end:
            self._read_end(tag)
        elif self._is_foreign_start(tag):
            self._read_foreign_start(tag)
        else:
            self._read_html_start(tag)

    def _read_end(self, tag: Tag) -> None:
        level = self._level
        if tag.name == "template":
            self._read_template_end(tag)
        elif level.foreign:
            self._read_end_in_foreign(tag)
        else:
            self._read_bound_end(tag)

    def _read_end_in_foreign(self, tag: Tag) -> None:
        level = self._level
        is_bound = any(bound.name == tag.name for bound in level.bounds)
        if is_bound and level.foreign[-1] == (HTML, tag.name):
            level.foreign.pop()
            level.close_bound()
        elif is_bound and not any(node.has_html for node in level.foreign):
            level.foreign.clear()
            self._read_bound_end(tag)
        else:
            level.close(tag.name)
            if level.is_lost:
                self._read_bound_end(tag)

    def _read_template_end(self, tag: Tag) -> None:
        level = self._level
        is_omitted = level.foreign and level.omitted
        if is_omitted or len(self._levels) == 1:
            level.omitted -= bool(is_omitted)
            self._leave_out(tag)
        else:
            self._close_level(tag.start)
            self._levels.pop()

    def _close_level(self, place: int) -> None:
        self._close_bounds(None, place)
        for cell in sorted(self._level.cells[-1]):
            self._insert(place, f"</{cell}>")

    def _leave_out(self, tag: Tag) -> None:
        """Leave out what was read, from a tag on."""
        self._edits.append((tag.start, self._place, _NOTHING))

    def _read_bound_end(self, tag: Tag) -> None:
        level = self._level
        level.is_select &= tag.name != "select"
        if tag.name in _CLOSING:
            self._close_bounds("table", tag.start)
        level.cells[-1].discard(tag.name)
        names = [bound.name for bound in level.bounds]
        # Where the reader is lost, the end tag of an object may be ignored.
        if tag.name in names and not (level.is_lost and tag.name in _OBJECTS):
            self._close_bounds(tag.name, tag.start)
            level.close_bound()

    def _close_bounds(self, outer: str | None, place: int) -> None:
        """Close what is open inside of a bound, or of a template, before a place."""
        level = self._level
        while level.bounds and level.bounds[-1].name != outer:
            bound = level.close_bound()
            is_hidden = level.is_lost or level.foreign
            if is_hidden and bound.name in _OBJECTS:
                self._edits.append((bound.start, bound.stop, _NOTHING))
            else:
                self._insert(place, f"</{bound.name}>")

    def _is_foreign_start(self, tag: Tag) -> bool:
        level = self._level
        if not level.is_foreign:
            return False
        if level.foreign[-1].has_html:
            return level.foreign[-1].kind == "math" and tag.name in _MATHEMATICAL
        if tag.name in _BREAKOUTS:
            level.break_out()
            return False
        return True

    def _read_foreign_start(self, tag: Tag) -> None:
        level = self._level
        if tag.name == "template":
            level.omitted += not tag.is_empty
            self._leave_out(tag)
        elif tag.name in CELLS:
            # Its end tag shall be that of no other element.
            level.lose()
            self._read_other_start(tag)
        elif tag.name == "annotation-xml" or (
            tag.name == "font" and tag.has_attributes
        ):
            # It depends on the attributes whether what follows is HTML.
            level.lose()
        elif not tag.is_empty:
            level.foreign.append(Node(level.foreign[-1].kind, tag.name))

    def _read_html_start(self, tag: Tag) -> None:
        level = self._level
        match tag.name:
            case name if name in RAW:
                self._read_raw(tag)
            case "plaintext":
                self._read_plaintext(tag)
            case "template":
                self._return_to_html(tag)
                self._levels.append(Level())
            case "svg" | "math" if level.is_select or level.is_columns:
                level.lose()
            case "svg" | "math":
                if not (tag.is_empty or level.is_lost):
                    level.foreign.append(Node(tag.name, tag.name))
            case "head":
                self._html_at = tag.stop
            case _:
                self._read_other_start(tag)

    def _read_other_start(self, tag: Tag) -> None:
        level = self._level
        level.is_select |= tag.name == "select"
        level.has_table |= tag.name in ("table", "colgroup")
        level.is_columns |= tag.name == "col" and not level.has_table
        if level.foreign and tag.name in _OUTREACHING:
            level.lose()
        elif level.foreign and tag.name not in VOID:
            level.foreign.append(Node(HTML, tag.name))
        if tag.name in TABLE_PARTS or tag.name == "table":
            self._close_bounds("table", tag.start)
        if tag.name in CELLS:
            self._return_to_html(tag)
            level.cells[-1].add(tag.name)
        if tag.name in BOUNDS:
            level.open_bound(tag)

    def _return_to_html(self, tag: Tag) -> None:
        """See to it that a start tag is one of HTML."""
        if self._level.is_lost and self._html_at != tag.start:
            self._insert(tag.start, _BACK_TO_HTML)

    def _read_raw(self, tag: Tag) -> None:
        level, text = self._level, self._text
        end = end_tag_of(tag, text)
        end_tag = None if end is None else tag_at(text, end)
        self._place = end_tag.stop if end_tag else len(text)
        if self._is_content and not end_tag:
            self._leave_out(tag)
            return
        is_unclear = tag.name == "noscript" or level.ignores(tag.name)
        if tag.name == "noscript" and level.foreign:
            level.lose()
        if (is_unclear or level.is_lost) and not self._is_sound(text[tag.stop : end]):
            if level.is_lost:
                # What is a comment to one reader must not come to life for another.
                self._finish(tag.start, text[tag.start :].translate(_ESCAPES))
            else:
                self._leave_out(tag)
        elif not end_tag and tag.name == "script":
            self._finish(tag.start, "")
        elif not end_tag:
            self._finish(len(text) if end is None else end, f"</{tag.name}>")

    def _is_sound(self, content: str) -> bool:
        """Whether a content can be text, and can be HTML, too."""
        level = self._level.without_elements()
        is_changed = _Reader(content, level, is_content=True).read() or level.foreign
        return not (is_changed or self._level.has_object) and (
            level.without_elements() == self._level.without_elements()
        )

    def _read_plaintext(self, tag: Tag) -> None:
        attributes = self._text[tag.start + len("<plaintext") : tag.stop]
        content = self._text[tag.stop :]
        # The first line end in it would be ignored.
        line_end = "\n" if content.startswith(("\n", "\r")) else ""
        text = content.translate(_ESCAPES)
        self._finish(tag.start, f"<pre{attributes}{line_end}{text}")
