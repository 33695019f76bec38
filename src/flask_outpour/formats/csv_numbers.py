"""Columns of numbers enter; their texts leave, with other digits or another sign."""

from __future__ import annotations

import re

from ..errors import ConfigurationError
from .columns import SEAM
from .columns import Writer

#: Without what would be no number to a reader, such as grouped thousands.
_SPECIFICATION = re.compile(r"\.\d{1,3}[efg]")


def check_floats(floats: object) -> None:
    """Refuse what is no format of floats.

    :raises ConfigurationError: says what is.
    """
    if floats is None or (isinstance(floats, str) and _SPECIFICATION.fullmatch(floats)):
        return
    raise ConfigurationError(
        'floats= takes a format of Python\'s for floats, such as ".2f" for two digits'
        f' behind the sign or ".3g" for three in all, but it is {floats!r}.'
    )


def float_writer(specification: str) -> Writer:
    """Return a writer of floats that rounds them as ``format()`` does."""
    return lambda values: [
        # As without a format.
        format(value, specification) if value == value else "NaN"
        for value in values
    ]


def with_comma(writer: Writer) -> Writer:
    """Return a writer of another one's numbers with a decimal comma."""
    return lambda values: SEAM.join(writer(values)).replace(".", ",").split(SEAM)
