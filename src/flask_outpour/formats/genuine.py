"""Types enter that a test may have replaced; those of the standard library leave."""

from __future__ import annotations

import datetime
from typing import Any


def _genuine(kind: type) -> Any:
    return next(base for base in kind.__mro__ if base.__module__ == "datetime")


class Genuine:
    """The types by which dates and times are looked up, and compared with.

    While time stands still for a test, freezegun has subclasses of these under the
    names of every module, and a table that is made meanwhile would keep them for good.
    It does not look into classes.
    """

    date: type[datetime.date] = _genuine(datetime.date)
    datetime: type[datetime.datetime] = _genuine(datetime.datetime)
