"""What numpy, pandas, polars and pyarrow put into a cell, and what it means."""

from __future__ import annotations

from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from value_types.cases import Cases

CASES = Cases()
same, means, makes, refused = CASES.same, CASES.means, CASES.makes, CASES.refused

NAN = float("nan")
for t in (
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.uint8,
    np.uint16,
    np.uint32,
    np.uint64,
    np.longlong,
):
    i = np.iinfo(t)
    means(f"{t(0).dtype.char} max", t(i.max), int(i.max))
    means(f"{t(0).dtype.char} min", t(i.min), int(i.min))
for t in (np.float16, np.float32, np.float64):
    means(t.__name__, t(0.5), 0.5)
    means(f"{t.__name__}0.1", t(0.1), 0.1)
    means(t.__name__ + "nan", t("nan"), NAN)
    means(t.__name__ + "inf", t("-inf"), float("-inf"))
    means(t.__name__ + "-0", t(-0.0), -0.0)
refused("longdouble", np.longdouble(0.1))
means("npbool", np.bool_(True), True)
refused("complex64", np.complex64(1))
refused("complex128", np.complex128(1))
means("np.str_", np.str_("ab"), "ab")
means("np.bytes_", np.bytes_(b"ab"), b"ab")
refused("clongdouble", np.clongdouble(1))
means("npdate", np.datetime64("2013-01-01"), date(2013, 1, 1))
means("nps", np.datetime64("2013-01-01T05:15:00"), datetime(2013, 1, 1, 5, 15))
means(
    "npus",
    np.datetime64("2013-01-01T05:15:00.000001"),
    datetime(2013, 1, 1, 5, 15, 0, 1),
)
means(
    "npns",
    np.datetime64("2013-01-01T05:15:00.000001000"),
    datetime(2013, 1, 1, 5, 15, 0, 1),
)
refused("npns1", np.datetime64("2013-01-01T05:15:00.000000001"))
means("npNaT", np.datetime64("NaT"), None)
means("npNaTns", np.datetime64("NaT", "ns"), None)
refused("np10000", np.datetime64("10000-01-01"))
refused("np-1", np.datetime64("-0001-01-01"))
means("npY", np.datetime64("2013"), date(2013, 1, 1))
means("npM", np.datetime64("2013-02"), date(2013, 2, 1))
means(
    "npW", np.datetime64("2013-02-07", "W"), np.datetime64("2013-02-07", "W").tolist()
)
means("nph", np.datetime64("2013-01-01T05"), datetime(2013, 1, 1, 5))
refused("nps10000", np.datetime64("10000-01-01T00:00:00"))
means("tds", np.timedelta64(90, "s"), timedelta(seconds=90))
means("tdD", np.timedelta64(1, "D"), timedelta(1))
means("tdW", np.timedelta64(1, "W"), timedelta(7))
means("tdns", np.timedelta64(1000, "ns"), timedelta(microseconds=1))
refused("tdns1", np.timedelta64(1, "ns"))
means("tdNaT", np.timedelta64("NaT"), None)
refused("tdY", np.timedelta64(1, "Y"))
refused("tdM", np.timedelta64(1, "M"))
refused("tdlarge", np.timedelta64(2**62, "s"))
refused("tdgeneric", np.timedelta64(5))
refused("tdlargeD", np.timedelta64(10**15, "D"))
refused("tdps", np.timedelta64(1, "ps"))
means("void", np.void(b"abc"), b"abc")
st = np.array([(1, 0.5, "a")], dtype=[("a", "i4"), ("b", "f4"), ("c", "U3")])
means("structrow", st[0], [1, 0.5, "a"])
means("structarray", st, [[1, 0.5, "a"]])
st2 = np.array([("2013-01-01T00:00:00", 0.1)], dtype=[("a", "M8[ns]"), ("b", "f4")])
means("structtime", st2[0], [datetime(2013, 1, 1), 0.1])
means("structtimes", st2, [[datetime(2013, 1, 1), 0.1]])
means("rec", np.rec.array([(1, 2)], dtype=[("a", int), ("b", int)])[0], [1, 2])
for dt in ("i1", "u8", "f8", "?", "U3", "S2"):
    a = np.array([0, 1], dtype=dt)
    means("arr" + dt, a, a.tolist())
means("arrf4", np.array([0.1, 0.5], "f4"), [0.1, 0.5])
means("arrf2", np.array([[0.1], [0.5]], "f2"), [[0.1], [0.5]])
means("arr0", np.array(5), 5)
means("arr0f", np.array(0.1, "f4"), 0.1)
means("arr0d", np.array("2013-01-01", "M8[ns]"), datetime(2013, 1, 1))
means("arrempty", np.array([]), [])
means("arr2", np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]])
refused("arrc", np.array([1j]))
means(
    "arrobj",
    np.array([1, None, "a", Decimal("1.5")], object),
    [1, None, "a", Decimal("1.5")],
)
refused("arrobjset", np.array([{1}], object))
means("arrdt", np.array(["2013-01-01", "NaT"], "M8[D]"), [date(2013, 1, 1), None])
means(
    "arrdtns", np.array(["2013-01-01", "NaT"], "M8[ns]"), [datetime(2013, 1, 1), None]
)
refused("arrdtns1", np.array([1], "M8[ns]"))
means("arrtd", np.array([90], "m8[s]"), [timedelta(seconds=90)])
means("arrbe", np.array([1, 2], ">i4"), [1, 2])
means("arrbef", np.array([0.1], ">f4"), [0.1])
means("f4be", np.array([0.1], ">f4")[0], 0.1)
means("arrbedt", np.array(["2013-01-01"], ">M8[s]"), [datetime(2013, 1, 1)])
refused("arrld", np.array([0.1], np.longdouble))
means("objarrf32", np.array([np.float32(0.1)], object), [0.1])
means(
    "objarrdt",
    np.array([np.datetime64("2013-01-01", "ns")], object),
    [datetime(2013, 1, 1)],
)
means("masked", np.ma.array([1, 2], mask=[0, 1]), [1, None])
means("maskedf4", np.ma.array([0.1, 2], mask=[0, 1], dtype="f4"), [0.1, None])
means("maskedconst", np.ma.masked, None)
means(
    "maskeddt",
    np.ma.array(np.array(["2013-01-01", "2014-01-01"], "M8[ns]"), mask=[0, 1]),
    [datetime(2013, 1, 1), None],
)
refused("dtype", np.dtype("i4"))
means("chararray", np.array(["a", "b"]), ["a", "b"])
refused("npgen", np.random.default_rng(1))
refused("ufunc", np.add)
refused("npnewaxis..", np.s_[1:2])
means("StringDType", np.array(["a", "b"], np.dtypes.StringDType()), ["a", "b"])
means("Timestamp", pd.Timestamp("2013-01-01 05:15"), datetime(2013, 1, 1, 5, 15))
means(
    "Timestampz",
    pd.Timestamp("2013-01-01 05:15", tz="Europe/Berlin"),
    datetime(2013, 1, 1, 5, 15, tzinfo=ZoneInfo("Europe/Berlin")),
)
means("NaT", pd.NaT, None)
means("NA", pd.NA, None)
means("Timedelta", pd.Timedelta(days=1, seconds=5), timedelta(days=1, seconds=5))
means("Timedelta-", pd.Timedelta(seconds=-5), timedelta(seconds=-5))
means("Timedelta-us", pd.Timedelta(microseconds=-5), timedelta(microseconds=-5))
refused("Period", pd.Period("2013-01"))
both = pd.Interval(pd.Timestamp("2013"), pd.Timestamp("2014"), closed="both")
refused("Interval of times", both)
refused("Interval", pd.Interval(1, 5))
refused(
    "Intervalb", pd.Interval(pd.Timestamp("2013"), pd.Timestamp("2014"), closed="both")
)
refused("Offset", pd.offsets.Day(1))
refused("DateOffset", pd.DateOffset(months=1))
means("Timestampyear1", pd.Timestamp(1, 1, 1), datetime(1, 1, 1))
means("Series", pd.Series([1, 2]), [1, 2])
means("Index", pd.Index([1, 2]), [1, 2])
refused("DataFrame", pd.DataFrame({"a": [1]}))
means("Categorical", pd.Categorical(["a", "b"]), ["a", "b"])
means("Int64array", pd.array([1, None], dtype="Int64"), [1, None])
refused("CategoricalDtype", pd.CategoricalDtype())
means("DatetimeIndex", pd.DatetimeIndex(["2013-01-01"]), [datetime(2013, 1, 1)])
means("catval", pd.Categorical(["a"])[0], "a")
means("catint", pd.Series([5], dtype="category")[0], 5)
means("Int64v", pd.array([5], dtype="Int64")[0], 5)
means("F32v", pd.array([0.1], dtype="Float32")[0], 0.1)
means("boolv", pd.array([True], dtype="boolean")[0], True)
means("strv", pd.array(["a"], dtype="string")[0], "a")
means("sparse", pd.array([1, 0], dtype="Sparse[int]")[0], 1)
means("dtv", pd.Series([datetime(2013, 1, 1)])[0], datetime(2013, 1, 1))
means(
    "arrowv",
    pd.array([Decimal("1.5")], dtype=pd.ArrowDtype(pa.decimal128(5, 2)))[0],
    Decimal("1.50"),
)
# A scalar of Arrow's has its own methods for its value.
refused("pa.Int8Scalar", pa.scalar(1, pa.int8()))
refused("pa.FloatScalar", pa.scalar(0.1, pa.float32()))
refused("pa.StringScalar", pa.scalar("a"))
refused("pa.BinaryScalar", pa.scalar(b"a"))
refused("pa.Decimal128Scalar", pa.scalar(Decimal("1.5")))
refused("pa.NullScalar", pa.scalar(None))
refused("pa.TimestampScalar", pa.scalar(datetime(2013, 1, 1)))
refused("pa.DurationScalar", pa.scalar(timedelta(1)))
refused("pa.ListScalar", pa.scalar([1]))
refused("pa.StructScalar", pa.scalar({"a": 1}))
refused("paArray", pa.array([1]))
refused("paType", pa.int8())
refused("paTable", pa.table({"a": [1]}))
refused("plSeries", pl.Series([1]))
refused("plDF", pl.DataFrame({"a": [1]}))
refused("plexpr", pl.col("a"))
refused("pllit", pl.lit(1))
refused("plLazy", pl.LazyFrame({"a": [1]}))
refused("plDtype", pl.Int8())
refused("pllast", pl.Int8)
for value in (datetime(2013, 1, 1), "a", Decimal("1.5"), timedelta(1)):
    means(f"polars {type(value).__name__}", pl.Series([value])[0], value)
refused("Timestamp late", pd.Timestamp(np.datetime64("20000-01-01", "s")))
refused("Timestamp early", pd.Timestamp(np.datetime64("-0005-01-01", "s")))
refused("Timedelta long", pd.Timedelta(np.timedelta64(2**50, "s")))
means("Float32array", pd.array([0.1, None], dtype="Float32"), [0.1, None])
means(
    "DatetimeTZ",
    pd.DatetimeIndex(["2013-01-01"], tz="UTC"),
    [datetime(2013, 1, 1, tzinfo=UTC)],
)
means("tdindex", pd.TimedeltaIndex([timedelta(1)]), [timedelta(1)])
refused("PeriodIndex", pd.PeriodIndex(["2013"], freq="Y"))
means(
    "nestedstruct",
    np.array(
        [(np.datetime64("2013-01-01", "ns"), (0.1,))],
        dtype=[("a", "M8[ns]"), ("b", [("c", "f4")])],
    )[0],
    [datetime(2013, 1, 1), [0.1]],
)
means("bedtns", np.array(["2013-01-01"], ">M8[ns]"), [datetime(2013, 1, 1)])
means(
    "objns",
    np.array([np.datetime64("2013-01-01", "ns"), None], object),
    [datetime(2013, 1, 1), None],
)
means("3dns", np.array([[["2013-01-01"]]], "M8[ns]"), [[[datetime(2013, 1, 1)]]])
means("structobj", np.array([(np.float32(0.1),)], dtype=[("a", object)])[0], [0.1])
means("subarray", np.array([([0.1, 0.5],)], dtype=[("a", "f4", 2)])[0], [[0.1, 0.5]])
