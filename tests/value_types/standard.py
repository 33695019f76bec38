"""What of the standard library can stand in a cell, and what it means."""

from __future__ import annotations

import abc
import array
import collections
import contextvars
import ctypes
import dataclasses
import functools
import http
import io
import ipaddress
import itertools
import operator
import pathlib
import random
import re
import string
import struct
import sys
import threading
import time as clock
import types
import typing
import urllib.parse
import uuid
import weakref
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from fractions import Fraction
from typing import Any
from unittest import mock

from dateutil.relativedelta import relativedelta
from markupsafe import Markup
from werkzeug.local import LocalProxy

from value_types.cases import Cases
from value_types.odd import BadBytes
from value_types.odd import BadClock
from value_types.odd import BadDay
from value_types.odd import BadMoment
from value_types.odd import BadSpan
from value_types.odd import BERLIN
from value_types.odd import Bytes
from value_types.odd import Clock
from value_types.odd import Colour
from value_types.odd import Day
from value_types.odd import dead
from value_types.odd import deep
from value_types.odd import Exact
from value_types.odd import Fields
from value_types.odd import HasHTML
from value_types.odd import Ident
from value_types.odd import IntRight
from value_types.odd import Items
from value_types.odd import Keys
from value_types.odd import Late
from value_types.odd import Level
from value_types.odd import Liar
from value_types.odd import looped
from value_types.odd import looped_dict
from value_types.odd import Made
from value_types.odd import mapped
from value_types.odd import Mean
from value_types.odd import Mean_repr
from value_types.odd import Moment
from value_types.odd import MSeq
from value_types.odd import Network
from value_types.odd import NoList
from value_types.odd import NoMapping
from value_types.odd import Number
from value_types.odd import Pair
from value_types.odd import Plain
from value_types.odd import Point
from value_types.odd import Rate
from value_types.odd import Real
from value_types.odd import released
from value_types.odd import Right
from value_types.odd import Seq
from value_types.odd import Slotted
from value_types.odd import Span
from value_types.odd import Text
from value_types.odd import Typed
from value_types.odd import unbound
from value_types.odd import Word

CASES = Cases()
same, means, makes, refused = CASES.same, CASES.means, CASES.makes, CASES.refused

means("Number", Number(5), 5)
means("Real", Real(0.5), 0.5)
means("Exact", Exact("1.50"), Decimal("1.50"))
means("Text", Text("abc"), "abc")
means("Bytes", Bytes(b"a"), b"a")
means("Day", Day(2013, 1, 1), date(2013, 1, 1))
means("Moment", Moment(2013, 1, 1), datetime(2013, 1, 1))
means("Clock", Clock(1), time(1))
means("Span", Span(1), timedelta(1))
means("Ident", Ident(int=1), uuid.UUID(int=1))
means("Items", Items([1]), [1])
means("Pair", Pair((1, 2)), [1, 2])
means("Fields", Fields(a=1), {"a": 1})
means("Network", Network("10.0.0.0/8"), "10.0.0.0/8")
means("red", Colour.RED, "red")
means("enumNone", Colour.NOTHING, None)
means("enumlist", Colour.LIST, [1, 2])
means("enumdict", Colour.DICT, {"a": Decimal(1)})
means("enumday", Colour.DAY, date(2013, 1, 1))
refused("enumobj", Colour.OTHER)
means("IntEnum", Level.HIGH, 3)
means("StrEnum", Word.ONE, "one")
means("Flag", Right.READ, 1)
means("Flags", Right.READ | Right.WRITE, 3)
means("IntFlag", IntRight.READ | IntRight.WRITE, 3)
means("Flag0", Right(0), 0)
means("Rate", Rate.HALF, 0.5)
means("HTTPStatus", http.HTTPStatus.OK, 200)
means("HTTPMethod", http.HTTPMethod.GET, "GET")
means("safeuuid", uuid.SafeUUID.safe, 0)
means("reflag", re.I, 2)
means("bytearray", bytearray(b"a"), b"a")
means("memoryview", memoryview(b"abc"), b"abc")
means("mvstep", memoryview(b"abcd")[::2], b"ac")
makes("mmap", mapped)
means("arrayi", array.array("i", [1, 2]), [1, 2])
means("arrayf", array.array("f", [0.1]), [0.1])
means("arrayd", array.array("d", [0.1]), [0.1])
means("arrayu", array.array("u", "ab"), ["a", "b"])
means("arrayb", array.array("b", [1]), [1])
means("arrayB", array.array("B", [1]), [1])
means("arrayQ", array.array("Q", [2**64 - 1]), [2**64 - 1])
makes(
    "mvf",
    lambda: memoryview(array.array("f", [0.5])),
    array.array("f", [0.5]).tobytes(),
)
makes("released", released)
for ip in ("10.0.0.1", "::1", "fe80::1%eth0"):
    means(ip, ipaddress.ip_address(ip), ip)
for ip in ("10.0.0.0/8", "::/0"):
    means(ip, ipaddress.ip_network(ip), ip)
for ip in ("10.0.0.1/8", "::1/64"):
    means("if" + ip, ipaddress.ip_interface(ip), ip)
means("deque", collections.deque([1, 2]), [1, 2])
means("OrderedDict", collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2})
means("Counter", collections.Counter("aab"), {"a": 2, "b": 1})
means("defaultdict", collections.defaultdict(int, a=1), {"a": 1})
means(
    "ChainMap",
    collections.ChainMap({"a": 1}, {"b": 2}),
    dict(collections.ChainMap({"a": 1}, {"b": 2})),
)
means("proxy", types.MappingProxyType({"a": 1}), {"a": 1})
means("UserDict", collections.UserDict(a=1), {"a": 1})
means("UserList", collections.UserList([1]), [1])
means("UserString", collections.UserString("ab"), "ab")
means("Point", Point(1, 2), [1, 2])
means("Typed", Typed(1, "a"), [1, "a"])
means("Keys", Keys(a=1), {"a": 1})
means("tuple", (1, None), [1, None])
means("etuple", (), [])
means("MSeq", MSeq(), [1, 2])
refused("Seq", Seq())
means("structseq", clock.gmtime(0), list(clock.gmtime(0)))
means("Plain", Plain(1), {"a": 1, "b": None})
means("PlainIn", Plain(1, Plain(2)), {"a": 1, "b": {"a": 2, "b": None}})
means("Slotted", Slotted(1), {"a": 1})
means("PlainDate", Plain(1, [date(2013, 1, 1)]), {"a": 1, "b": [date(2013, 1, 1)]})
refused("Plainset", Plain(1, {1}))
refused("Late", Late(1))
refused("Plainclass", Plain)
for n, v in {
    "complex": 1j,
    "Fraction": Fraction(1, 3),
    "set": {1, 2},
    "eset": set(),
    "frozenset": frozenset([1]),
    "range": range(3),
    "slice": slice(1),
    "object": object(),
    "pattern": re.compile("a"),
    "match": re.match("a", "a"),
    "type": int,
    "enumclass": Colour,
    "NamedTupleclass": Typed,
    "function": len,
    "lambda": lambda: 1,
    "method": "a".upper,
    "partial": functools.partial(int),
    "exception": ValueError("x"),
    "excclass": KeyError,
    "NotImplemented": NotImplemented,
    "Ellipsis": ...,
    "zone": BERLIN,
    "timezone": UTC,
    "template": string.Template("a"),
    "module": sys,
    "path": pathlib.Path("/a"),
    "ppath": pathlib.PurePosixPath("a"),
    "wpath": pathlib.PureWindowsPath("a"),
    "SimpleNamespace": types.SimpleNamespace(a=1),
    "generic": list[int],
    "union": int | str,
    "TypeVar": typing.TypeVar("T"),
    "Any": Any,
    "dictkeys": {"a": 1}.keys(),
    "dictvalues": {"a": 1}.values(),
    "dictitems": {"a": 1}.items(),
    "StringIO": io.StringIO("a"),
    "BytesIO": io.BytesIO(b"a"),
    "lock": threading.Lock(),
    "relativedelta": relativedelta(days=1),
    "Mean": Mean(),
    "Meanrepr": Mean_repr(),
    "Made": Made(),
    "Meta": Made,
    "NoMapping": NoMapping(),
    "NoList": NoList(),
    "liar": Liar(),
    "Context": contextvars.copy_context(),
    "itemgetter": operator.itemgetter(1),
    "ContextVar": contextvars.ContextVar("x"),
    "Random": random.Random(),
    "Struct": struct.Struct("i"),
    "code": (lambda: 1).__code__,
    "cint": ctypes.c_int(1),
    "carray": (ctypes.c_int * 2)(1, 2),
    "cell": types.CellType(1),
    "super": super(Items, Items()),
    "property": property(),
    "ABC": abc.ABC,
    "count": itertools.count(),
    "field": dataclasses.field(),
    "date_meth": date.today,
}.items():
    refused(n, v)
means("isocal", date(2013, 1, 1).isocalendar(), [2013, 1, 2])
means("urlparts", urllib.parse.urlsplit("http://a/b"), ["http", "a", "/b", "", ""])
means("version", sys.version_info, list(sys.version_info))
makes("generator", lambda: (i for i in [1]))
makes("iter", lambda: iter([1]))
makes("map", lambda: map(int, "1"))
makes("zip", lambda: zip("a", "b", strict=True))
makes("enumerate", lambda: enumerate("a"))
makes("deadproxy", dead)
makes("looped", looped)
makes("loopeddict", looped_dict)
makes("deep", deep)
_alive = Made()
refused("weakref", weakref.ref(_alive))
refused("proxyalive", weakref.proxy(_alive))
means("LocalProxy", LocalProxy(lambda: 5), 5)
means("LocalProxys", LocalProxy(lambda: "abc"), "abc")
means("LocalProxyd", LocalProxy(lambda: {"a": 1}), {"a": 1})
means("LocalProxydate", LocalProxy(lambda: date(2013, 1, 1)), date(2013, 1, 1))
means("LocalProxydt", LocalProxy(lambda: datetime(2013, 1, 1)), datetime(2013, 1, 1))
means("LocalProxyNone", LocalProxy(lambda: None), None)
means("LocalProxyfloat", LocalProxy(lambda: 0.5), 0.5)
means("LocalProxylist", LocalProxy(lambda: [1]), [1])
means("LocalProxybool", LocalProxy(lambda: True), True)
means("LocalProxydec", LocalProxy(lambda: Decimal("1.5")), Decimal("1.5"))
means("LocalProxytd", LocalProxy(lambda: timedelta(1)), timedelta(1))
means("LocalProxybytes", LocalProxy(lambda: b"a"), b"a")
means("LocalProxyuuid", LocalProxy(lambda: uuid.UUID(int=1)), uuid.UUID(int=1))
refused("LocalProxyobj", LocalProxy(lambda: object()))
refused("unbound", LocalProxy(unbound))
means("Markup", Markup("<b>"), "<b>")
means("HasHTML", HasHTML(), "<b>x</b>")
means("dictint", {1: "a"}, {1: "a"})
means("dictnone", {None: 1}, {None: 1})
means("dictbool", {True: 1}, {True: 1})
means("dictfloat", {0.5: 1}, {0.5: 1})
refused("dicttuple", {(1, 2): 3})
refused("dictdate", {date(2013, 1, 1): 3})
means("dictenum", {Word.ONE: 1}, {"one": 1})
refused("dictbytes", {b"a": 1})
refused("listset", [{1}])
refused("dictset", {"a": {1}})
refused("dictdec", {Decimal(1): 1})
means("dictText", {Text("abc"): 1}, {"abc": 1})
means("dictNumber", {Number(5): 1}, {5: 1})
means("dictNumberflag", {Level.HIGH: 1}, {3: 1})
means(
    "BadMoment",
    BadMoment(2013, 1, 1, tzinfo=BERLIN, fold=1),
    datetime(2013, 1, 1, tzinfo=BERLIN, fold=1),
)
means("BadDay", BadDay(2013, 1, 1), date(2013, 1, 1))
means("BadClock", BadClock(1, tzinfo=UTC), time(1, tzinfo=UTC))
means("BadClockn", BadClock(1), time(1))
means("BadSpan", BadSpan(1), timedelta(1))
means("BadSpanm", BadSpan(-1, 5), timedelta(-1, 5))
means("BadBytes", BadBytes(b"a"), b"a")
for spec in (
    None,
    int,
    str,
    date,
    datetime,
    Decimal,
    list,
    dict,
    timedelta,
    uuid.UUID,
    Plain,
):
    refused(f"Mock {spec}", mock.MagicMock(spec=spec))
refused("NonCallableMock", mock.NonCallableMock())
