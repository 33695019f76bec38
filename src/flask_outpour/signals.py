"""What receivers and logs are told of each stream.

All three signals are sent by the application, with ``request`` and ``response``.
Receivers see the request, also where its contexts are over. What a receiver raises is
logged, and changes nothing of the response.
"""

from __future__ import annotations

from contextlib import suppress
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
#: to the server, ``items`` of the source, which are rows where it is of rows,
#: ``seconds`` and ``error``.
stream_finished: NamedSignal = _signals.signal("stream-finished")


def tell(signal: NamedSignal, app: Flask, **facts: Any) -> None:
    """Call each receiver of a signal, as ``signal.send(app, ...)`` does.

    One that raises is logged, and keeps nobody else from being told. That is so for a
    ``BaseException``, too, such as ``gevent.Timeout``: servers must not see it.
    """
    if signal.is_muted:
        return
    for receiver in signal.receivers_for(app):
        try:
            if iscoroutinefunction(receiver):
                receiver = app.ensure_sync(receiver)
            receiver(app, **facts)
        except KeyboardInterrupt:
            raise
        except BaseException:
            # A log that fails changes nothing either.
            with suppress(Exception):
                app.logger.exception("A receiver of the signal %s failed.", signal.name)


def came_from_receiver(error: BaseException, signal: Signal) -> bool:
    """Whether a receiver of a signal has raised this."""
    traceback = error.__traceback__
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
        if frame.f_code is Signal.send.__code__ and frame.f_locals["self"] is signal:
            return True
    return False
