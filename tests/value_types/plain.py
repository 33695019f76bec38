"""Python's plain types at their limits: what they mean is what they are."""

from __future__ import annotations

import math
import uuid
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from decimal import Decimal

from dateutil import tz

from value_types.cases import Cases
from value_types.odd import BERLIN
from value_types.odd import FailingZone
from value_types.odd import FOLD
from value_types.odd import NAN
from value_types.odd import NoOffset
from value_types.odd import Odd

CASES = Cases()
same, means, makes, refused = CASES.same, CASES.means, CASES.makes, CASES.refused

same(
    True,
    False,
    0,
    -1,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    2**63,
    2**64 - 1,
    2**64,
    -(2**70),
    10**5000,
)
same(
    0.0,
    -0.0,
    0.1,
    1e16,
    1.7976931348623157e308,
    5e-324,
    1.2345678901234568e17,
    NAN,
    math.inf,
    -math.inf,
    1e-05,
    9007199254740992.0,
)
same(
    Decimal("1.50"),
    Decimal("1E+3"),
    Decimal("1E-10"),
    Decimal("0E-8"),
    Decimal("-0"),
    Decimal("0E+5"),
    Decimal("NaN"),
    Decimal("-NaN"),
    Decimal("sNaN"),
    Decimal("NaN123"),
    Decimal("Infinity"),
    Decimal("-Infinity"),
    Decimal("9" * 38),
    Decimal("9" * 39),
    Decimal("1." + "1" * 80),
    Decimal("1E+400"),
    Decimal("1E-400"),
)
same("abc", "", 'a"b', "a\r\nb", "None", '{"a": 1}', "a\x00b", "a\tb", "\ud800", "=1+1")
same(b"\x00\xff", b"")
same(date(2013, 1, 1), date.min, date.max, date(1900, 2, 28))
same(
    datetime(2013, 1, 1, 5, 15),
    datetime(2013, 1, 1, 5, 15, 0, 1),
    datetime.min,
    datetime.max,
    datetime(2013, 1, 1, tzinfo=UTC),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    FOLD,
    datetime(2013, 1, 1, fold=1),
    datetime(2013, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    datetime(2013, 1, 1, tzinfo=timezone(timedelta(seconds=1))),
    datetime(2013, 1, 1, tzinfo=timezone(timedelta(microseconds=-1))),
    datetime(
        2013,
        1,
        1,
        tzinfo=timezone(
            timedelta(hours=23, minutes=59, seconds=59, microseconds=999999)
        ),
    ),
    datetime(2013, 1, 1, tzinfo=Odd()),
    datetime(2013, 1, 1, tzinfo=tz.gettz("Europe/Berlin")),
    datetime(2013, 1, 1, tzinfo=tz.tzlocal()),
    datetime(2013, 1, 1, tzinfo=tz.UTC),
    datetime(2013, 1, 1, tzinfo=tz.tzoffset("X", 3601)),
    datetime(1800, 1, 1, tzinfo=BERLIN),
    datetime(2013, 3, 31, 2, 30, tzinfo=BERLIN),
    datetime(2013, 1, 1, tzinfo=NoOffset()),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
)
refused("dtfail", datetime(2013, 1, 1, tzinfo=FailingZone()))
same(
    time(5, 15),
    time(5, 15, 0, 1),
    time.min,
    time.max,
    time(1, fold=1),
    time(5, tzinfo=UTC),
    time(5, tzinfo=timezone(timedelta(seconds=-1))),
    time(5, tzinfo=BERLIN),
    time(5, tzinfo=NoOffset()),
)
refused("tfail", time(1, tzinfo=FailingZone()))
same(
    timedelta(days=1, hours=2, seconds=4.5),
    timedelta(0),
    timedelta(seconds=-90),
    timedelta.max,
    timedelta.min,
    timedelta(microseconds=-1),
    timedelta.resolution,
)
same(
    uuid.UUID(int=1),
    [1, None, "a"],
    [],
    {},
    {"a": 1.5, "b": [1]},
    [[1], [2, [3]]],
    [{"a": 1}],
    [NAN],
)
