"""A column of values enters; its cells leave, but for their references."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Set
from datetime import datetime
from decimal import Decimal
from functools import partial
from math import isfinite
from sys import float_info
from typing import Any
from typing import NamedTuple

from ..csv import FREE_WRITERS
from ..csv import WRITERS
from ..genuine import Genuine
from ..values import base_of
from ..values import Column
from ..values import decimal_texts
from ..values import float_texts
from ..values import int_texts
from ..values import plain
from ..values import Texts
from .choices import LongText
from .choices import Zones
from .serials import SERIALS
from .texts import as_elements
from .texts import fitting
from .texts import is_spaced

#: Digits that a cell keeps of a number, says Excel.
_DIGITS = 15
_MOST = 10**_DIGITS
#: Below this a double has fewer digits, and Excel takes it for zero.
_LEAST = float_info.min

_TEXT = '" t="inlineStr"><is><t>'
_SPACED = '" t="inlineStr"><is><t xml:space="preserve">'
_TEXT_END = "</t></is></c>"
_BOOLEAN = '" t="b"><v>'
_END = "</v></c>"
EMPTY = '"/>'
_BOOLEANS = {True: "1", False: "0"}


class Written(NamedTuple):
    """Cells from behind their references, the same at both ends."""

    before: str
    texts: Texts
    after: str

    def whole(self) -> Texts:
        """Return each cell with its ends."""
        return [f"{self.before}{text}{self.after}" for text in self.texts]


class Styles(NamedTuple):
    """The numbers of the styles by which a column's cells show what they are."""

    number: int
    #: For whole seconds, and for parts of one.
    times: Mapping[type, tuple[int, int]]
    #: The format code that the column was given, if it was.
    code: str | None = None
    #: Of a second, as times show them.
    parts: int = 1000


class Cells:
    """Write the values of one column, whole columns of one type at a time.

    The cell of a value never depends on the values around it, or the same rows would
    not give the same bytes however they come.

    :param zones: whether times with a zone are written in UTC, or as text with it.
    :param long_text: whether text that is too long is an error, or cut.
    """

    def __init__(self, styles: Styles, *, zones: Zones, long_text: LongText) -> None:
        self.styles = styles
        self._number = _number(styles.number)
        self._code = styles.code
        self._parts = styles.parts
        self._zones = zones
        self._long_text = long_text
        self._writers: dict[type, Callable[[Column], Written]] = {
            bool: _booleans,
            int: self._integers,
            float: self._floats,
            Decimal: self._decimals,
        }
        for kind, writer in FREE_WRITERS.items():
            self._writers[kind] = partial(self._texts_of, writer)
        for kind, (whole, parted) in styles.times.items():
            befores = _number(whole), _number(parted)
            self._writers[kind] = partial(self._times, kind, *befores)

    def write(self, values: Column, kinds: Set[type]) -> Written:
        """Return the cells of a column.

        :param kinds: the types of the values.
        :raises Exception: for a value that cannot be written; see :meth:`cell`.
        """
        is_nullable = type(None) in kinds
        if is_nullable:
            kinds = kinds - {type(None)}
        if len(kinds) != 1 or not kinds <= self._writers.keys():
            return _of(list(map(self.cell, values)))
        (kind,) = kinds
        writer = self._writers[kind]
        if not is_nullable:
            return writer(values)
        before, texts, after = writer([v for v in values if v is not None])
        rest = iter(texts)
        return _of(
            [EMPTY if v is None else f"{before}{next(rest)}{after}" for v in values]
        )

    def cell(self, value: Any) -> str:
        """Return the cell of one value of any type.

        :raises TypeError: for a value of no type that is known.
        :raises ValueError: for text that is too long, or that UTF-8 lacks.
        """
        value = plain(value)
        if value is None:
            return EMPTY
        return self._writers[base_of(value)]([value]).whole()[0]

    def shown(self, value: Any) -> str:
        """Return about what a value looks like in its cell."""
        value = plain(value)
        if value is None:
            return ""
        if isinstance(value, int) and abs(value) >= _MOST:
            return int_texts([value])[0]
        if isinstance(value, bytes | list | dict):
            return FREE_WRITERS[type(value)]([value])[0]
        is_text = isinstance(value, str) or (
            isinstance(value, Decimal) and not value.is_finite()
        )
        if self._code is not None and not is_text:
            return _shown_by(self._code, value)
        if isinstance(value, float):
            return f"{value:.11g}"
        if isinstance(value, datetime) and self._zones == "utc":
            value = value.replace(tzinfo=None)
        return str(value)

    def _integers(self, values: Column) -> Written:
        if min(values) > -_MOST and max(values) < _MOST:
            return Written(self._number, int_texts(values), _END)
        return self._some_as_text(int_texts(values), [abs(v) < _MOST for v in values])

    def _floats(self, values: Column) -> Written:
        texts = float_texts(values)
        joined = ",".join(texts)
        # NaN and infinities have an n, and very small numbers such an exponent.
        if "n" in joined or "e-3" in joined:
            return self._some_as_text(
                WRITERS[float](values),
                [isfinite(v) and (not v or abs(v) >= _LEAST) for v in values],
            )
        return Written(self._number, texts, _END)

    def _decimals(self, values: Column) -> Written:
        texts = decimal_texts(values)
        # NaN and Infinity have letters.
        if max(map(len, texts)) <= _DIGITS and "n" not in "".join(texts).lower():
            return Written(self._number, texts, _END)
        return self._some_as_text(texts, list(map(_is_exact, values)))

    def _some_as_text(self, texts: Texts, are_numbers: list[bool]) -> Written:
        """Write the numbers that a cell cannot hold as texts."""
        texts = fitting(texts, self._long_text)
        return _of(
            [
                f"{self._number}{text}{_END}" if fits else f"{_TEXT}{text}{_TEXT_END}"
                for text, fits in zip(texts, are_numbers, strict=True)
            ]
        )

    def _texts_of(self, writer: Callable[[Column], Texts], values: Column) -> Written:
        texts = fitting(writer(values), self._long_text)
        texts, is_some_spaced = as_elements(texts)
        if not is_some_spaced:
            return Written(_TEXT, texts, _TEXT_END)
        befores = [_SPACED if is_spaced(text) else _TEXT for text in texts]
        return _of([f"{b}{t}{_TEXT_END}" for b, t in zip(befores, texts, strict=True)])

    def _times(self, kind: type, whole: str, parted: str, values: Column) -> Written:
        if (
            kind is Genuine.datetime
            and self._zones == "text"
            and any(v.tzinfo for v in values)
        ):
            found = None
        else:
            found = SERIALS[kind](values, self._parts)
        if found is not None:
            texts, are_whole = found
            if all(are_whole):
                return Written(whole, texts, _END)
            befores = [whole if is_whole else parted for is_whole in are_whole]
            return _of([f"{b}{t}{_END}" for b, t in zip(befores, texts, strict=True)])
        if len(values) > 1:
            return _of(list(map(self.cell, values)))
        (text,) = {**WRITERS, **FREE_WRITERS}[kind](values)
        return Written(_TEXT, [text], _TEXT_END)


def _shown_by(code: str, value: Any) -> str:
    """Return what is about as long as a number or time that a format code shows."""
    positive = code.partition(";")[0]
    if not isinstance(value, int | float | Decimal):
        # The names of days and months have up to nine letters.
        return re.sub(r"(?i)d{4}|m{4}", "x" * 9, positive)
    decimals = re.search(r"\.([0#?]+)", positive)
    literal = re.sub(r'[0#?,.%"\\]|\[[^\]]*\]', "", positive)
    value = float(value) * (100 if "%" in positive else 1)
    return f"{value:,.{len(decimals[1]) if decimals else 0}f}{literal}"


def _of(cells: Texts) -> Written:
    return Written("", cells, "")


def _number(style: int) -> str:
    return f'" s="{style}"><v>' if style else '"><v>'


def _booleans(values: Column) -> Written:
    return Written(_BOOLEAN, list(map(_BOOLEANS.__getitem__, values)), _END)


def _is_exact(value: Decimal) -> bool:
    """Whether a double, and a cell, hold all digits of a number."""
    # Unlike abs(), it does not round to the context's precision.
    size = value.copy_abs()
    if not value.is_finite() or size >= _MOST:
        return False
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    return len(digits) <= _DIGITS and (not value or size >= Decimal(_LEAST))
