"""Rows enter; JSON objects leave: as lines, as a sequence, or as one array."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from json.encoder import encode_basestring
from typing import Any
from typing import ClassVar
from typing import get_args

from ..lines import JSONLines
from .checks import check_choice
from .checks import check_distinct
from .columns import Batch
from .columns import Grid
from .json_envelope import check_envelope
from .json_envelope import meta_text
from .json_fast import fast_lines
from .json_fast import FastLines
from .json_text import Decimals
from .json_text import ERRORS
from .json_text import JSONText
from .json_text import NaN


@dataclass(kw_only=True)
class _Objects:
    """What the formats of JSON objects have in common: their options."""

    decimal: Decimals = "string"
    nan: NaN = "error"

    _lines: ObjectLines = field(init=False, repr=False, compare=False)
    _arrow: Callable[[Any], bytes] = field(init=False, repr=False, compare=False)
    #: Rows whose bytes were returned.
    _rows: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        check_choice("decimal", self.decimal, get_args(Decimals))
        check_choice("nan", self.nan, get_args(NaN))

    @property
    def lines(self) -> JSONLines | None:
        """The lines that another writer could make in place of :meth:`feed`."""
        # A subclass may write other ones.
        known = self._is_known and self.decimal == "string"
        return JSONLines() if known else None

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return what comes before the first object.

        :raises RowError: when two columns have the same name.
        """
        self._lines = ObjectLines(columns, decimal=self.decimal, nan=self.nan)
        self._rows = 0
        return self._begun()

    def feed(self, batch: Batch) -> bytes:
        """Return the bytes of some rows."""
        return self.frame(self._lines.write(batch))

    def begin_arrow(self, schema: Any) -> bytes:
        """Return what :meth:`begin` does for the columns of a schema."""
        begun = self.begin(schema.names)
        self._arrow = self._lines.of_arrow(schema)
        return begun

    def feed_arrow(self, batch: Any) -> bytes:
        """Return the bytes of a record batch of Arrow's."""
        lines: bytes = self._arrow(batch)
        return self.frame(lines) if lines else b""

    def frame(self, lines: bytes) -> bytes:
        """Return lines, each of them an object, as they stand in a stream."""
        # A line feed inside a string is an escape, so each one here ends an object.
        self._rows += lines.count(b"\n")
        return lines

    def _begun(self) -> bytes:
        """Return the bytes before the first object."""
        return b""

    @property
    def _is_known(self) -> bool:
        return type(self) in (JSON, JSONSequence, NDJSON)


@dataclass(kw_only=True)
class NDJSON(_Objects):
    r"""One JSON object on each line, also known as JSON Lines.

    :param decimal: a ``Decimal`` is a ``"string"``, which keeps its digits for every
        reader, or a ``"number"``, which most readers round.
    :param nan: NaN and the infinities, which JSON lacks, are an ``"error"`` that
        names the cell, or ``"null"``.
    :param final_record: whether a last line tells how the rows ended:
        ``{"outcome":"complete","rows":2}``, or ``"failed"`` before the stream is cut.
    :raises ConfigurationError: for another value of an option.
    """

    final_record: bool = False

    media_type = "application/x-ndjson"
    suffix = "ndjson"
    aliases: ClassVar[tuple[str, ...]] = (
        *("jsonl", "application/jsonl", "application/x-jsonlines"),
        *("application/ndjson", "application/json-lines"),
    )

    def finish(self) -> bytes:
        """Return the final record, if asked for."""
        return self._final("complete")

    def interrupt(self) -> bytes:
        """Return the final record of a stream that failed, if asked for."""
        return self._final("failed")

    def _final(self, outcome: str) -> bytes:
        if not self.final_record:
            return b""
        return b'{"outcome":"%s","rows":%d}\n' % (outcome.encode(), self._rows)


@dataclass(kw_only=True)
class JSONSequence(NDJSON):
    """A JSON text sequence (RFC 7464): a record separator before each object.

    The options are those of :class:`NDJSON`.
    """

    media_type = "application/json-seq"
    suffix = "json-seq"
    aliases: ClassVar[tuple[str, ...]] = ()

    def frame(self, lines: bytes) -> bytes:
        """Return lines, each with a record separator before it."""
        return _separated(super().frame(lines))

    def _final(self, outcome: str) -> bytes:
        return _separated(super()._final(outcome))


@dataclass(kw_only=True)
class JSON(_Objects):
    """One JSON array, with an object on each of its lines.

    With ``key``, the array is a member of an object: ``{"orders":[...]}``, and with
    ``meta``, there is a second one behind it: ``{"orders":[...],"meta":{...}}``.

    :param decimal: as in :class:`NDJSON`.
    :param nan: as in :class:`NDJSON`.
    :param key: the name of the member that the array is; without it, the array is all.
    :param meta: a dict, which is written as it is when the stream begins; or a function
        that returns one when the last row was written. It is called inside the view's
        contexts, with the number of rows. Values are written as those of rows are.
    :raises ConfigurationError: for another value of an option, and for a dict with
        a value that cannot be written. Where a function returns such a dict, or fails,
        the stream fails: it is cut before the array is closed.
    """

    key: str | None = None
    meta: Mapping[str, Any] | Callable[[int], Mapping[str, Any]] | None = None

    media_type = "application/json"
    suffix = "json"
    #: What is behind the array, where that is known when the stream begins.
    _trailer: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_envelope(self.key, self.meta)
        if not callable(self.meta):
            self._behind(self.meta)

    def _begun(self) -> bytes:
        if not callable(self.meta):
            self._trailer = self._behind(self.meta)
        return b"[" if self.key is None else b"{%b:[" % _encoded(self.key)

    def frame(self, lines: bytes) -> bytes:
        """Return lines with commas between them, and none behind the last."""
        before = b",\n" if self._rows else b"\n"
        return before + super().frame(lines)[:-1].replace(b"\n", b",\n")

    def finish(self) -> bytes:
        """Return the bracket that closes the array, and what is behind it.

        :raises ConfigurationError: when ``meta`` is a function that returns what
            cannot be written.
        """
        meta = self.meta
        behind = self._behind(meta(self._rows)) if callable(meta) else self._trailer
        return (b"\n]" if self._rows else b"]") + behind

    def _behind(self, meta: object) -> bytes:
        """Return the bytes behind the array."""
        if self.key is None:
            return b"\n"
        if self.meta is None:
            return b"}\n"
        texts = JSONText(compact=True, decimal=self.decimal, nan=self.nan)
        return b',"meta":%b}\n' % meta_text(meta, texts).encode("utf-8", ERRORS)


class ObjectLines:
    """Write rows as JSON objects, each with a line feed behind it.

    :param columns: the names of the members.
    :raises RowError: when two are the same, since a reader would keep one of them.
    """

    def __init__(self, columns: Sequence[str], *, decimal: Decimals, nan: NaN) -> None:
        check_distinct(columns)
        names = [f"{encode_basestring(name)}:" for name in columns]
        begin, *more = names or [""]
        self._grid = Grid(
            columns,
            between=[f"{{{begin}", *[f",{name}" for name in more], "}\n"],
            writers=JSONText(compact=True, decimal=decimal, nan=nan).writers,
            null="null",
            errors=ERRORS,
        )
        self._fast: FastLines | None = fast_lines(tuple(columns), decimal)
        self._decimal_quote = '"' if decimal == "string" else ""

    @property
    def rows(self) -> int:
        """How many rows were written."""
        return self._grid.rows

    def write(self, batch: Batch) -> bytes:
        """Return the lines of some rows, the same ones with and without msgspec.

        :raises RowError: for a value that JSON cannot write.
        """
        lines = None if self._fast is None else self._fast(batch)
        if lines is None:
            return self._grid.write(batch)
        self._grid.rows += len(batch)
        return lines

    def of_arrow(self, schema: Any) -> Callable[[Any], bytes]:
        """Return what writes the lines of record batches."""
        from .arrow_strings import escaped_texts
        from .arrow_text import ArrowText
        from .arrow_text import Style

        quote = self._decimal_quote
        style = Style(escaped_texts, quote='"', decimal_quote=quote, separator="T")
        return ArrowText(schema, self._grid, style).write


def _encoded(text: str) -> bytes:
    return encode_basestring(text).encode("utf-8", ERRORS)


def _separated(lines: bytes) -> bytes:
    return b"\x1e" + lines[:-1].replace(b"\n", b"\n\x1e") + b"\n" if lines else b""
