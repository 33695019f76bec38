"""A file of real flights enters; their values, and the texts that CSV has, leave."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

SAMPLE = Path(__file__).parent / "data" / "flights.csv.zip"


ALL = Path(__file__).parents[2] / "shared" / "data" / "flights.csv.zip"


#: Columns of text and of time; the others are whole numbers.
TEXTS = {"carrier", "tailnum", "origin", "dest"}


@dataclass(frozen=True)
class Flights:
    """Flights as values of Python, and as the texts that CSV has of them."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    texts: list[tuple[str, ...]]


def read(path: Path) -> Flights:
    """Return the flights of a file; ``NA`` is ``None``, and nothing in CSV."""
    # The same text is the same object, else all flights take a gigabyte.
    number = cache(lambda cell: None if cell == "NA" else int(cell))
    text = cache(lambda cell: None if cell == "NA" else cell)
    in_csv = cache(text_in_csv)
    kinds = {"time_hour": cache(datetime.fromisoformat), **dict.fromkeys(TEXTS, text)}
    with ZipFile(path) as archive, archive.open("flights.csv") as file:
        records = csv.reader(TextIOWrapper(file, "utf-8", newline=""))
        flights = Flights(tuple(next(records)), [], [])
        readers = [kinds.get(name, number) for name in flights.columns]
        while block := list(islice(records, 1000)):
            columns = list(zip(*block, strict=True))
            flights.rows.extend(zip(*map(map, readers, columns), strict=True))
            flights.texts.extend(zip(*(map(in_csv, c) for c in columns), strict=True))
    return flights


def text_in_csv(cell: str) -> str:
    """Return what our CSV has of a cell of the file."""
    if cell == "NA":
        return ""
    return cell.replace("T", " ").replace("Z", "+00:00") if len(cell) == 20 else cell


FLIGHTS = read(SAMPLE)


COLUMNS, ROWS = FLIGHTS.columns, FLIGHTS.rows
