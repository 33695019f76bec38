"""A WSGI callable and one request enter; who was called on its way leaves."""

from __future__ import annotations

import gc
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import pairwise
from types import CodeType
from types import FrameType
from types import GeneratorType
from typing import Any
from typing import TYPE_CHECKING

from .drive import drive
from .drive import Passage
from .probe import KEY
from .probe import Log

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

_GENERATOR = inspect.CO_GENERATOR


class Call:
    """One call of a function as a WSGI application."""

    def __init__(self, frame: FrameType, slot: int, parent: Call | None) -> None:
        self.frame = frame
        self.parent = parent
        self.code = frame.f_code
        self.variables = dict(frame.f_locals)
        self.arguments, self.keywords = _arguments(frame)
        self.slot = slot
        #: The environ as it was, before the callables inside wrote to it.
        self.environ: WSGIEnvironment = dict(self.arguments[slot])
        #: What it returned, which may be a generator that has yet to run.
        self.returned: Any = None
        self.over = False

    def is_within(self, other: Call) -> bool:
        """Whether this call was made by the other, directly or not."""
        return any(call is other for call in self.ancestry())

    def ancestry(self) -> Iterator[Call]:
        """Yield this call, and those around it, outwards."""
        call: Call | None = self
        while call is not None:
            yield call
            call = call.parent


class Watcher:
    """Remember the calls of one request, until the probe's view is reached.

    What each of them returned is kept, so that no ``close()`` comes from the garbage
    collector in the place of a layer that forgot it.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._calls: list[Call] = []
        self._by_frame: dict[FrameType, Call] = {}
        self._all_seen = False
        #: The call that the view, or whoever answers in its place, is within.
        self.innermost: Call | None = None
        log.on_reached = self._reached

    def watch(self, call: WSGIApplication, environ: WSGIEnvironment) -> Passage:
        """Send the request."""

        def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            def starting(*arguments: Any) -> Any:
                # Whoever answers first, should the view never be reached.
                if self.innermost is None:
                    self.innermost = self._here(sys._getframe(1))
                return start_response(*arguments)

            return call(environ, starting)

        before = sys.getprofile()
        sys.setprofile(self._profile)
        try:
            return drive(watched, environ, self._log)
        finally:
            sys.setprofile(before)

    def forget(self) -> None:
        """Let go of what was returned, and close what the layers have not."""
        lost = [] if self._log.has("response") else self._calls
        for call in lost:
            with suppress(Exception):
                call.returned.close()
        self._calls.clear()
        self._by_frame.clear()
        self._log.on_reached = self.innermost = None

    def calls(self) -> list[Call]:
        """Return the calls on the way, from the inside out."""
        innermost = self.innermost or (self._calls[-1] if self._calls else None)
        return [] if innermost is None else list(innermost.ancestry())

    # Coverage sees nothing of a profile function.
    def _profile(  # pragma: no cover
        self, frame: FrameType, event: str, argument: Any
    ) -> None:
        if event == "call":
            if not self._all_seen and frame not in self._by_frame:
                self._remember(frame)
        elif event == "return" and frame in self._by_frame:
            call = self._by_frame[frame]
            call.over = True
            if call.returned is None:
                call.returned = argument

    def _reached(self) -> None:
        self.innermost = self._here(sys._getframe(1))
        self._all_seen = True

    def _here(self, frame: FrameType | None) -> Call | None:
        """Return the call that a frame is within.

        A profiler among the callables takes the place of ours, so some of them are
        only seen now.
        """
        frames = []
        while frame is not None:
            frames.append(frame)
            frame = frame.f_back
        for outer in reversed(frames):
            if outer not in self._by_frame:
                self._remember(outer)
        inner = next((self._by_frame[f] for f in frames if f in self._by_frame), None)
        return inner or (self._calls[-1] if self._calls else None)

    def _remember(self, frame: FrameType) -> None:
        if not _may_be_wsgi(frame.f_code):
            return
        slot = self._slot(frame)
        if slot is not None:
            call = Call(frame, slot, self._parent(frame))
            if frame.f_code.co_flags & _GENERATOR:
                call.returned = _generator_of(frame)
            self._by_frame[frame] = call
            self._calls.append(call)

    def _slot(self, frame: FrameType) -> int | None:
        """Return the place of the environ, if ``start_response`` follows it."""
        arguments, _ = _arguments(frame)
        for slot, (first, second) in enumerate(pairwise(arguments)):
            ours = isinstance(first, dict) and first.get(KEY) is self._log
            if ours and callable(second):
                return slot
        return None

    def _parent(self, frame: FrameType) -> Call | None:
        around = frame.f_back
        while around is not None and around not in self._by_frame:
            if around.f_code.co_flags & _GENERATOR and (maker := self._defined(around)):
                return maker
            around = around.f_back
        if around is None:
            # In a thread that one of them waits for.
            parent = next((c for c in reversed(self._calls) if not c.over), None)
        else:
            parent = self._by_frame[around]
        if frame.f_code.co_flags & _GENERATOR:
            return self._maker(frame, parent)
        return parent

    # A profile function calls it, where coverage sees nothing.
    def _defined(self, frame: FrameType) -> Call | None:  # pragma: no cover
        """Return the call whose function has the generator of a frame inside it."""
        for call in reversed(self._calls):
            if call.over and frame.f_code in call.code.co_consts:
                return call
        return None

    # A profile function calls it, where coverage sees nothing.
    def _maker(  # pragma: no cover
        self, frame: FrameType, consumer: Call | None
    ) -> Call | None:
        """Return the call that made a generator, which runs when it is consumed."""
        over = [
            call
            for call in reversed(self._calls)
            if call.over and (consumer is None or call.is_within(consumer))
        ]
        for call in over:
            if getattr(call.returned, "gi_frame", None) is frame:
                return call
        return over[0] if over else consumer


# A profile function calls it, where coverage sees nothing.
def _generator_of(frame: FrameType) -> Any:  # pragma: no cover
    """Return the generator that runs in a frame, which does not refer to it."""
    for generation in range(3):
        for found in gc.get_objects(generation):
            if type(found) is GeneratorType and found.gi_frame is frame:
                return found
    return None


@cache
def _may_be_wsgi(code: CodeType) -> bool:
    named = code.co_argcount + bool(code.co_flags & inspect.CO_VARARGS)
    # The functions of the doctor and of its client are around all.
    return named >= 1 and not code.co_filename.startswith(_OWN)


_OWN = os.path.join(os.path.dirname(__file__), "")


def _arguments(frame: FrameType) -> tuple[list[Any], dict[str, Any]]:
    code, variables = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount]
    positional = [variables.get(name) for name in names]
    last = code.co_argcount + code.co_kwonlyargcount
    keywords = {
        name: variables[name]
        for name in code.co_varnames[code.co_argcount : last]
        if name in variables
    }
    if code.co_flags & inspect.CO_VARARGS:
        positional += variables.get(code.co_varnames[last], ())
        last += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        keywords.update(variables.get(code.co_varnames[last], {}))
    return positional, keywords
