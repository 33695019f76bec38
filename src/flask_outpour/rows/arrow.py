"""Anything that streams Arrow's columns enters; its rows leave, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain
from typing import Any

from ..errors import SourceError
from ..extras import require
from .batches import FULL
from .duckdb_types import exact_relation
from .frames import has_objects
from .frames import is_frame
from .frames import is_mixed
from .frames import readable
from .frames import rows_of_frame
from .frames import with_distinct_names
from .model import Rows
from .shapes import picked

#: Rows of a piece at most. In shorter ones, what a call of Arrow costs counts; longer
#: ones do not stay in a processor's cache.
PIECE = 16_384
#: Bytes of a piece, about; rows of long text make it shorter.
PIECE_BYTES = 2 << 20


def is_arrow(source: Any) -> bool:
    """Whether this is a table, frame or stream in Arrow's columns, or leads to one."""
    return not isinstance(source, type) and (
        hasattr(source, "__arrow_c_stream__") or _opener(source) is not None
    )


def rows_of_arrow(source: Any, *, columns: Sequence[str] | None) -> Rows:
    """Begin to read a source of record batches.

    :param columns: which columns, in which order; or as many new names.
    :raises ConfigurationError: where pyarrow is missing.
    :raises SourceError: for what is not made of columns, or has not these.
    """
    pa = require("pyarrow", "arrow", f"A source such as {type(source).__name__}")
    from ..arrow_values import batches_of

    named: Sequence[str] | None = None
    if is_frame(source):
        named = [str(name) for name in source.columns]
        source = readable(with_distinct_names(source, named))
        if is_mixed(source):
            return rows_of_frame(source, *_chosen(named, columns))
    with ExitStack() as closing:
        if hasattr(source, "close"):
            closing.callback(source.close)
        _require_values(source)
        try:
            origin = _read(source, pa)
        except Exception:
            if named is None or not has_objects(source):
                raise
            # Arrow cannot have one of its objects. That may not matter to a format, or
            # else its row and column are to be told.
            return rows_of_frame(source, *_chosen(named, columns))
        # It lets go of what its source then closes.
        closing.callback(origin.close)
        batches = origin
        if hasattr(source, "adbc_cancel"):
            # It waits for its database without Python's lock. Others are in memory,
            # have threads of their own, or may run Python.
            from .ahead import fetched_ahead

            batches = fetched_ahead(iter(origin), cancel=source.adbc_cancel)
            closing.callback(batches.close)
        places, names = _chosen(named or origin.schema.names, columns)
        fields = [
            origin.schema.field(place).with_name(name)
            for place, name in zip(places, names, strict=True)
        ]
        pieces = _pieces(batches, places, names)
        closing.callback(pieces.close)
        reader = pa.RecordBatchReader.from_batches(pa.schema(fields), pieces)
        return Rows(
            names,
            batches_of(reader, FULL),
            reader=reader,
            close=closing.pop_all().close,
        )
    raise AssertionError


def _opener(source: Any) -> Callable[[], Any] | None:
    """Return what opens the stream of a source, where that is not the source."""
    if hasattr(source, "sql_query"):
        # A relation of DuckDB's; old versions read all of it for the other protocol.
        # Its batches are then as long as is wanted here, which saves memory.
        return lambda: _reader_of_relation(exact_relation(source))
    if hasattr(source, "adbc_statement"):
        # A cursor of ADBC.
        return source.fetch_record_batch  # type: ignore[no-any-return]
    if hasattr(source, "scanner") and hasattr(source, "get_fragments"):
        # A dataset of pyarrow's.
        return lambda: source.scanner(batch_size=PIECE, batch_readahead=2).to_reader()
    if hasattr(source, "scan_batches"):
        return source.to_reader  # type: ignore[no-any-return]
    if hasattr(source, "reset_index"):
        # A frame of pandas, whose index would be a column or not, by how it was made.
        return lambda: source.reset_index(drop=True)
    if hasattr(source, "collect_batches"):
        # A lazy frame of polars'.
        return lambda: _Frames(source)
    return None


def _reader_of_relation(relation: Any) -> Any:
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    return read(PIECE)


def _read(source: Any, pa: Any) -> Any:
    opener = _opener(source)
    try:
        stream = source if opener is None else opener()
    except Exception as error:
        if not hasattr(source, "adbc_statement") or "before execute" not in str(error):
            raise
        # So ADBC has it of a cursor that was closed, too.
        raise SourceError(
            f"The {type(source).__name__} has no result: it has executed nothing, or"
            " the block that opened it has ended. Keep its connection open until the"
            " end of the stream, for example in flask.g."
        ) from error
    if isinstance(stream, pa.RecordBatchReader):
        return stream
    try:
        return pa.RecordBatchReader.from_stream(stream)
    except (pa.ArrowTypeError, pa.ArrowNotImplementedError, ValueError) as error:
        if type(source).__name__ == "Series":
            raise SourceError(
                "A Series is a single column, and no rows. Make a frame of it:"
                " series.to_frame()."
            ) from error
        raise SourceError(
            f"{type(source).__name__} cannot be read as columns of Arrow: {error}"
        ) from error


class _Frames:
    """The stream of a lazy frame, which polars collects in parts."""

    def __init__(self, lazy: Any) -> None:
        self._lazy = lazy

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        import pyarrow as pa

        schema = pa.RecordBatchReader.from_stream(self._lazy.head(0).collect()).schema
        batches = chain.from_iterable(
            map(pa.RecordBatchReader.from_stream, self._lazy.collect_batches())
        )
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        return reader.__arrow_c_stream__(requested_schema)


def _require_values(source: Any) -> None:
    """Check that no column of a frame of polars has what Arrow has no type for.

    Of objects of Python it would get the addresses.

    :raises SourceError: names the first one that does.
    """
    if not hasattr(source, "collect_schema"):
        return
    for name, dtype in source.collect_schema().items():
        if str(dtype) == "Object":
            raise SourceError(
                f"The column {name!r} holds Python objects, which Arrow has no values"
                " for. Convert it, or drop it from the frame."
            )
        if "Int128" in str(dtype):
            raise SourceError(
                f"The column {name!r} is of type {dtype}, and Arrow has no integers of"
                f" 128 bits. Convert it: polars.col({name!r}).cast(polars.Decimal(38,"
                " 0)), or to polars.String."
            )


def _chosen(
    named: Sequence[str], columns: Sequence[str] | None
) -> tuple[Sequence[int], Sequence[str]]:
    """Return the places of the wanted columns, and their names."""
    if columns is None:
        return range(len(named)), named
    if (places := picked(columns, named)) is not None:
        return places, columns
    if len(columns) != len(named):
        raise SourceError(
            f"columns= names {', '.join(columns)}, but the columns of the source are"
            f" {', '.join(named)}. Name some of these, or give each a new name."
        )
    return range(len(named)), columns


def _pieces(
    batches: Iterable[Any], places: Sequence[int], names: Sequence[str]
) -> Generator[Any, None, None]:
    """Yield record batches with the wanted columns, none of them long."""
    for batch in batches:
        if not batch.num_rows:
            continue
        batch = batch.select(list(places)).rename_columns(list(names))
        size = _piece(batch)
        for begin in range(0, batch.num_rows, size):
            yield batch.slice(begin, size)


def _piece(batch: Any) -> int:
    """Return how many rows of a batch go together."""
    # Shared buffers of text views count for each batch, so this may be far too small.
    width: int = batch.nbytes // batch.num_rows
    return max(16, min(PIECE, PIECE_BYTES // max(1, width)))
