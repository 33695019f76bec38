"""The tokens of a template enter; the same leave, with what Jinja buffers marked.

Jinja renders the body of a macro, a call, a filter block, a block ``set``, a recursive
loop, and of most tags of other extensions, into one string. What is to be sent while it
renders cannot stand in there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from jinja2.lexer import Token
from jinja2.lexer import TokenStream

#: The variable of a template by which its tags find the page that is being streamed.
PAGE = "_outpour_page"
#: Begins a word that only this module can put into a tag: whether the place escapes.
ESCAPING = " autoescape "

_BUFFERING = {"call", "filter", "macro", "set"}
#: An included template has the variables at its place, and may have tags of ours.
_NEED_PAGE = {"defer", "include"}
#: What stands before a last word that is a variable, not the keyword ``recursive``.
_BEFORE_A_VALUE = {"and", "if", "in", "is", "not", "or"}
_EFFECTS = {
    "defer": "is rendered at its place, and the page waits for it",
    "flush": "sends nothing",
}


def mark_buffers(stream: TokenStream, extensions: AbstractSet[str]) -> Iterable[Token]:
    """Take the page from the tags that stand where Jinja buffers, and warn of ours.

    The warnings name the file and the line.

    :param extensions: the tags of other extensions.
    """
    tokens = list(stream)
    words = {token.value for token in tokens if token.type == "name"}
    if words.isdisjoint(_NEED_PAGE | {"flush"}):
        return tokens
    file = stream.filename or stream.name or "<template>"
    return _marked(tokens, _Nesting(words, extensions), file)


class _Nesting:
    """The tags that are open at a place of a template.

    :param words: all names in the template, those of the tags among them.
    :param extensions: the tags of other extensions.
    """

    def __init__(self, words: set[str], extensions: AbstractSet[str]) -> None:
        self._words = words
        self._extensions = extensions
        self._open: list[tuple[list[Token], bool]] = []

    @property
    def buffering(self) -> str | None:
        """The innermost tag that buffers what stands here."""
        around = (tag[0].value for tag, buffers in reversed(self._open) if buffers)
        return next(around, None)

    @property
    def escaping(self) -> str | None:
        """What the innermost ``{% autoescape %}`` says, if there is one."""
        for tag, _ in reversed(self._open):
            if tag[0].value == "autoescape":
                said = str(tag[1].value) if len(tag) == 2 else ""
                return said if said in ("true", "false") else "computed"
        return None

    def follow(self, tag: list[Token]) -> None:
        """Go past one tag.

        :param tag: its tokens, from the name to the last before its end.
        """
        name = tag[0].value
        if self._open and name == f"end{self._open[-1][0][0].value}":
            self._open.pop()
        elif f"end{name}" in self._words and not _is_assignment(tag):
            self._open.append((tag, self._buffers(name, tag)))

    def _buffers(self, name: str, tag: list[Token]) -> bool:
        if name == "for":
            recursive = tag[-1].value == "recursive"
            return recursive and tag[-2].value not in _BEFORE_A_VALUE
        return name in _BUFFERING or name in self._extensions


def _is_assignment(tag: list[Token]) -> bool:
    return tag[0].value == "set" and any(token.type == "assign" for token in tag)


def _marked(tokens: list[Token], nesting: _Nesting, file: str) -> Iterator[Token]:
    for index, token in enumerate(tokens):
        if token.type == "block_begin":
            tag = _tag_at(index + 1, tokens)
            name, buffering = tag[0].value, nesting.buffering
            nesting.follow(tag)
            if buffering is not None:
                if name in _EFFECTS:
                    _warn(name, buffering, tag[0].lineno, file)
                if name in _NEED_PAGE:
                    yield from _without_page(token.lineno)
        yield token
        is_defer = token.value == "defer" and tokens[index - 1].type == "block_begin"
        if is_defer and (escaping := nesting.escaping) is not None:
            yield Token(token.lineno, "name", f"{ESCAPING}{escaping}")


def _tag_at(index: int, tokens: list[Token]) -> list[Token]:
    end = index
    while end < len(tokens) and tokens[end].type != "block_end":
        end += 1
    return tokens[index : end or None] or tokens[index : index + 1]


def _without_page(line: int) -> Iterator[Token]:
    """Yield ``{% set _outpour_page = none %}``."""
    yield Token(line, "block_begin", "{%")
    yield Token(line, "name", "set")
    yield Token(line, "name", PAGE)
    yield Token(line, "assign", "=")
    yield Token(line, "name", "none")
    yield Token(line, "block_end", "%}")


def _warn(tag: str, buffering: str, line: int, file: str) -> None:
    warnings.warn_explicit(
        f"{{% {tag} %}} {_EFFECTS[tag]}: it stands inside {{% {buffering} %}}, whose"
        " text Jinja gives out only when it has all of it. Move it out of there.",
        UserWarning,
        file,
        line,
    )
