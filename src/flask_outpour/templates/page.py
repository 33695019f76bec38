"""A template and its values enter; its text leaves, late blocks when ready."""

from __future__ import annotations

import queue
import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import nullcontext
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from itertools import chain
from itertools import count
from time import monotonic
from typing import Any

from jinja2 import Template

from ..coalesce import FLUSH
from .ahead import Ahead
from .ahead import Piece
from .blocks import Block
from .blocks import log
from .blocks import Scope
from .buffers import PAGE
from .joining import joined
from .patches import patch
from .patches import placed
from .patches import script
from .patches import way_out
from .pool import Pool

#: Seconds between the signs of life that a page in place sends while it waits: only
#: when it writes does a server learn that its client has left.
TICK = 1.0
#: Bytes of a page in order that wait behind a block, so that the blocks further down
#: are found and begun.
AHEAD = 512 * 1024

#: Characters of a page that are looked through for the end of its head.
_LONGEST_HEAD = 64 * 1024
_HEAD_ENDS = re.compile("</head|<body", re.IGNORECASE)
_CLOSER = "</body"
_CLOSERS = re.compile(r"</body\s*>\s*(?:</html\s*>\s*)?\Z")


class Page:
    """Send a template as it renders, and its deferred blocks when they are ready.

    :param pool: where blocks are rendered; without one each is rendered at its place.
    :param scope: gives a block its contexts.
    :param slow: seconds after which a piece waits for no other.
    :param in_order: whether the blocks are sent in the order of the document.
    :param address: where the page can be had in order, if it can.
    """

    def __init__(
        self,
        *,
        pool: Pool | None = None,
        scope: Scope = lambda seconds: nullcontext(),
        slow: float = 0.005,
        in_order: bool = False,
        address: str | None = None,
    ) -> None:
        self._pool = pool
        self._scope = scope
        self._slow = slow
        self._is_in_order = in_order
        self._address = address
        self._names: dict[str, Block] = {}
        self._numbers = count(1)
        #: Blocks that the page has come to and that have no content yet.
        self._open: dict[Block, None] = {}
        # Looked up here: it is gevent's, once that has patched the standard library.
        self._ready: queue.SimpleQueue[tuple[Block, list[Piece]]] = queue.SimpleQueue()

    def pieces(
        self,
        template: Template,
        context: dict[str, Any],
        rendered: Callable[[], object] = lambda: None,
    ) -> Iterator[str]:
        """Render the template.

        An item that is ``FLUSH`` asks for what came before it to be sent.

        :param rendered: is called after the last piece.
        :raises Exception: what the template raised outside of its blocks.
        """
        values = template.new_context({**context, PAGE: self})
        pieces: Any = template.root_render_func(values)
        send = self._in_order if self._is_in_order else self._in_place
        try:
            yield from send(pieces)
            rendered()
        except Exception:
            template.environment.handle_exception()
        finally:
            for block in self._open:
                block.drop()
            pieces.close()

    def take(self, block: Block) -> Piece:
        """Begin with a block, from the page's own thread or a block's around it.

        Return it as a piece, or its text, where no thread is to be had.
        """
        name = block.tag.name or "defer"
        if block.tag.name is None or self._names.setdefault(name, block) is not block:
            name = f"{name}-{next(self._numbers)}"
        block.name = name
        if block.timeout is not None:
            block.deadline = monotonic() + block.timeout
        if self._pool is None:
            return block.at_place()
        task = partial(copy_context().run, self._render, block)
        block.place = self._pool.submit(task)
        if block.place is None:
            _warn_of_no_place(block, self._pool.size)
            return block.at_place()
        if not self._is_in_order:
            block.fallback = block.text(block.tag.fallback)
        return block

    def _render(self, block: Block) -> None:
        """Render a block, in a thread of the pool."""
        content: list[Piece] = []
        try:
            with self._scope(block.timeout):
                content = block.rendered()
        except BaseException as error:
            content = [self._instead(block, error)]
        finally:
            # Whatever happened, the page waits for this.
            self._ready.put((block, content))

    def _instead(self, block: Block, error: BaseException) -> str:
        text = ""
        try:
            with self._scope(None):
                text = block.instead("failed", error)
        except BaseException as another:
            log().error("Teardown failed, too.", exc_info=another)
        return text

    def _in_place(self, pieces: Any) -> Iterator[str]:
        closers = ""
        for piece in chain(self._head(pieces), joined(pieces, self._slow)):
            if piece.__class__ is Block:
                yield self._placed(piece)
            elif self._open and piece is not FLUSH and (closers or _CLOSER in piece):
                ready, closers = _without_closers(closers, piece)
                if ready:
                    yield ready
            else:
                yield piece
        if self._open:
            yield from self._patches()
        if closers:
            yield closers

    def _head(self, pieces: Iterator[Any]) -> Iterator[Any]:
        """Yield the head, and ask for it to be sent: it names what a browser loads."""
        seen = 0
        for piece in pieces:
            yield piece
            if piece.__class__ is not Block and piece is not FLUSH:
                seen += len(piece)
                if seen > _LONGEST_HEAD or _HEAD_ENDS.search(piece):
                    yield FLUSH
                    break

    def _placed(self, block: Block) -> str:
        """Mark the place of a block that has no content yet."""
        self._open[block] = None
        return placed(block.name, block.fallback)

    def _patches(self) -> Iterator[str]:
        first = next(iter(self._open))
        if self._address is not None:
            yield way_out(self._address)
        yield script(first.nonce())
        yield FLUSH
        while self._open:
            settled = self._wait(TICK)
            for block in settled:
                yield patch(block.name, "".join(self._written(block)))
            if not settled:
                yield "\n"
            yield FLUSH

    def _written(self, block: Block) -> Iterator[str]:
        """Yield a block's content, and the places of the blocks inside it."""
        assert block.content is not None
        for piece in block.content:
            if isinstance(piece, str):
                yield piece
            elif piece.content is not None:
                yield from self._written(piece)
            else:
                yield self._placed(piece)

    def _in_order(self, pieces: Any) -> Iterator[str]:
        ahead = Ahead()
        for piece in chain(self._head(pieces), joined(pieces, self._slow)):
            if piece.__class__ is Block:
                self._open[piece] = None
            elif not ahead:
                yield piece
                continue
            ahead.append(piece)
            yield from self._from_ahead(ahead, AHEAD)
        yield from self._from_ahead(ahead, -1)

    def _from_ahead(self, ahead: Ahead, most: int) -> Iterator[str]:
        """Yield what is ready, and wait for blocks while more than ``most`` bytes are.

        What is behind a block that is not ready comes later.
        """
        while ahead:
            front = ahead[0]
            if type(front) is not Block:
                yield ahead.popleft()
            elif front.content is not None:
                ahead.popleft()
                ahead.extendleft(front.content)
                self._open.update(dict.fromkeys(_unsettled(front.content)))
            else:
                # The page's thread goes on, or waits.
                yield FLUSH
                wait = ahead.size > most
                if not self._wait(TICK if wait else 0) and not wait:
                    return

    def _wait(self, seconds: float) -> list[Block]:
        """Return the blocks of the page that were settled within some seconds.

        It waits for the first of them, or for the end of a block's timeout.
        """
        now = monotonic()
        dues = [block.deadline - now for block in self._open if block.deadline]
        settled = []
        for block, content in self._results(max(0, min([seconds, *dues]))):
            if block.content is None:
                block.content = content
                settled.append(block)
        for block in self._open:
            if block.content is None and block.is_overdue:
                block.content = [block.timed_out()]
                settled.append(block)
        return [block for block in settled if self._open.pop(block, 0) is None]

    def _results(self, seconds: float) -> Iterator[tuple[Block, list[Piece]]]:
        """Yield what the pool has handed over, and wait only for the first."""
        with suppress(queue.Empty):
            yield self._ready.get(timeout=seconds)
            while True:
                yield self._ready.get_nowait()


def _unsettled(pieces: Iterable[Piece]) -> Iterator[Block]:
    for piece in pieces:
        if isinstance(piece, Block) and piece.content is None:
            yield piece


def _without_closers(held: str, piece: str) -> tuple[str, str]:
    """Part a text from the end tags of the page, behind which only patches follow.

    :param held: end tags that came before, and may have been none.
    """
    text = "".join((held, piece))
    closers = _CLOSERS.search(text)
    return (text[: closers.start()], closers[0]) if closers else (text, "")


def _warn_of_no_place(block: Block, size: int) -> None:
    log().warning(
        "The deferred block at %s is rendered at its place, since blocks that outran"
        " their timeouts hold half of the pool's %d threads. Raise"
        " OUTPOUR_DEFER_WORKERS, or give what they wait for a timeout of its own.",
        block.where,
        size,
    )
