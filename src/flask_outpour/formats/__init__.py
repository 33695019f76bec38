"""Batches of rows enter; bytes of a format leave.

::

    batch ──► transpose ──► texts of each column ──► rows put together ──► bytes
              columns       values, csv, json        columns

    record batch ──► texts of each column ──► lines, joined by Arrow ──► bytes
                     arrow_times, _strings     arrow_text, arrow_cells

    batch ──► record batch ──► held with others ──► pyarrow's writer ──► bytes
              schemas, arrays  recording            arrow, parquet

    batch ──► transpose ──► cells of each column ──► rows of a sheet ──► ZIP ──► bytes
              columns       workbooks                                    archives

Each format is one file: :mod:`csv`, :mod:`json`, :mod:`html`, :mod:`arrow`,
:mod:`parquet` and :mod:`xlsx`; :mod:`registry` finds them by name, suffix and media
type.
"""

from __future__ import annotations

from .arrow import Arrow
from .csv import CSV
from .csv import TSV
from .html import HTMLTable
from .json import JSON
from .json import JSONSequence
from .json import NDJSON
from .parquet import Parquet
from .registry import Format
from .registry import Formats
from .registry import require_format
from .xlsx import XLSX

#: In the order in which they are preferred where a client likes several as much.
BUILT_IN = Formats(
    [
        *(CSV(), TSV(), JSON(), NDJSON(), JSONSequence(), HTMLTable()),
        *(Arrow(), Parquet(), XLSX()),
    ]
)

__all__ = [
    "BUILT_IN",
    "CSV",
    "JSON",
    "NDJSON",
    "TSV",
    "XLSX",
    "Arrow",
    "Format",
    "Formats",
    "HTMLTable",
    "JSONSequence",
    "Parquet",
    "require_format",
]
