"""Every exception that Outpour raises, under one root.

::

    OutpourError
    ├── ConfigurationError (ValueError)   a setting, or a second set-up
    ├── ItemError (TypeError)             an item that no body can carry
    ├── LengthError (ValueError)          a body that belies its Content-Length
    ├── StreamTimeout (TimeoutError)      a stream longer than OUTPOUR_MAX_DURATION
    └── StreamInterrupted (RuntimeError)  a source ended by a BaseException
"""

from __future__ import annotations


class OutpourError(Exception):
    """The root of all exceptions of this package."""


class ConfigurationError(OutpourError, ValueError):
    """A setting has a value that Outpour cannot use."""


class ItemError(OutpourError, TypeError):
    """An item, or a whole source, is of a type that a body cannot carry."""

    @classmethod
    def of_item(cls, number: int, item: object) -> ItemError:
        """Name the item, counted from 1, that is neither text nor bytes."""
        return cls(
            f"Item {number} of the stream is {type(item).__name__}, not str or"
            " bytes. Convert it where it is yielded, for example with str()."
        )

    @classmethod
    def of_source(cls, source: object) -> ItemError:
        """Name a source that only an event loop can iterate."""
        return cls(
            f"The response streams {type(source).__name__}, which is asynchronous."
            " A WSGI server iterates bodies without an event loop: yield from a"
            " plain generator, or collect the items in the async view."
        )


class LengthError(OutpourError, ValueError):
    """A body is shorter or longer than the Content-Length that its view set."""

    def __init__(self, declared: int, produced: int) -> None:
        relation = "only" if produced < declared else "at least"
        super().__init__(
            f"The response declares a Content-Length of {declared} bytes, but its"
            f" stream produced {relation} {produced}. Set the true length, or"
            " leave the header out."
        )
        self.declared = declared
        self.produced = produced


class StreamTimeout(OutpourError, TimeoutError):
    """A stream ran for longer than ``OUTPOUR_MAX_DURATION`` allows."""

    def __init__(self, limit: float, bytes_sent: int) -> None:
        super().__init__(
            f"The stream was ended after {bytes_sent} bytes: it ran for longer than"
            f" OUTPOUR_MAX_DURATION = {limit:g} seconds. Raise the setting if the"
            " response may take longer."
        )
        self.limit = limit


class StreamInterrupted(OutpourError, RuntimeError):
    """A source ended with a ``BaseException``, which servers must not see.

    Given a ``SystemExit`` in the middle of a response, gunicorn writes a second
    response into the body, cheroot and hypercorn die. The original exception is
    this one's ``__cause__``.
    """

    def __init__(self, cause: BaseException) -> None:
        super().__init__(
            f"The stream was interrupted by {type(cause).__name__}: {cause}"
        )
