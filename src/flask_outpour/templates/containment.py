"""The markup of a block enters; the same leaves, so that nothing of it gets out.

The rules are those of the HTML standard's tokenizer
(https://html.spec.whatwg.org/multipage/parsing.html#tokenization).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from markupsafe import escape

_SPACE = r"\t\n\f\r "
_VALUE = rf"\"[^\"]*+\"|'[^']*+'|[^{_SPACE}\"'>][^{_SPACE}>]*+|(?=>)"
_ATTRIBUTE = (
    rf"[^{_SPACE}/>][^{_SPACE}/>=]*+"
    rf"(?:[{_SPACE}]*+=[{_SPACE}]*+(?:{_VALUE})|(?![{_SPACE}]*+=))"
)
_NAME = rf"[a-z][^{_SPACE}/>]*+"
_REST = rf"(?:[{_SPACE}/]++|{_ATTRIBUTE})*+>"

#: Elements whose content is text up to their end tags, whatever it looks like.
_RAW = (
    *("iframe", "noembed", "noframes", "noscript", "style", "textarea", "title"),
    "xmp",
)
#: Elements inside which other rules hold: there the elements above may be like others,
#: and ``<![CDATA[`` begins a text.
_FOREIGN = ("math", "select", "svg")
#: Elements of these inside which the usual rules may hold again.
_INTEGRATING = {
    *("annotation-xml", "desc", "foreignobject", "mi", "mn", "mo", "ms", "mtext"),
    *("template", "title"),
}
#: Start tags that end SVG and MathML, where they stand directly in them.
_LEAVING = {
    *("b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl"),
    *("dt", "em", "embed", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i"),
    *("img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre", "ruby", "s"),
    *("small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul"),
    "var",
}
_SPECIAL = (*_RAW, *_FOREIGN, "plaintext", "script", "template")
#: Tags on which depends what a parser does with those of columns.
_TABULAR = ("col", "colgroup", "table")

_FLAGS = re.IGNORECASE | re.ASCII


def _text_and_tags_but(*names: str, no_tag: str) -> re.Pattern[str]:
    special = rf"</?+(?:{'|'.join(names)})[{_SPACE}/>]"
    tag = rf"</?+{_NAME}{_REST}"
    # No group in it: re fails with one in a possessive repeat.
    return re.compile(rf"(?:[^<]++|<(?={no_tag})|(?!{special}){tag})*+", _FLAGS)


#: What is most blocks: text and whole tags, of which none is special.
_HARMLESS = _text_and_tags_but(*_SPECIAL, no_tag="[^a-z/!?]")
#: What can be passed over in others.
_PLAIN = _text_and_tags_but(*_SPECIAL, *_TABULAR, no_tag="[^a-z/!?<]")
_WHOLE_TAG = re.compile(rf"</?+({_NAME}){_REST}", _FLAGS)
_PART_OF_TAG = re.compile(rf"[{_SPACE}/]++|{_ATTRIBUTE}", _FLAGS)
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)
#: The end of a comment, not complete, is no part of it.
_BEGUN_END = re.compile(r"(?:--!|--?)\Z")
_ENDED_SOON = re.compile("-?>")
_BOGUS = re.compile("<(?:[!?]|/[^a-z>])[^>]*>|</>", _FLAGS)
_CDATA = "<![CDATA["
_PARTS_OF_SCRIPTS = re.compile(rf"<!--|-->|</?script(?=[{_SPACE}/>])", _FLAGS)
_ENDS = {name: re.compile(rf"</{name}(?=[{_SPACE}/>])", _FLAGS) for name in _RAW}
_TEXT_ONLY = re.compile("[^<]*</([a-z]+)>", _FLAGS)
#: Raw text that is read as markup may have raw text again. So deep, it is escaped.
_DEEPEST = 3


def contain(markup: str) -> str:
    """Return markup that stays inside a ``<template>`` that it is written into.

    Sound markup is returned as it is. Of the other,

    - an end tag ``</template>`` without a start is left out, as a parser does in a
      document without templates;
    - what is open at the end is closed: comments, templates, elements with raw text;
      an unfinished tag, and a script without an end, which must not run, are left out;
    - ``<plaintext>``, which nothing ends, becomes ``<pre>``;
    - inside SVG, MathML and ``<select>``, where a parser's rules depend on the elements
      around, a CDATA section becomes text, templates are left out, and from raw text on
      that could be read in two ways all is escaped, so that nothing that one of them
      takes for a comment comes to life.

    :param markup: as a template has rendered it.
    """
    if _HARMLESS.fullmatch(markup):
        return markup
    contained = _Container(markup, 0).mended()
    return markup if contained == markup else contained


class _Container:
    """Go through markup, one token after the other.

    :param depth: of how many raw texts it is part.
    """

    def __init__(self, markup: str, depth: int) -> None:
        self._markup = markup
        self._depth = depth
        self._at = 0
        self._templates = 0
        #: The elements that are open, from the outermost with other rules on, and
        #: whether it is certain that they are.
        self._foreign: list[str] = []
        self._counts: Counter[str] = Counter()
        self._certain = True
        #: Whether a parser may ignore all tags but those of templates and columns,
        #: and for each open template whether it has a table, whose columns are usual.
        self._columns = False
        self._tables = [False]

    def mended(self) -> str:
        """Return the markup as it can stay."""
        return "".join(self._parts())

    def _parts(self) -> Iterator[str]:
        markup = self._markup
        while self._at < len(markup):
            if self._foreign:
                start = markup.find("<", self._at)
                end = start if start >= 0 else len(markup)
            else:
                plain = _PLAIN.match(markup, self._at)
                end = plain.end() if plain else self._at
            yield self._take(end - self._at)
            if end < len(markup):
                yield self._token()
        yield "</template>" * self._templates

    def _token(self) -> str:
        """Return what becomes of the token that begins here, and go past it."""
        following = self._markup[self._at + 1 : self._at + 3]
        letter = following.removeprefix("/")[:1]
        if letter.isascii() and letter.isalpha():
            return self._tag()
        if following[:1] in ("!", "?") or (letter and following[0] == "/"):
            return self._comment()
        if following == "/":
            return self._take(2, "&lt;/")
        # A token behind it may be left out, and it must not begin one with the next.
        return self._take(1, "&lt;") if following[:1] in ("", "<") else self._take(1)

    def _take(self, length: int, instead: str | None = None) -> str:
        start, self._at = self._at, self._at + length
        return self._markup[start : self._at] if instead is None else instead

    def _take_rest(self, instead: str) -> str:
        return self._take(len(self._markup) - self._at, instead)

    def _comment(self) -> str:
        markup, start = self._markup, self._at
        if self._foreign and markup.startswith(_CDATA, start):
            end = markup.find("]]>", start)
            text = markup[start + len(_CDATA) : end if end >= 0 else None]
            after = end + 3 if end >= 0 else len(markup)
            return self._take(after - start, str(escape(text)))
        is_comment = markup.startswith("<!--", start)
        comment = (_COMMENT if is_comment else _BOGUS).match(markup, start)
        if comment is not None:
            return self._take(comment.end() - start)
        rest = markup[start:]
        if is_comment:
            return self._take_rest(f"<!--{_BEGUN_END.sub('', rest[4:])}-->")
        return self._take_rest(f"{rest}>")

    def _tag(self) -> str:
        tag = _WHOLE_TAG.match(self._markup, self._at)
        if tag is None:
            # It ends with the markup: a parser leaves it out.
            return self._take_rest("")
        name = tag[1].lower()
        text = self._take(len(tag[0]))
        if text.startswith("</"):
            return self._end_tag(name, text)
        if name == "template":
            return self._start_of_template(text)
        if self._note(name, not _closes_itself(text, len(name) + 1)):
            return text
        if name == "script":
            return self._raw(text, name, _end_of_script(self._markup, self._at))
        if name == "plaintext":
            rest = self._markup[self._at :]
            return self._take_rest(f"<pre>{escape(rest)}</pre>")
        if name in _RAW:
            return self._raw(text, name, _end_of_raw(self._markup, name, self._at))
        return text

    @property
    def _is_surely_foreign(self) -> bool:
        return bool(self._foreign) and self._certain and not self._counts["select"]

    def _note(self, name: str, is_open: bool) -> bool:
        """Follow a start tag, and return whether it is surely one of SVG or MathML."""
        if name in ("table", "colgroup"):
            self._tables[-1] = True
        elif name == "col" and not self._tables[-1]:
            self._columns = True
        if self._is_surely_foreign and name in _LEAVING:
            self._foreign.clear()
            self._counts.clear()
        if self._foreign and (name in _INTEGRATING or name == "font") and is_open:
            following = _TEXT_ONLY.match(self._markup, self._at)
            if following is None or following[1].lower() != name:
                self._certain = False
        is_foreign = self._is_surely_foreign
        if is_open and (is_foreign or name in _FOREIGN):
            self._foreign.append(name)
            self._counts[name] += 1
        return is_foreign

    def _start_of_template(self, text: str) -> str:
        if self._foreign:
            self._certain = False
            return ""
        self._templates += 1
        self._tables.append(False)
        return text

    def _end_tag(self, name: str, text: str) -> str:
        if name == "template":
            if not self._templates or self._foreign:
                return ""
            self._templates -= 1
            self._tables.pop()
        elif self._certain and self._counts[name]:
            self._leave(name)
        elif self._is_surely_foreign:
            # It may end an element around.
            self._certain = False
        return text

    def _leave(self, name: str) -> None:
        ended = ""
        while ended != name:
            ended = self._foreign.pop()
            self._counts[ended] -= 1

    def _raw(self, text: str, name: str, end: int | None) -> str:
        """Return an element with its raw text, but for an end tag that it has.

        The text is to be sound for those, too, who read it as markup.
        """
        if end is None and name == "script":
            return self._take_rest("")
        content = self._markup[self._at : end]
        if self._foreign or self._columns or name == "noscript":
            contained = self._as_markup(content)
            if (self._foreign or self._columns) and contained != content:
                rest = self._markup[self._at :]
                return self._take_rest(str(escape(f"{text}{rest}")))
            # Where scripts are forbidden, its text is markup.
            if name in _ENDS and _ENDS[name].search(contained):
                contained = str(escape(content))
            text = f"{text}{contained}"
        else:
            text = f"{text}{content}"
        if end is None:
            return self._take_rest(f"{text}</{name}>")
        return self._take(end - self._at, text)

    def _as_markup(self, content: str) -> str:
        """Return raw text so that it leaves things as they were for who reads it so."""
        if _HARMLESS.fullmatch(content):
            return content
        if self._depth == _DEEPEST or _CDATA in content:
            return str(escape(content))
        container = _Container(content, self._depth + 1)
        contained = container.mended()
        if container._foreign or container._columns:
            return str(escape(content))
        return contained


def _closes_itself(tag: str, at: int) -> bool:
    """Whether a start tag ends with a slash that is no part of a value."""
    if not tag.endswith("/>"):
        return False
    *_, last = _PART_OF_TAG.finditer(tag, at, len(tag) - 1)
    return last[0].endswith("/") and not last[0].strip("\t\n\f\r /")


def _end_of_raw(markup: str, name: str, at: int) -> int | None:
    """Return where the end tag is that ends a raw text, if it has one."""
    end = _ENDS[name].search(markup, at)
    whole = end and _WHOLE_TAG.match(markup, end.start())
    return whole.start() if whole else None


def _end_of_script(markup: str, at: int) -> int | None:
    """Return where the end tag of a script is, if it has one.

    A script may have a comment that has a script with its end tag: the states "script
    data escaped" and "script data double escaped".
    """
    escaped = doubly = False
    for part in _PARTS_OF_SCRIPTS.finditer(markup, at):
        match part[0].lower():
            case "<!--":
                escaped = escaped or not _ENDED_SOON.match(markup, part.end())
            case "-->":
                escaped = doubly = False
            case "<script":
                doubly = doubly or escaped
            case "</script" if doubly:
                doubly = False
            case _:
                whole = _WHOLE_TAG.match(markup, part.start())
                return part.start() if whole else None
    return None
