"""What a test cannot be run for, as opposed to what it finds."""

from __future__ import annotations

from ..errors import OutpourError


class ServerError(OutpourError, RuntimeError):
    """A server could not be started; the message says why, with the server's log."""
