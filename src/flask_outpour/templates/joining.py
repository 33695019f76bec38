"""The pieces of a template enter; those that come fast leave joined."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from itertools import takewhile
from operator import is_not
from time import monotonic
from typing import Any

from ..coalesce import FLUSH

#: The part of the pieces in a row that came fast which may wait for one another: as
#: much as a coalescer lets wait.
_SHARE = 128
#: More at once gains nothing.
_MOST = 256


def joined(pieces: Any, slow: float) -> Iterator[Any]:
    """Yield text, and what is no text, in its order.

    A template has six pieces and more in a row of a table, and each costs a body as
    much as it cost to render. Here they are taken and joined without a step of Python
    for each. ``FLUSH`` ends what is taken together.

    :param pieces: the generator of the template's code.
    :param slow: seconds; after pieces that took as long, one is taken at a time again.
    :raises Exception: what the template raised, after what came before it.
    """
    is_text = partial(is_not, FLUSH)
    fast = 0
    while slow:
        number = min(fast // _SHARE, _MOST) or 1
        taken: list[Any] = []
        error: BaseException | None = None
        begun = monotonic()
        try:
            # What came before an error stays in the list.
            taken.extend(islice(takewhile(is_text, pieces), number))
        except BaseException as caught:
            error = caught
        fast = fast + number if monotonic() - begun < slow else 0
        yield from _as_one(taken)
        if error is not None:
            raise error
        if len(taken) < number:
            if pieces.gi_frame is None:
                return
            yield FLUSH
    yield from pieces


def _as_one(taken: list[Any]) -> list[Any]:
    try:
        return ["".join(taken)] if taken else taken
    except TypeError:
        return taken
