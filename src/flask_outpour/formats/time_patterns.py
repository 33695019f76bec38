"""Dates and times enter; the texts that a pattern of ``strftime`` makes leave."""

from __future__ import annotations

import re
from datetime import date
from datetime import datetime
from typing import Any

from ..errors import ConfigurationError
from .columns import Writer
from .values import Column
from .values import Texts

#: The directives of strftime() for what a date has, and for what a time of day has;
#: not all systems know all of them, and the flags, such as the "-" of "%-d".
_OF_DATES = "aAbBCdDeFgGhjmuUVwWxyY"
_OF_TIMES = "fHIklMprRSTXzZ"
_OTHERS = "%nt"
_DIRECTIVE = re.compile("%[-_0^#]?(.?)", re.DOTALL)
#: Those of a year, which most systems write without its zeros at the left.
_YEARS = re.compile("%([%CFGY])")
#: From here on they have none.
_LONG = 1000
_SAMPLE = datetime(2001, 2, 3, 4, 5, 6)


def check_patterns(dates: object, times: object, datetimes: object) -> None:
    """Refuse what is no pattern, and one for what its values do not have.

    strftime() itself would write the hour of a date, as if that were midnight.

    :raises ConfigurationError: says what the option takes.
    """
    for option, pattern, known, example in (
        ("dates", dates, _OF_DATES, "%d.%m.%Y"),
        ("times", times, _OF_TIMES, "%H:%M"),
        ("datetimes", datetimes, f"{_OF_DATES}{_OF_TIMES}c", "%d.%m.%Y %H:%M:%S"),
    ):
        if pattern is not None and (fault := _fault(pattern, known)) is not None:
            raise ConfigurationError(
                f'{option}= takes a pattern of strftime(), such as "{example}", but it'
                f" is {pattern!r}{fault}."
            )


def _fault(pattern: object, known: str) -> str | None:
    if not isinstance(pattern, str):
        return ""
    found = _DIRECTIVE.findall(pattern)
    for directive in found:
        if not directive or directive not in known + _OTHERS:
            return f", and such values have no %{directive}"
    if set(found) <= {*_OTHERS}:
        return ", which is the same for all of them"
    try:
        _SAMPLE.strftime(pattern)
    except ValueError as error:
        return f": {error}"
    return None


def pattern_writer(pattern: str) -> Writer:
    """Return a writer of dates, of times of day, or of both together.

    A year has four digits on every system, as in ISO 8601.
    """

    def texts(values: Column) -> Texts:
        return [
            value.strftime(
                pattern if getattr(value, "year", _LONG) >= _LONG else early(value)
            )
            for value in values
        ]

    def early(value: Any) -> str:
        return _YEARS.sub(lambda match: _of_year(match[1], value), pattern)

    return texts


def _of_year(directive: str, value: date) -> str:
    match directive:
        case "Y":
            return f"{value.year:04}"
        case "G":
            return f"{value.isocalendar().year:04}"
        case "C":
            return f"{value.year // 100:02}"
        case "F":
            return value.strftime(f"{value.year:04}-%m-%d")
    return "%%"
