"""What separates the cells and lines of CSV enters; an error leaves, if it cannot."""

from __future__ import annotations

import re

from ..errors import ConfigurationError
from .encoding import Encoding

_DELIMITER = re.compile(r"[!#-*,;<>-@\[-^`{-~\t\x1c-\x1f]")


def check_separators(delimiter: str, line_end: str, decimal: str) -> None:
    """Refuse what does not separate.

    :raises ConfigurationError: says what does.
    """
    if not _DELIMITER.fullmatch(delimiter):
        raise ConfigurationError(
            f"{delimiter!r} cannot be the delimiter of CSV: it takes one"
            " character that no number, date or quoted cell has, such as"
            r' ",", ";", "|" or "\t".'
        )
    if delimiter == decimal:
        raise ConfigurationError(
            "A comma cannot be both the decimal sign and the delimiter of CSV:"
            ' write CSV(decimal=",", delimiter=";").'
        )
    if line_end not in ("\n", "\r\n"):
        raise ConfigurationError(
            f'{line_end!r} cannot end a line of CSV: "\\n" and "\\r\\n" can.'
        )


def check_encoding(
    name: str, encoding: Encoding, delimiter: str, bom: bool | None
) -> None:
    """Refuse what an encoding lacks, or has in any case.

    :raises ConfigurationError: says what to write instead.
    """
    if not encoding.keeps(delimiter):
        raise ConfigurationError(
            f"{name} cannot encode {delimiter!r}: give another delimiter."
        )
    if bom and not encoding.is_universal:
        raise ConfigurationError(
            f"There is no byte order mark of {name}: leave bom out, or write"
            ' encoding="utf-8".'
        )
    if bom is False and encoding.is_marked:
        raise ConfigurationError(
            f"{name} begins with a byte order mark: for a file without one write"
            ' encoding="utf-8", or "utf-16-le".'
        )
