"""Rows, or record batches, enter; a Parquet file leaves, row group by row group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from typing import Literal

from ..errors import ConfigurationError
from ..errors import RowError
from ..extras import require
from .arrays import import_pyarrow
from .checks import check_choice
from .recording import Recording
from .schemas import Convert

#: Bytes of a row group before it is encoded. While one is written there are these,
#: what becomes of them, and a copy of that to send.
_BYTES = 4 << 20
#: As many for each column, where that is more: pyarrow keeps about 1 KiB for each
#: column of each group until the end.
_COLUMN_BYTES = 16 << 10
#: Bytes of a column's different values beyond which they are no longer written as
#: such. In proportion to pyarrow's own choice for groups that are far larger; with
#: that one, files were a third larger here.
_DICTIONARY = 1 << 16


@dataclass(kw_only=True)
class Parquet(Recording):
    """A Parquet file.

    It goes out by row groups, each as soon as its rows are there. The end of the file
    says where they are, so a file that was cut off is refused by every reader.

    :param schema: a ``pyarrow.Schema`` with the columns of the rows in their order.
        By default that of the source, as far as it knows, and what the first 1,000
        rows need.
    :param compression: ``"zstd"``, which makes the smallest files; ``"snappy"``,
        for readers older than it; ``"lz4"`` or ``None``.
    :param row_group_size: rows of a row group. It has fewer where they would be more
        than 4 MiB in memory, or 16 KiB for each of many columns, which is what one
        stream holds.
    :param flavor: ``"spark"`` for files that Spark 3.5 and 4 read: times of day are
        text such as ``05:15:00.000000``, durations integers of microseconds, UUIDs
        text; nanoseconds become microseconds, floats of 16 bits such of 32, decimals
        at most 38 digits long, or an error where a value would lose something.
    :raises ConfigurationError: for another value of an option.
    """

    compression: Literal["zstd", "snappy", "lz4"] | None = "zstd"
    # As many as DuckDB reads at once with one thread.
    row_group_size: int = 122_880
    #: As pyarrow calls it, which changes names and less of the types.
    flavor: Literal["spark"] | None = None

    media_type = "application/vnd.apache.parquet"
    suffix = "parquet"

    def __post_init__(self) -> None:
        super().__post_init__()
        codecs = ("zstd", "snappy", "lz4", None)
        check_choice("compression", self.compression, codecs)
        check_choice("flavor", self.flavor, (None, "spark"))
        size: object = self.row_group_size
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ConfigurationError(
                f"row_group_size= takes a number of rows from 1, but it is {size!r}."
            )

    def _opened(self, schema: Any) -> Any:
        if self.flavor == "spark":
            from .spark import readable

            schema = readable(schema)
        try:
            return self._writer_of(schema)
        except NotImplementedError as error:
            raise self._refusal(schema, error) from error

    def _writer_of(self, schema: Any) -> Any:
        parquet = require("pyarrow.parquet", "arrow", "Parquet")
        return parquet.ParquetWriter(
            self._sink,
            schema,
            compression=self.compression or "none",
            dictionary_pagesize_limit=_DICTIONARY,
        )

    def _refusal(self, schema: Any, cause: Exception) -> RowError:
        """Return the error of the first column whose type Parquet lacks."""
        for column in schema:
            try:
                self._writer_of(import_pyarrow().schema([column]))
            except NotImplementedError:
                return RowError.of_column(column.name, str(column.type), "Parquet")
        raise cause

    def begin_arrow(self, schema: Any) -> bytes:
        """Return the first four bytes, which all Parquet files have.

        :raises RowError: when two columns have the same name, or a column a type that
            Parquet lacks.
        """
        return super().begin_arrow(_storable(schema))

    def feed_arrow(self, batch: Any) -> bytes:
        """Return the bytes of the row groups that a batch makes full.

        :raises RowError: for a value that another schema has no place for.
        """
        return super().feed_arrow(_without_views(batch))

    @property
    def _convert(self) -> Convert | None:
        if self.flavor is None:
            return None
        from .spark import converted

        return converted

    def _pass(self, batch: Any) -> None:
        self._keep(batch)
        # Its source may fill its buffers anew for the next one.
        self._held.own()

    def _keep(self, batch: Any) -> None:
        held = self._held
        most = max(_BYTES, _COLUMN_BYTES * batch.num_columns)
        while batch.num_rows:
            rows = min(batch.num_rows, self.row_group_size - held.rows)
            part = batch.slice(0, rows)
            if held.rows and held.size + part.nbytes > most:
                self._flush()
                continue
            while rows > 1 and part.nbytes > most:
                rows //= 2
                part = batch.slice(0, rows)
            held.add(part)
            if held.rows == self.row_group_size:
                self._flush()
            batch = batch.slice(rows)

    def _flush(self) -> None:
        if self._held.rows:
            self._writer.write_table(self._held.take())


def _storable(schema: Any) -> Any:
    """Return a schema without dictionaries of views, as polars has its categories.

    pyarrow cannot write these.
    """
    pa = import_pyarrow()
    plain = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    for place, each in enumerate(schema):
        if pa.types.is_dictionary(each.type) and each.type.value_type in plain:
            kind = plain[each.type.value_type]
            schema = schema.set(place, each.with_type(kind))
    return schema


def _without_views(batch: Any) -> Any:
    """Return a batch that has no such dictionaries."""
    schema = _storable(batch.schema)
    if schema is batch.schema:
        return batch
    columns = [
        column
        if column.type == kind
        # Views have no kernel that takes some of them.
        else column.dictionary.cast(kind).take(column.indices)
        for column, kind in zip(batch.columns, schema.types, strict=True)
    ]
    return import_pyarrow().RecordBatch.from_arrays(columns, schema=schema)
