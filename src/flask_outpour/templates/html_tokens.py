"""A text and a place in it enter; what HTML has there, and where that ends, leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import ascii_lowercase
from string import ascii_uppercase
from typing import NamedTuple

#: Elements whose content is text, whatever it looks like, to the end tag.
RAW = frozenset(
    {"iframe", "noembed", "noframes", "noscript", "script", "style", "textarea"}
    | {"title", "xmp"}
)
#: Elements that formatting elements in them do not get out of, nor in from before,
#: but only if there is an end tag, which must not be inside of another of these.
BOUNDS = frozenset({"applet", "marquee", "object", "select", "table"})
#: Start tags that mean something in tables alone. They end what is in a cell.
TABLE_PARTS = frozenset(
    {"caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"}
)
CELLS = frozenset({"caption", "td", "th"})
#: The other tags of HTML that change how the rest is read.
_MARKED = frozenset({"head", "math", "plaintext", "svg", "template"})

_SPACE = r"\t\n\f\r "
_NAME = rf"[a-z][^{_SPACE}/>]*+"
_VALUE = rf"""(?:"[^"]*+"|'[^']*+'|(?=>)|[^{_SPACE}>"'][^{_SPACE}>]*+)"""
_EQUALS = rf"[{_SPACE}]*+="
_ATTRIBUTE = (
    rf"[^{_SPACE}/>][^{_SPACE}/>=]*+(?:(?!{_EQUALS})|{_EQUALS}[{_SPACE}]*+{_VALUE})"
)
_BETWEEN = rf"[{_SPACE}/]++"
_ATTRIBUTES = rf"(?:{_BETWEEN}|{_ATTRIBUTE})*+"
_LAST = rf"(?=[{_SPACE}/>])"

_COMMENT = r"<!--(?:-?+>|(?:[^-]++|-(?!-!?+>))*+--!?+>)"
# What has ended and changes nothing, markers among it.
_QUIET = rf"<(?![a-z/!?])|{_COMMENT}|<(?:!(?!--|\[CDATA\[)|\?|/(?![a-z]))[^>]*+>"
# What SVG consists of mostly, and has nothing inside.
_SHAPE = (
    "<(?:circle|ellipse|line|path|polygon|polyline|rect|stop|use)"
    rf"""(?:[{_SPACE}]++[a-z:-]++="[^"]*+")*+[{_SPACE}]*+/>"""
)
_FLAGS = re.ASCII | re.IGNORECASE
_LOWER = str.maketrans(ascii_uppercase + "\0", ascii_lowercase + "\ufffd")


def _text_and(*others: str) -> str:
    return rf"[^<]*+(?:(?:{'|'.join(others)})[^<]*+)*+"


def _no_name_of(names: Iterable[str]) -> str:
    """Return what a name begins with that is none of these."""
    # Most differ in the first two letters: that is seen soon.
    seconds: dict[str, str] = {}
    for name in sorted(names):
        seconds[name[0]] = seconds.get(name[0], "") + name[1]
    others = "".join(sorted(set(ascii_lowercase) - set(seconds)))
    differing = "|".join(f"{first}(?![{found}])" for first, found in seconds.items())
    return rf"(?:[{others}]|{differing}|(?!(?:{'|'.join(sorted(names))}){_LAST})[a-z])"


_QUIET_TAG = (
    rf"</?+{_no_name_of(RAW | BOUNDS | TABLE_PARTS | _MARKED)}"
    rf"[^{_SPACE}/>]*+{_ATTRIBUTES}>"
)
_CELLS = "|".join(
    f"<{cell}{_LAST}{_ATTRIBUTES}>{_text_and(_QUIET_TAG, _QUIET)}</{cell}>"
    for cell in ("td", "th")
)
_GAP = rf"[{_SPACE}]*+(?:{_COMMENT}[{_SPACE}]*+)*+"
# A row and its cells, if all have ended.
_QUIET_ROW = f"<tr{_LAST}{_ATTRIBUTES}>{_GAP}(?:(?:{_CELLS}){_GAP})*+</tr>"

#: What can be skipped: in HTML, where parts of tables may end what is open, in SVG and
#: MathML, and there but not in HTML inside.
IN_HTML = re.compile(_text_and(_QUIET_TAG, _QUIET_ROW, _QUIET), _FLAGS)
IN_BOUNDS = re.compile(_text_and(_QUIET_TAG, _QUIET), _FLAGS)
IN_FOREIGN = re.compile(_text_and(_QUIET), _FLAGS)
IN_DRAWING = re.compile(_text_and(_SHAPE, _QUIET), _FLAGS)

_TAG = re.compile(rf"<(/?+)({_NAME})({_ATTRIBUTES})>", _FLAGS)
# No group is captured in a repetition: Python 3.11 mistakes where such a one ends.
_PARTS = re.compile(rf"{_BETWEEN}|{_ATTRIBUTE}", _FLAGS)
_RAW_ENDS = {name: re.compile(f"</{name}{_LAST}", _FLAGS) for name in RAW}
# In a script, a comment with a script inside hides the first end tag.
_SCRIPT_STARTS = re.compile(f"<!--|</script{_LAST}", _FLAGS)
_SCRIPT_ESCAPES = re.compile(f"-->|</?+script{_LAST}", _FLAGS)
_PENDING_DASHES = re.compile(r"(?:--!|--?)\Z")


class Tag(NamedTuple):
    """A tag that has ended."""

    name: str
    start: int
    stop: int
    is_end: bool
    has_attributes: bool
    #: Whether it ends in ``/>``.
    is_empty: bool


def skip(what: re.Pattern[str], text: str, place: int = 0) -> int:
    """Return the place behind what can be skipped."""
    match = what.match(text, place)
    assert match is not None
    return match.end()


def tag_at(text: str, place: int) -> Tag | None:
    """Return the tag that begins at a place, if one does, and ends."""
    match = _TAG.match(text, place)
    if match is None:
        return None
    slash, name, attributes = match.groups()
    is_empty = False
    if attributes.endswith("/"):
        *_, last = _PARTS.finditer(text, match.start(3), match.end())
        # Without a space or another slash, it may be part of a value.
        is_empty = last[0][0] in "\t\n\f\r /"
    return Tag(
        name.translate(_LOWER), *match.span(), bool(slash), bool(attributes), is_empty
    )


def end_tag_of(tag: Tag, text: str) -> int | None:
    """Return the place of the end tag of an element with text inside."""
    if tag.name == "script":
        return _script_end(text, tag.stop)
    end = _RAW_ENDS[tag.name].search(text, tag.stop)
    return end.start() if end else None


def _script_end(text: str, place: int) -> int | None:
    while match := _SCRIPT_STARTS.search(text, place):
        if match[0] != "<!--":
            return match.start()
        is_hidden = False
        # The dashes that begin the comment may end it, too.
        for escape in _SCRIPT_ESCAPES.finditer(text, match.start() + 2):
            if escape[0] == "-->":
                place = escape.end()
                break
            is_end = escape[0][1] == "/"
            if is_end and not is_hidden:
                return escape.start()
            is_hidden = not is_end
        else:
            return None
    return None


def finished(rest: str) -> str:
    """Return what the end of a file makes of an unfinished token, finished.

    :param rest: from the beginning of the token to the end of the text.
    """
    if rest.startswith("<!--"):
        dashes = _PENDING_DASHES.search(rest, 4)
        return rest[: dashes.start() if dashes else None] + "-->"
    if rest == "</":
        return "&lt;/"
    # A marker that has not ended is none.
    is_left_out = rest[1] == "?" or rest[1].isalpha() or rest[2:3].isalpha()
    return "" if is_left_out and rest[1] != "!" else f"{rest}>"
