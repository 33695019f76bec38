"""Rows, or record batches, enter; what a writer of pyarrow makes of them leaves."""

from __future__ import annotations

from abc import ABC
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from importlib.util import find_spec
from typing import Any

from ..column_types import Types
from ..errors import ConfigurationError
from ..errors import RowError
from .arrays import import_pyarrow
from .checks import check_distinct
from .columns import Batch
from .schemas import Convert
from .schemas import RecordBatches


@dataclass(kw_only=True)
class Recording(ABC):
    """What the formats of record batches have in common: how these come to be.

    A format says how its writer is opened, how a batch that was made of rows is kept
    until it is written together with others, and how one of the source's own is.
    """

    schema: Any = None
    #: What the source knows of its columns.
    _types: Types | None = field(init=False, repr=False, compare=False, default=None)
    _sink: Sink = field(init=False, repr=False, compare=False)
    _writer: Any = field(init=False, repr=False, compare=False)
    #: ``None`` where the source has batches of the right schema.
    _made: RecordBatches | None = field(init=False, repr=False, compare=False)
    _held: Held = field(init=False, repr=False, compare=False)
    #: Rows of the source's own batches.
    _passed: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        if self.schema is None:
            return
        if not isinstance(self.schema, import_pyarrow().Schema):
            raise ConfigurationError(
                f"schema= takes a pyarrow.Schema, but it is {self.schema!r}."
            )

    @property
    def available(self) -> bool:
        """Whether pyarrow is installed."""
        try:
            return find_spec("pyarrow") is not None
        except ImportError:
            return False

    def expect(self, types: Types) -> None:
        """Take the types of the columns, as far as their source knows them."""
        self._types = types

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return what comes before the rows.

        :raises RowError: when two columns have the same name.
        :raises ConfigurationError: without pyarrow, or when ``schema`` is not that
            of the rows.
        """
        self._start(columns)
        types, self._types = self._types, None
        self._made = RecordBatches(columns, self.schema, types, self._convert)
        if self._made.schema is not None:
            self._writer = self._opened(self._made.schema)
        return self._sink.take()

    def begin_arrow(self, schema: Any) -> bytes:
        """Return what comes before the batches of a source of this schema.

        :raises RowError: when two columns have the same name.
        :raises ConfigurationError: when ``schema`` has other columns.
        """
        if self.schema is not None and not self.schema.equals(schema):
            return self.begin(schema.names)
        self._start(schema.names)
        self._made = None
        self._writer = self._opened(schema)
        return self._sink.take()

    def feed(self, batch: Batch) -> bytes:
        """Return the bytes of the rows that make something full; others are held.

        :raises RowError: for a value that the schema has no place for.
        """
        assert self._made is not None
        self._keep_made(self._made.add(batch))
        return self._sink.take()

    def feed_arrow(self, batch: Any) -> bytes:
        """Return the bytes of a batch, or of what it makes full.

        :raises RowError: for a value that another schema has no place for.
        """
        from ..arrow_values import require_digits
        from ..arrow_values import tuples_of

        if self._made is not None:
            return self.feed(tuples_of(batch, self._made.rows + 1))
        require_digits(batch, self._passed + 1)
        if self._convert is not None:
            batch = self._convert(batch, self._passed + 1)
        self._pass(batch)
        self._passed += batch.num_rows
        return self._sink.take()

    def finish(self) -> bytes:
        """Return what was held, and the end.

        :raises RowError: where the rows are few, and a value is unlike the others.
        """
        if self._made is not None:
            self._keep_made(self._made.finish())
        self._flush()
        self._writer.close()
        return self._sink.take()

    def _keep_made(self, batch: Any) -> None:
        if batch is not None:
            if self._writer is None:
                self._writer = self._opened(batch.schema)
            self._keep(batch)

    def _start(self, columns: Sequence[str]) -> None:
        import_pyarrow()
        check_distinct(columns)
        try:
            "".join(columns).encode()
        except UnicodeEncodeError as error:
            raise RowError.of_name(error) from error
        self._sink = Sink()
        self._writer = None
        self._held = Held()
        self._passed = 0

    @property
    def _convert(self) -> Convert | None:
        """What makes another batch of each that was made of rows."""
        return None

    @abstractmethod
    def _opened(self, schema: Any) -> Any:
        """Return pyarrow's writer, on the sink."""

    @abstractmethod
    def _keep(self, batch: Any) -> None:
        """Hold a batch that was made of rows, or write it with those that are held."""

    @abstractmethod
    def _pass(self, batch: Any) -> None:
        """Write a batch of the source's own, or hold it."""

    @abstractmethod
    def _flush(self) -> None:
        """Write what is held."""


class Sink:
    """A file for pyarrow, of which each part is taken as soon as it is written."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def write(self, part: Any) -> int:
        """Append some bytes, or a buffer of pyarrow's, which is not copied yet."""
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing: what was written is still to be taken."""


class Held:
    """Record batches of one schema that wait to be written as one."""

    def __init__(self) -> None:
        self._batches: list[Any] = []
        self._owned: Any = None
        self.rows = 0
        #: Bytes.
        self.size = 0

    def add(self, batch: Any) -> None:
        """Hold a batch, too."""
        self._batches.append(batch)
        self.rows += batch.num_rows
        self.size += batch.nbytes

    def own(self) -> None:
        """Hold the last batch in memory of its own."""
        if self._batches and self._batches[-1] is not self._owned:
            self._owned = self._batches[-1] = _copied(self._batches[-1])

    def take(self) -> Any:
        """Return all batches as a ``pyarrow.Table``, and hold none."""
        batches, self._batches, self._owned = self._batches, [], None
        self.rows = self.size = 0
        return import_pyarrow().Table.from_batches(batches)


def _copied(batch: Any) -> Any:
    """Return a record batch whose buffers nobody else has."""
    pa = import_pyarrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    with pa.ipc.open_stream(sink.getvalue()) as reader:
        return reader.read_next_batch()
