"""Rows, or record batches, enter; a stream of Arrow IPC leaves."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from math import inf
from time import monotonic
from typing import Any
from typing import Literal

from .arrays import import_pyarrow
from .checks import check_choice
from .recording import Recording

#: Rows and bytes of a batch that is put together from rows.
_ROWS = 16_384
_BYTES = 1 << 20
#: Seconds after which rows no longer wait for more, so that a slow stream flows.
_LONGEST = 0.5
#: The first half of what each message begins with. Most readers take a stream that
#: stops between two messages for a whole one.
_TORN = b"\xff\xff\xff\xff"


@dataclass(kw_only=True)
class Arrow(Recording):
    """A stream of Arrow IPC: a schema, then record batches.

    The batches of a source that has some go out as they are. Rows are put together to
    batches of 16,384 rows or 1 MiB, or to less where half a second went by.

    :param schema: a ``pyarrow.Schema`` with the columns of the rows in their order.
        By default that of the source, as far as it knows, and what the first 1,000
        rows need.
    :param compression: of the columns, ``"lz4"`` or ``"zstd"``. Without it readers
        take them as they come, uncopied.
    :raises ConfigurationError: for another value of an option.
    """

    compression: Literal["lz4", "zstd"] | None = None

    # As registered with IANA; "arrow" is the suffix of another format, that of files.
    media_type = "application/vnd.apache.arrow.stream"
    suffix = "arrows"
    _flushed: float = field(init=False, repr=False, compare=False, default=-inf)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("compression", self.compression, (None, "lz4", "zstd"))

    def interrupt(self) -> bytes:
        """Return the rows that were held when the stream failed, and no end."""
        self._flush()
        return self._sink.take() + _TORN

    def _opened(self, schema: Any) -> Any:
        pa = import_pyarrow()
        options = pa.ipc.IpcWriteOptions(compression=self.compression)
        return pa.ipc.new_stream(self._sink, schema, options=options)

    def _pass(self, batch: Any) -> None:
        self._writer.write_batch(batch)

    def _keep(self, batch: Any) -> None:
        self._held.add(batch)
        full = self._held.rows >= _ROWS or self._held.size >= _BYTES
        if full or monotonic() - self._flushed >= _LONGEST:
            self._flush()

    def _flush(self) -> None:
        if self._held.rows:
            self._writer.write_table(self._held.take().combine_chunks())
            self._flushed = monotonic()
