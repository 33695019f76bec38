"""What receivers and logs are told of each stream.

All three signals are sent by the application, with ``request`` and ``response``.
Receivers see the request, also where its contexts are over. What a receiver raises is
logged, and changes nothing of the response.
"""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any
from typing import TYPE_CHECKING

from blinker import NamedSignal
from blinker import Namespace
from blinker import Signal

if TYPE_CHECKING:
    from flask import Flask

_signals = Namespace()

#: Sent before the source is pulled for the first time.
stream_started: NamedSignal = _signals.signal("stream-started")

#: Sent when the first chunk goes to the server.
stream_first_byte: NamedSignal = _signals.signal("stream-first-byte")

#: Sent once for every stream that started, after its teardown. Also has
#: ``outcome`` (``"complete"``, ``"failed"`` or ``"disconnected"``), ``bytes`` given
#: to the server, ``items`` of the source, ``seconds`` and ``error``.
stream_finished: NamedSignal = _signals.signal("stream-finished")


def tell(signal: NamedSignal, app: Flask, **facts: Any) -> None:
    """Call each receiver of a signal, as ``signal.send(app, ...)`` does.

    One that raises is logged, and keeps nobody else from being told.
    """
    if signal.is_muted:
        return
    for receiver in signal.receivers_for(app):
        try:
            if iscoroutinefunction(receiver):
                receiver = app.ensure_sync(receiver)
            receiver(app, **facts)
        except Exception:
            app.logger.exception("A receiver of the signal %s failed.", signal.name)


def came_from_receiver(error: BaseException) -> bool:
    """Whether a receiver of a signal of Blinker's has raised this."""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__") == Signal.__module__:
            return True
        traceback = traceback.tb_next
    return False
