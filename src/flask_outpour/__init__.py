"""Outpour streams content of any size out of a Flask application.

::

    view ──► items ──► chunks ──► body ──► outlet ──► any WSGI server
             stream    coalesce   one      any thread
             templates            ending

A request passes through :mod:`extension` into an exchange (:mod:`exchange`), which runs
the application inside one Context (:mod:`context`), holds the headers (:mod:`start`)
and attaches a body (:mod:`body`) to a response that streams. The headers go when the
body has its first chunk. It joins small items (:mod:`coalesce`) and ends once;
:mod:`delivery` closes what it was made from and tells of the end (:mod:`signals`).
"""

from __future__ import annotations

from .errors import ConfigurationError
from .errors import ItemError
from .errors import LengthError
from .errors import OutpourError
from .errors import StreamInterrupted
from .errors import StreamTimeout
from .extension import Outpour
from .response import Response
from .signals import stream_finished
from .signals import stream_first_byte
from .signals import stream_started
from .stream import stream_with_context
from .templates import stream_template
from .templates import stream_template_string

__all__ = [
    "ConfigurationError",
    "ItemError",
    "LengthError",
    "Outpour",
    "OutpourError",
    "Response",
    "StreamInterrupted",
    "StreamTimeout",
    "stream_finished",
    "stream_first_byte",
    "stream_started",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
]
