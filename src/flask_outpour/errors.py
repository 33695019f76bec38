"""Every exception that Outpour raises, under one root.

::

    OutpourError
    ├── ConfigurationError (ValueError)   a setting, or a second set-up
    ├── ItemError (TypeError)             an item that no body can carry
    ├── LengthError (ValueError)          a body that belies its Content-Length
    ├── RowError (ValueError)             a row that is not as expected
    ├── SourceError (TypeError)           what cannot be read as rows
    ├── StreamTimeout (TimeoutError)      a stream longer than OUTPOUR_MAX_DURATION
    └── StreamInterrupted (RuntimeError)  a source ended by a BaseException
        └── WorkerLeaving                 a live stream whose worker is to go
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Sized
from typing import Any


class OutpourError(Exception):
    """The root of all exceptions of this package.

    Each can be pickled and copied, as queues of jobs and pools of processes do, and
    comes back with its words, attributes and notes. As any exception of Python's, it
    then lacks its cause and its traceback.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        # Python's own way calls the class with the message, but it may take facts.
        return _restored, (type(self), self.args), self.__dict__ or None


class ConfigurationError(OutpourError, ValueError):
    """A setting has a value that Outpour cannot use."""


class ItemError(OutpourError, TypeError):
    """An item, or a whole source, is of a type that a body cannot carry."""

    @classmethod
    def of_item(cls, number: int, item: object) -> ItemError:
        """Name the item, counted from 1, that is neither text nor bytes."""
        cure = "Convert it where it is yielded, for example with str()."
        if isinstance(item, Mapping | tuple | list):
            cure = "Rows are sent by stream_rows: return stream_rows(...) of them."
        return cls(
            f"Item {number} of the stream is {type(item).__name__}, not str or"
            f" bytes. {cure}"
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
    """A body is shorter or longer than the Content-Length that its view set.

    ``declared`` has that length, and ``produced`` the bytes that there were.
    """

    def __init__(self, declared: int, produced: int) -> None:
        relation = "only" if produced < declared else "at least"
        super().__init__(
            f"The response declares a Content-Length of {declared} bytes, but its"
            f" stream produced {relation} {produced}. Set the true length, or"
            " leave the header out."
        )
        self.declared = declared
        self.produced = produced


class SourceError(OutpourError, TypeError):
    """What was given as rows, or as an entry, is none; the message says what is."""

    @classmethod
    def of_closed(cls, what: str, cure: str) -> SourceError:
        """Name what was closed before its rows were read."""
        return cls(
            f"The {what} is closed: the block that made it ended with the view, or its"
            f" transaction did. {cure}"
        )

    @classmethod
    def of_dicts(cls, names: Sequence[str]) -> SourceError:
        """Name the columns that dicts cannot tell apart."""
        return cls(
            "More than one column of the result has the name"
            f" {', '.join(map(repr, names))}, and its rows come as dicts, which keep"
            " one of them. Name the columns apart in the query, or take rows that are"
            " tuples."
        )


class RowError(OutpourError, ValueError):
    """A row has another shape than expected, or a value that cannot be written.

    ``row``, counted from 1, and ``column`` say where, or are ``None``.
    """

    def __init__(
        self, message: str, *, row: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(message)
        #: Counted from 1; ``None`` where all rows are meant.
        self.row = row
        self.column = column

    @classmethod
    def of_cell(
        cls, row: int, column: str, value: object, cause: BaseException
    ) -> RowError:
        """Name a value that a format cannot write."""
        reason = f": {cause}" if str(cause) else ""
        return cls(
            f"Row {row}, column {column!r}: a value of type {type(value).__name__}"
            f" cannot be written{reason}. Convert it in the query, or before the"
            " rows are streamed.",
            row=row,
            column=column,
        )

    @classmethod
    def of_misfit(
        cls, row: int, column: str, value: object, expected: str, cause: BaseException
    ) -> RowError:
        """Name a value that a column of one type cannot have, or not all of it."""
        reason = f": {cause}" if str(cause) else ""
        return cls(
            f"Row {row}, column {column!r}: a value of type {type(value).__name__} does"
            f" not fit into a column of {expected}{reason}. Give the column another"
            " type by schema=, or convert the value before the rows are streamed.",
            row=row,
            column=column,
        )

    @classmethod
    def of_length(cls, row: int, columns: Sequence[str], values: Sized) -> RowError:
        """Name a row with too few or too many values."""
        return cls(
            f"Row {row} has {_count(len(values), 'value')}, but there"
            f" {'is' if len(columns) == 1 else 'are'} {_count(len(columns), 'column')}:"
            f" {', '.join(columns)}.",
            row=row,
        )

    @classmethod
    def of_keys(
        cls,
        row: int,
        columns: Sequence[str],
        *,
        missing: Sequence[object] = (),
        extra: Sequence[object] = (),
    ) -> RowError:
        """Name the keys that a row lacks, or has beyond the columns."""
        expected = f"The columns are {', '.join(columns)}."
        if missing:
            names = ", ".join(map(repr, missing))
            return cls(f"Row {row} lacks {names}. {expected}", row=row)
        names = ", ".join(map(repr, extra))
        return cls(
            f"Row {row} has {names} beyond the columns. {expected} Name it in"
            ' columns=, or leave it out with extras="ignore".',
            row=row,
        )

    @classmethod
    def of_kind(cls, row: int, value: object, expected: str) -> RowError:
        """Name a row of another kind than the first."""
        return cls(
            f"Row {row} is of type {type(value).__name__}, but {expected}.", row=row
        )

    @classmethod
    def of_column(cls, column: str, kind: str, format: str) -> RowError:
        """Name a column of a type that a format lacks."""
        return cls(
            f"Column {column!r} is of type {kind}, which {format} lacks. Give it"
            " another type in the query, or by schema=.",
            column=column,
        )

    @classmethod
    def of_name(cls, cause: UnicodeEncodeError) -> RowError:
        """Name the sign in a column's name that UTF-8 lacks."""
        sign = cause.object[cause.start : cause.end]
        return cls(
            f"The name of a column has {sign!r}, which UTF-8 cannot encode. Name the"
            " column apart in the query, or in columns=."
        )

    @classmethod
    def of_duplicates(cls, names: Sequence[str], why: str = "") -> RowError:
        """Name the columns that have the same name, where names must differ."""
        return cls(
            "More than one column has the name"
            f" {', '.join(map(repr, names))}, and readers of this format find columns"
            f" by their names. {why}Name the columns apart in the query, or in"
            " columns=."
        )


class StreamTimeout(OutpourError, TimeoutError):
    """A stream ran for longer than ``OUTPOUR_MAX_DURATION`` allows.

    ``limit`` has the seconds.
    """

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
        try:
            text = str(cause)
        except Exception:
            # Of a class of the application's own, which fails in itself.
            text = "its text cannot be had"
        super().__init__(
            f"The stream was interrupted by {type(cause).__name__}: {text}"
        )


class WorkerLeaving(StreamInterrupted):
    """A live stream was ended, because the worker that served it is to go.

    ``grace`` has the seconds of ``OUTPOUR_DRAIN``.
    """

    def __init__(self, grace: float) -> None:
        Exception.__init__(
            self,
            "The stream was ended, since its worker is to go: the server stops or"
            " reloads, or the worker has had its --max-requests. It was left"
            f" OUTPOUR_DRAIN = {grace:g} seconds. Let the client ask again, or raise"
            " the setting if such streams come to an end by themselves.",
        )
        self.grace = grace


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _restored(kind: type[OutpourError], args: tuple[Any, ...]) -> OutpourError:
    """Return an exception as it was pickled; its attributes are set later."""
    error = kind.__new__(kind)
    error.args = args
    return error
