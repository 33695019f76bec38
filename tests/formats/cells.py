"""Hypothesis strategies of cells, columns and tables of every type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from decimal import Decimal
from enum import Enum
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Any
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy
import pandas
from dateutil import tz
from hypothesis import strategies
from hypothesis.strategies import SearchStrategy
from markupsafe import Markup


class Colour(Enum):
    """An Enum of texts, one of which needs quotes."""

    RED = "red"
    ODD = 'o"d,d'


class Level(IntEnum):
    """An Enum of numbers that are numbers themselves."""

    LOW = 1
    HIGH = 10**20


# Unlike that of a StrEnum, its str() is not its value.
class Kind(str, Enum):  # noqa: UP042
    """An Enum of texts that are texts themselves."""

    EMPTY = ""
    LINE = "a\nb"


class Point(NamedTuple):
    """A named tuple as a cell."""

    x: int
    y: str


class Text(str):
    """A subclass that shows itself otherwise."""

    def __str__(self) -> str:
        return "other"


class Whole(int):
    """A subclass that shows itself otherwise."""

    def __repr__(self) -> str:
        return "other"


class Ratio(float):
    """A subclass that shows itself otherwise."""

    def __repr__(self) -> str:
        return "other"


class Moment(datetime):
    """A subclass of datetime, as pendulum's and freezegun's are."""


#: What readers and writers of text trip over.
HOSTILE = [
    *("", " ", '"', '""', ",", ";", "\t", "'", "\\", "\\.", "\\N", "/", "|", "#"),
    *(
        "\n",
        "\r",
        "\r\n",
        "\n\r",
        "\n\n",
        '"\n',
        'a"b',
        'a,b"',
        '"quoted"',
        "a\n\\.\nb",
    ),
    *(" a", "a ", "a b", "NULL", "null", "None", "nan", "NaN", "N/A", "inf", "true"),
    *("0", "007", "1e5", "-1", "+1", "1,5", "2020-01-01", "=1+1", "@a", "{}", "[1]"),
    *("\x01", "\x0b", "\x0c", "\x1a", "\x1c", "\x1e", "\x7f", "\x85", "\xa0"),
    *("\u2028", "\u2029", "\u200b", "\u202e", "\ufeff", "\ufffd", "\ufffe", "\uffff"),
    *("é", "ß", "Ł", "Ω", "日本", "e\u0301", "😀", "👩‍👩‍👧", "\U0010ffff"),
    *("<b>&amp;</b>", "</td>", "<script>", "]]>", "<!--", "x" * 5000, "ä," * 2000),
]

ZONES = [
    *(None, UTC, ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")),
    # Its offset had seconds until 1972.
    ZoneInfo("Africa/Monrovia"),
    *(timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=9))),
    *(timezone(timedelta(seconds=3607)), timezone(-timedelta(microseconds=1))),
    # These have no hash.
    *(tz.tzutc(), tz.gettz("Europe/Berlin")),
]

texts = strategies.one_of(
    strategies.text(max_size=20),
    strategies.sampled_from(HOSTILE),
    strategies.lists(strategies.sampled_from(HOSTILE), max_size=4).map("".join),
)
#: Lone ones: two that are a pair would be read as the sign that they stand for.
surrogates = strategies.builds(
    "{}{}{}".format,
    strategies.text(max_size=3),
    strategies.characters(categories=["Cs"]),
    strategies.text(max_size=3),
)
integers = strategies.one_of(
    strategies.integers(),
    strategies.integers(-1, 300),
    strategies.sampled_from([2**63, 2**64, -(2**63) - 1, 10**30]),
)
#: More digits than str() and json.dumps() write.
giants = strategies.sampled_from([10**5000, -(10**5000) + 1])
floats = strategies.one_of(
    strategies.floats(allow_nan=False, allow_infinity=False),
    strategies.floats(-1e6, 1e6).map(lambda value: round(value, 2)),
    # Where repr() begins to use an exponent, and where msgspec does.
    strategies.sampled_from([1e15, 1e16, 1e17, 1e-4, 1e-5, 1e22, 5e-324, -0.0, 0.1]),
)
decimals = strategies.one_of(
    strategies.decimals(allow_nan=False, allow_infinity=False, places=2),
    strategies.builds(
        lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
        strategies.integers(0, 1),
        strategies.lists(strategies.integers(0, 9), min_size=1, max_size=40),
        strategies.integers(-50, 50),
    ),
)
zones = strategies.sampled_from(ZONES)
buffers = strategies.binary(max_size=20)
uuids = strategies.uuids()

nested: SearchStrategy[Any] = strategies.recursive(
    strategies.one_of(
        *(strategies.none(), strategies.booleans(), integers, floats, decimals, texts),
        *(buffers, strategies.datetimes(timezones=zones), strategies.dates(), uuids),
        *(strategies.timedeltas(), surrogates),
    ),
    lambda inner: strategies.one_of(
        strategies.lists(inner, max_size=3),
        strategies.tuples(inner, inner),
        strategies.dictionaries(texts | surrogates, inner, max_size=3),
        strategies.dictionaries(
            strategies.none() | strategies.booleans() | integers | floats,
            inner,
            max_size=1,
        ),
    ),
    max_leaves=6,
)
containers = nested.filter(lambda value: isinstance(value, list | tuple | dict))

#: What a cell can be, so that the whole column is of one type.
PLAIN: dict[str, SearchStrategy[Any]] = {
    "bool": strategies.booleans(),
    "int": integers,
    "giant": giants | integers,
    "float": floats,
    "Decimal": decimals,
    "str": texts,
    "bytes": buffers,
    "date": strategies.dates(),
    "time": strategies.times(timezones=strategies.sampled_from(ZONES[:3])),
    "timedelta": strategies.timedeltas(),
    "UUID": uuids,
    "nested": containers,
}
#: What is written as something else is.
WRAPPED: dict[str, SearchStrategy[Any]] = {
    "Enum": strategies.sampled_from([*Colour, *Level, *Kind]),
    "subclass": strategies.one_of(
        texts.map(Text),
        texts.map(Markup),
        integers.map(Whole),
        floats.map(Ratio),
        strategies.builds(
            Moment.fromisoformat, strategies.datetimes().map(datetime.isoformat)
        ),
        strategies.builds(Point, integers, texts),
    ),
    "pandas": strategies.one_of(
        strategies.just(pandas.NaT),
        strategies.sampled_from([None, "UTC", "Europe/Berlin"]).map(
            lambda zone: pandas.Timestamp("2013-01-01 05:15:00.25", tz=zone)
        ),
    ),
    "numpy": strategies.one_of(
        strategies.integers(-(2**63), 2**63 - 1).map(numpy.int64),
        strategies.booleans().map(numpy.bool_),
        floats.map(numpy.float64),
        strategies.floats(0, 1, width=32).map(numpy.float32),
        texts.map(numpy.str_),
        strategies.dates().map(numpy.datetime64),
        strategies.lists(integers.filter(lambda number: abs(number) < 2**63)).map(
            lambda numbers: numpy.array(numbers, "int64")
        ),
    ),
    "buffer": buffers.map(bytearray) | buffers.map(memoryview),
    "address": strategies.integers(0, 2**32 - 1).map(IPv4Address),
}


def column(size: int) -> SearchStrategy[list[Any]]:
    """Return a strategy of one column: of one type, of one with gaps, or of all."""

    def cells(cell: SearchStrategy[Any]) -> SearchStrategy[list[Any]]:
        return strategies.lists(cell, min_size=size, max_size=size)

    moments = zones.flatmap(
        lambda zone: cells(
            strategies.none() | strategies.datetimes(timezones=strategies.just(zone))
        )
    )
    uniform = [*PLAIN.values(), *WRAPPED.values()]
    gaps = [strategies.none() | cell for cell in uniform]
    anything = strategies.one_of(*gaps, strategies.datetimes(timezones=zones))
    return strategies.one_of(moments, *map(cells, [*uniform, *gaps, anything]))


@strategies.composite
def batches(
    draw: strategies.DrawFn, most_columns: int = 3
) -> tuple[list[str], list[list[Sequence[Any]]]]:
    """Return names of columns, and rows that are cut into batches anywhere."""
    width = draw(strategies.integers(1, most_columns))
    names = draw(
        strategies.lists(texts, min_size=width, max_size=width, unique=True),
    )
    size = draw(strategies.integers(1, 12))
    rows = list(
        zip(*[draw(column(size)) for _ in range(width)], strict=True),
    )
    cuts = sorted(draw(strategies.sets(strategies.integers(1, size), max_size=3)))
    parts = zip([0, *cuts], [*cuts, size], strict=True)
    return names, [list(rows[begin:end]) for begin, end in parts if end > begin]
