"""Tools for tests of views that stream; they work with every test framework.

::

    application ──► serve ──► open_stream ──► chunks, and when they came
                    a real    a client that
                    server    reads or leaves

    Source ──► view ──► assert_streams, assert_closed, assert_flat_memory, detect_leaks

The fixtures for pytest are in :mod:`flask_outpour.testing.pytest_plugin`, which is
loaded only where a test suite asks for it.
"""

from __future__ import annotations

from .client import Chunk
from .client import open_stream
from .client import StreamedResponse
from .errors import ServerError
from .leaks import detect_leaks
from .memory import assert_flat_memory
from .memory import Memory
from .server import Server
from .serving import serve
from .source import assert_closed
from .source import Source
from .streaming import assert_streams

__all__ = [
    "Chunk",
    "Memory",
    "Server",
    "ServerError",
    "Source",
    "StreamedResponse",
    "assert_closed",
    "assert_flat_memory",
    "assert_streams",
    "detect_leaks",
    "open_stream",
    "serve",
]
