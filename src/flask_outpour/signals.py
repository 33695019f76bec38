"""What receivers and logs are told of each stream.

All three signals are sent by the application, with ``request`` and ``response``.
"""

from __future__ import annotations

from blinker import NamedSignal
from blinker import Namespace

_signals = Namespace()

#: Sent before the source is pulled for the first time.
stream_started: NamedSignal = _signals.signal("stream-started")

#: Sent when the first chunk goes to the server.
stream_first_byte: NamedSignal = _signals.signal("stream-first-byte")

#: Sent once for every stream that started, after its teardown. Also has
#: ``outcome`` (``"complete"``, ``"failed"`` or ``"disconnected"``), ``bytes`` given
#: to the server, ``items`` of the source, ``seconds`` and ``error``.
stream_finished: NamedSignal = _signals.signal("stream-finished")
