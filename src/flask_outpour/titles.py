"""Names of columns enter; the titles that a format writes in their place leave."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from .errors import ConfigurationError

#: What stands in the place of a column's name: text, or what becomes it.
Titles = Mapping[str, Any]


class Titling:
    """Give the columns of the tables of one stream their titles.

    :param format: of this stream alone. One that has titles of its own, as a workbook
        has, is given these as well.
    """

    def __init__(self, format: Any) -> None:
        own = getattr(format, "titles", None)
        self._own = own if isinstance(own, Mapping) else None
        #: What the format reads of these, table by table.
        self._read: dict[str, str] = {}
        if self._own is not None:
            format.titles = self._read

    def names(
        self, columns: Sequence[str], titles: Titles | None, table: str | None
    ) -> Sequence[str]:
        """Return what a format is to write for some columns.

        :raises ConfigurationError: where a title is that of no column.
        """
        # What has no rows may have no names either.
        odd = [name for name in titles or () if name not in columns]
        if columns and odd:
            of = "" if table is None else f" of {table!r}"
            raise ConfigurationError(
                f"titles= names {', '.join(map(repr, odd))}, but the columns{of} are"
                f" {', '.join(columns)}."
            )
        # A lazy text is one of the request's language here.
        texts = {name: _text(title) for name, title in (titles or {}).items()}
        if self._own is not None:
            self._read.clear()
            self._read.update({**self._own, **texts})
            return columns
        return tuple(texts.get(name, name) for name in columns)


def _text(title: Any) -> str:
    return str.__str__(title) if isinstance(title, str) else str(title)


def retitled(batch: Any, names: Sequence[str]) -> Any:
    """Return a record batch or a schema of Arrow's with other names."""
    if hasattr(batch, "rename_columns"):
        return batch.rename_columns(list(names))
    import pyarrow

    fields = [field.with_name(name) for field, name in zip(batch, names, strict=True)]
    return pyarrow.schema(fields, batch.metadata)
