"""Columns enter; their values as JSON text (RFC 8259) leave."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from datetime import time
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from ipaddress import IPv6Address
from json import JSONEncoder
from json.encoder import encode_basestring
from typing import Any
from typing import Literal
from uuid import UUID

from .columns import Writer
from .genuine import Genuine
from .json_nested import Change
from .json_nested import Preparation
from .values import base64_texts
from .values import base_of
from .values import bool_texts
from .values import Column
from .values import decimal_texts
from .values import duration_texts
from .values import float_texts
from .values import int_texts
from .values import iso_datetime_texts
from .values import iso_texts
from .values import plain
from .values import Texts

Decimals = Literal["string", "number"]
NaN = Literal["error", "null"]
#: How a lone surrogate, which UTF-8 lacks, is encoded: as JSON's escape, ``\ud800``.
ERRORS = "backslashreplace"
_TEXT = {str}
#: Below this, an integer is written without a look at its digits.
_SHORT = 10**18
#: A text that stands between nested values which are written as one list.
_SEAM = "\0"
#: What the json module writes as the value table asks; NaN is an error.
_ALWAYS = frozenset({bool, int, float, str})


def _as_texts(values: Column) -> Texts:
    return list(map(str, values))


#: What it does not write.
_CHANGES: dict[type, Change] = {
    bytes: base64_texts,
    Genuine.datetime: iso_datetime_texts,
    Genuine.date: iso_texts,
    time: iso_texts,
    timedelta: duration_texts,
    Decimal: decimal_texts,
    **dict.fromkeys((UUID, IPv4Address, IPv6Address), _as_texts),
}


class JSONText:
    """Write values as JSON.

    :param compact: whether nothing stands behind ``,`` and ``:``; else a space.
    :param decimal: ``"string"`` keeps the digits of a ``Decimal`` for every reader;
        ``"number"`` writes them as a number, which most readers round.
    :param nan: what JSON has no number for is an ``"error"`` or ``"null"``; ``None``
        is an error of a format that has no such option.
    """

    def __init__(
        self,
        *,
        compact: bool,
        decimal: Decimals = "string",
        nan: NaN | None = None,
    ) -> None:
        self._comma, self._colon = (",", ":") if compact else (", ", ": ")
        self._nan = nan
        numbers = decimal == "number"
        changes = dict(_CHANGES)
        if numbers:
            del changes[Decimal]
        self._prepared = Preparation(_ALWAYS, changes, lambda names: None).column
        self._encode = JSONEncoder(
            ensure_ascii=False,
            # What holds itself is too deep, in the end.
            check_circular=False,
            allow_nan=False,
            separators=(self._comma, self._colon),
        ).encode
        self.writers: Mapping[type, Writer] = {
            bool: bool_texts,
            int: int_texts,
            float: self._floats,
            Decimal: self._decimals if numbers else _quoted(decimal_texts),
            str: lambda values: list(map(encode_basestring, values)),
            bytes: _quoted(base64_texts),
            Genuine.datetime: _quoted(iso_datetime_texts),
            Genuine.date: _quoted(iso_texts),
            time: _quoted(iso_texts),
            timedelta: _quoted(duration_texts),
            **dict.fromkeys((dict, list, tuple), self._nested),
        }

    def texts(self, values: Column) -> Texts:
        """Return a column of nested values as texts that UTF-8 can encode."""
        return [text.encode("utf-8", ERRORS).decode() for text in self._nested(values)]

    def value(self, value: Any) -> str:
        """Return the text of any value.

        :raises TypeError: for a value that is none of the base types.
        :raises ValueError: for a float that JSON cannot write.
        """
        value = plain(value)
        if value is None:
            return "null"
        kind = base_of(value)
        if kind is list:
            return self._array(value)
        if kind is dict:
            return self._object(value)
        return self.writers[kind]([value])[0]

    def _nested(self, values: Column) -> Texts:
        """Write lists and dicts, by the json module where it knows all inside."""
        texts = None
        # For NaN, a long integer, or a name that is no text: these are then found, and
        # written or refused, value by value.
        with suppress(Exception):
            texts = self._at_once(values)
        return list(map(self.value, values)) if texts is None else texts

    def _at_once(self, values: Column) -> Texts | None:
        ready = self._prepared(values, set(map(type, values)))
        if ready is None:
            return None
        parts = [_SEAM] * (2 * len(ready) - 1)
        parts[::2] = ready
        seam = f"{self._comma}{encode_basestring(_SEAM)}{self._comma}"
        texts = self._encode(parts)[1:-1].split(seam)
        # A list may have the seam in it.
        return texts if len(texts) == len(values) else None

    def _array(self, values: Sequence[Any]) -> str:
        if values and set(map(type, values)) == _TEXT:
            return f"[{self._comma.join(map(encode_basestring, values))}]"
        return f"[{self._comma.join(map(self._member, values))}]"

    def _object(self, values: Mapping[Any, Any]) -> str:
        members = [
            f"{self._name(name)}{self._colon}{self._member(value)}"
            for name, value in values.items()
        ]
        return f"{{{self._comma.join(members)}}}"

    def _member(self, value: Any) -> str:
        kind = type(value)
        if kind is str:
            # Most are, and the way by the writers of columns takes ten times as long.
            return encode_basestring(value)
        if kind is int and -_SHORT < value < _SHORT:
            return int.__repr__(value)
        try:
            return self.value(value)
        except TypeError as error:
            # The innermost value is to blame.
            name = type(value).__name__
            raise TypeError(str(error) or f"it has a {name} inside") from None

    def _name(self, name: Any) -> str:
        if type(name) is str:
            return encode_basestring(name)
        name = plain(name)
        # As json.dumps() has it: the name of a number is its text.
        text = name if isinstance(name, str) else self.value(name)
        if not isinstance(name, str | int | float | None):
            raise TypeError
        return encode_basestring(text)

    def _floats(self, values: Column) -> Texts:
        return self._finite(float_texts(values))

    def _decimals(self, values: Column) -> Texts:
        return self._finite(decimal_texts(values))

    def _finite(self, texts: Texts) -> Texts:
        if "n" not in "".join(texts).lower():
            return texts
        if self._nan != "null":
            cure = 'nan="null" writes null' if self._nan else "give None in its place"
            found = next(text for text in texts if "n" in text.lower())
            raise ValueError(
                f"JSON has no NaN and no infinity, such as {found}; {cure}"
            )
        return ["null" if "n" in text.lower() else text for text in texts]


def _quoted(writer: Writer) -> Writer:
    return lambda values: [f'"{text}"' for text in writer(values)]
