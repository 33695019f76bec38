"""Outpour streams content of any size out of a Flask application.

::

    view ──► items ──► chunks ──► body ──► outlet ──► any WSGI server
             stream    coalesce   one      any thread
             templates            ending

    source ──► rows ──► format ──► items
               rows     formats    row_stream

A request passes through :mod:`extension` into an exchange (:mod:`exchange`), which runs
the application inside one Context (:mod:`context`), holds the headers (:mod:`start`)
and attaches a body (:mod:`body`) to a response that streams. The headers go when the
body has its first chunk. It joins small items (:mod:`coalesce`) and ends once;
:mod:`delivery` closes what it was made from and tells of the end (:mod:`signals`).

:mod:`exports` makes a response of rows from anywhere (:mod:`rows`), in the format
(:mod:`formats`) that :mod:`negotiation` finds for the request. :mod:`zip_exports` makes
one of files, chunks and rows in a ZIP archive (:mod:`archives`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any
from typing import TYPE_CHECKING

from .errors import ConfigurationError
from .errors import ItemError
from .errors import LengthError
from .errors import OutpourError
from .errors import RowError
from .errors import SourceError
from .errors import StreamInterrupted
from .errors import StreamTimeout
from .errors import WorkerLeaving
from .extension import Outpour
from .response import Response
from .signals import stream_finished
from .signals import stream_first_byte
from .signals import stream_started
from .stream import stream_with_context

if TYPE_CHECKING:
    from .archives import ZipEntry
    from .exports import stream_rows
    from .formats import CSV
    from .formats import Format
    from .formats import JSON
    from .formats import NDJSON
    from .formats import XLSX
    from .rows import Rows
    from .templates.streams import stream_template
    from .templates.streams import stream_template_string
    from .zip_exports import stream_zip

__all__ = [
    "CSV",
    "JSON",
    "NDJSON",
    "XLSX",
    "ConfigurationError",
    "Format",
    "ItemError",
    "LengthError",
    "Outpour",
    "OutpourError",
    "Response",
    "RowError",
    "Rows",
    "SourceError",
    "StreamInterrupted",
    "StreamTimeout",
    "WorkerLeaving",
    "ZipEntry",
    "stream_finished",
    "stream_first_byte",
    "stream_rows",
    "stream_started",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "stream_zip",
]

#: Where the names are that not every application needs. Each is loaded, with what it
#: needs, when it is imported from here.
_LATER = {
    **dict.fromkeys(("CSV", "JSON", "NDJSON", "XLSX", "Format"), ".formats"),
    "Rows": ".rows",
    "ZipEntry": ".archives",
    "stream_rows": ".exports",
    **dict.fromkeys(("stream_template", "stream_template_string"), ".templates"),
    "stream_zip": ".zip_exports",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LATER[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
