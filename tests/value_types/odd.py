"""Classes whose objects stand in cells: subclasses, zones, and what fails."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import ipaddress
import mmap
import typing
import uuid
import weakref
import zoneinfo
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NAN = float("nan")


class Number(int):
    def __str__(self) -> str:
        return "not its digits"

    __repr__ = __str__


class Real(float):
    __repr__ = __str__ = lambda self: "not its digits"


class Exact(Decimal):
    __repr__ = __str__ = lambda self: "not its digits"


class Text(str):
    __repr__ = __str__ = lambda self: "another text"


class Bytes(bytes): ...


class Day(date): ...


class Moment(datetime): ...


class Clock(time): ...


class Span(timedelta): ...


class Ident(uuid.UUID): ...


class Items(list): ...


class Pair(tuple): ...


class Fields(dict): ...


class Network(ipaddress.IPv4Network): ...


class Colour(enum.Enum):
    RED = "red"
    NOTHING = None
    LIST = [1, 2]  # noqa: RUF012
    DICT = {"a": Decimal(1)}  # noqa: RUF012
    DAY = date(2013, 1, 1)
    OTHER = object()


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    ONE = "one"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class IntRight(enum.IntFlag):
    READ = 1
    WRITE = 2


class Rate(float, enum.Enum):
    HALF = 0.5


Point = collections.namedtuple("Point", "x y")


class Typed(typing.NamedTuple):
    x: int
    y: str


class Keys(typing.TypedDict):
    a: int


@dataclasses.dataclass
class Plain:
    a: int
    b: Any = None


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    a: int


@dataclasses.dataclass
class Late:
    a: int
    b: int = dataclasses.field(init=False)


class Meta(type): ...


class Made(metaclass=Meta): ...


class HasHTML:
    def __html__(self) -> str:
        return "<b>x</b>"


class Mean:
    """Fails at whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("nothing is to be asked")


class Liar:
    """Has every attribute."""

    def __getattr__(self, name: str) -> Any:
        if name == "__html__":
            raise AttributeError
        return self

    def __call__(self, *args: Any, **kw: Any) -> Any:
        return self


class Mean_repr:
    def __repr__(self):
        raise RuntimeError("no repr")

    __str__ = __repr__


class Odd(dt.tzinfo):
    def utcoffset(self, moment):
        return timedelta(hours=5, minutes=53, seconds=28, microseconds=7)

    def tzname(self, moment):
        return None

    def dst(self, moment):
        return None


class NoOffset(dt.tzinfo):
    def utcoffset(self, moment):
        return None

    def tzname(self, moment):
        return None

    def dst(self, moment):
        return None


class FailingZone(dt.tzinfo):
    def utcoffset(self, moment):
        raise LookupError("no such zone")


class NoMapping(collections.abc.Mapping):
    def __getitem__(self, k):
        raise RuntimeError("gone")

    def __iter__(self):
        raise RuntimeError("gone")

    def __len__(self):
        return 1


class NoList(collections.abc.MutableSequence):
    def __getitem__(self, k):
        raise RuntimeError("gone")

    def __setitem__(self, k, v): ...
    def __delitem__(self, k): ...
    def insert(self, k, v): ...
    def __len__(self):
        raise RuntimeError("gone")


class Seq(collections.abc.Sequence):
    def __getitem__(self, k):
        return [1, 2][k]

    def __len__(self):
        return 2


class MSeq(collections.abc.MutableSequence):
    def __init__(self):
        self.x = [1, 2]

    def __getitem__(self, k):
        return self.x[k]

    def __setitem__(self, k, v): ...
    def __delitem__(self, k): ...
    def insert(self, k, v): ...
    def __len__(self):
        return 2


def dead() -> Any:
    made = Made()
    return weakref.proxy(made)


def released():
    view = memoryview(b"x")
    view.release()
    return view


def mapped():
    m = mmap.mmap(-1, 4)
    m[:] = b"abcd"
    return m


def looped():
    x = []
    x.append(x)
    return x


def looped_dict():
    x = {}
    x["a"] = x
    return x


def deep():
    x = []
    for _ in range(100_000):
        x = [x]
    return x


def unbound():
    raise RuntimeError("no object is bound")


class BadMoment(datetime):
    def isoformat(self, *a):
        return "not this"

    __str__ = __repr__ = isoformat
    year = 5


class BadDay(date):
    def isoformat(self, *a):
        return "not this"

    __str__ = __repr__ = isoformat


class BadClock(time):
    def isoformat(self, *a):
        return "not this"

    __str__ = __repr__ = isoformat


class BadSpan(timedelta):
    days = property(lambda self: 77)

    def total_seconds(self):
        return 5.0

    def __neg__(self):
        return 5


class BadBytes(bytes):
    def __bytes__(self):
        return b"no"


FOLD = datetime(2013, 10, 27, 2, 30, fold=1, tzinfo=BERLIN)
