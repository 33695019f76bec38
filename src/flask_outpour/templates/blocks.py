"""What a template has between ``defer`` and ``enddefer`` enters; its text leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass
from dataclasses import field
from time import monotonic
from typing import NamedTuple

from flask import current_app
from jinja2 import TemplateRuntimeError
from jinja2.runtime import Context

from .buffers import PAGE
from .pool import Place
from .values import not_called

#: Gives a block contexts of its own, for as many seconds as it has, if limited.
Scope = Callable[[float | None], AbstractContextManager[None]]


class Tag(NamedTuple):
    """What is known of a block when its template is compiled."""

    #: The line of the template that ``defer`` is in.
    line: int
    name: str | None
    #: The names of the functions that the parts have become.
    body: str
    fallback: str | None
    onerror: str | None


@dataclass(eq=False, slots=True)
class Block:
    """One block of one page.

    :param values: as they are at its place.
    :param timeout: the most seconds that the page waits for it, if limited.
    :raises jinja2.TemplateRuntimeError: for a timeout that is none.
    """

    tag: Tag
    values: Context
    timeout: float | None = None
    #: What tells it from others on its page.
    name: str = ""
    #: What is shown in the meantime.
    fallback: str = ""
    #: When the page gives it up, by ``time.monotonic``.
    deadline: float | None = None
    place: Place | None = None
    #: What became of it, with the blocks inside; ``None`` until its page has that.
    content: list[str | Block] | None = None
    _inner: list[Block] = field(default_factory=list)
    _begun: bool = False
    _dropped: bool = False

    def __post_init__(self) -> None:
        if self.timeout is not None and not is_timeout(self.timeout):
            raise TemplateRuntimeError(f"{self.where}: {timeout_refusal(self.timeout)}")

    @property
    def where(self) -> str:
        """The template and the line."""
        return f"{self.values.name or '<template>'}, line {self.tag.line}"

    def part(
        self, function: str | None, values: Context | None = None
    ) -> Iterator[str | Block]:
        """Render one of the parts, piece by piece.

        :raises Exception: what the part raised, with the template's own lines in the
            traceback.
        """
        if function is None:
            return
        try:
            yield from self.values.blocks[function][0](values or self.values)
        except Exception:
            self.values.environment.handle_exception()

    def text(self, function: str | None) -> str:
        """Render a part whole, the blocks inside it at their places."""
        values = self.values.derived({PAGE: None})
        values.eval_ctx = copy(values.eval_ctx)
        return "".join(self.part(function, values))  # type: ignore[arg-type]

    def at_place(self) -> str:
        """Render the block where it stands, while its page waits."""
        try:
            return self.text(self.tag.body)
        except Exception as error:
            return self.instead("failed", error)

    def rendered(self) -> list[str | Block]:
        """Render the body, as far as somebody waits for it.

        :raises Exception: what the body raised.
        """
        self._begun = True
        pieces = self.part(self.tag.body)
        content: list[str | Block] = []
        try:
            for piece in pieces:
                content.append(piece)
                if type(piece) is Block:
                    self._inner.append(piece)
                if self._dropped:
                    self.drop()
                    break
        except BaseException:
            self.drop()
            raise
        finally:
            pieces.close()  # type: ignore[attr-defined]
        return content

    def instead(self, what: str, error: BaseException | None = None) -> str:
        """Log what became of the block, and return the part that is shown instead.

        Nothing of the exception is in it.
        """
        with not_called():
            log().error(
                "The deferred block at %s %s.", self.where, what, exc_info=error
            )
        try:
            return self.text(self.tag.onerror)
        except Exception as another:
            with not_called():
                log().error(
                    "The {%% onerror %%} part of the block at %s failed, too.",
                    self.where,
                    exc_info=another,
                )
            return ""

    def timed_out(self) -> str:
        """Give the block up, log that, and return what is shown instead."""
        self.drop()
        reason = f"took over {self.timeout:g} seconds"
        if not self._begun:
            reason += ", all of them in wait for a thread (OUTPOUR_DEFER_WORKERS)"
        return self.instead(reason)

    def nonce(self) -> str | None:
        """Return the page's nonce of its Content-Security-Policy, if it has one."""
        nonce = self.values.get("csp_nonce")
        nonce = nonce() if callable(nonce) else nonce
        return str(nonce) if nonce else None

    def drop(self) -> None:
        """Wait for it no more: it stops at its next piece, and so do those inside."""
        self._dropped = True
        if self.place is not None:
            self.place.abandon()
        for block in [*self._inner]:
            block.drop()

    @property
    def is_overdue(self) -> bool:
        """Whether the page has waited for as long as it may."""
        return self.deadline is not None and monotonic() >= self.deadline


def log() -> logging.Logger:
    """Return where the application logs."""
    return current_app.logger if current_app else logging.getLogger("flask_outpour")


def is_timeout(seconds: object) -> bool:
    """Whether a block can have this timeout."""
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return seconds is None or (number and seconds > 0)  # type: ignore[operator]


def timeout_refusal(seconds: object) -> str:
    """Say what a timeout may be."""
    return f"timeout= of {{% defer %}} takes seconds above 0, but it is {seconds!r}."
