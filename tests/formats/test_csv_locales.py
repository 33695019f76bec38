"""Tests of CSV for a locale: what Babel knows of it, and what is left as it is."""

from __future__ import annotations

from datetime import datetime
from datetime import UTC
from typing import Any

import pytest
from babel import Locale

from flask_outpour import CSV
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import TSV

LOCALES = {
    "de_DE": (";", ",", "03.02.2013", "-1,5"),
    "fr_FR": (";", ",", "03/02/2013", "-1,5"),
    "en_US": (",", ".", "02/03/2013", "-1.5"),
    "en_GB": (",", ".", "03/02/2013", "-1.5"),
    "pt_BR": (";", ",", "03/02/2013", "-1,5"),
    "ja_JP": (",", ".", "2013/02/03", "-1.5"),
    "sv_SE": (";", ",", "2013-02-03", "-1,5"),
    # Read as the third of February by no spreadsheet, or as the second of March.
    "da_DK": (";", ",", "2013-02-03", "-1,5"),
    "en_IN": (",", ".", "2013-02-03", "-1.5"),
    "hu_HU": (";", ",", "2013-02-03", "-1,5"),
    # Digits and months of their own, which Python's dates and numbers do not have.
    "fa_IR": (",", ".", "2013-02-03", "-1.5"),
}


@pytest.mark.parametrize("name", LOCALES)
def test_locales(name: str) -> None:
    """A locale has its delimiter, decimal sign, and order of a date."""
    delimiter, decimal, day, number = LOCALES[name]
    for locale in (name, name.replace("_", "-"), Locale.parse(name), f"{name}.UTF-8"):
        format = CSV.for_locale(locale)
        assert (format.delimiter, format.decimal) == (delimiter, decimal)
        moment = datetime(2013, 2, 3, 17, 15, 1, 5, UTC)
        row = (moment.date(), moment, moment.time(), -1.5)
        line = delimiter.join([day, f"{day} 17:15:01", "17:15:01", number])
        assert format.begin("abcd") + format.feed([row]) == (
            f"{delimiter.join('abcd')}\n{line}\n".encode()
        )


def test_options_beside_a_locale() -> None:
    """Others can be given, and come before those of the locale; TSV keeps its tab."""
    format = CSV.for_locale("de_DE", excel=True, delimiter="|", dates=None)
    expected = CSV(
        excel=True,
        delimiter="|",
        decimal=",",
        times="%H:%M:%S",
        datetimes="%d.%m.%Y %H:%M:%S",
    )
    assert format == expected
    assert type(TSV.for_locale("de_DE")) is TSV
    assert TSV.for_locale("de_DE").delimiter == "\t"


@pytest.mark.parametrize("locale", ["", "xx", "german", "de_XX_yyyy", "de DE", None, 3])
def test_unknown_locales(locale: Any) -> None:
    """What Babel does not know is an error that says what it takes."""
    with pytest.raises(ConfigurationError, match=r"takes a locale that Babel knows"):
        CSV.for_locale(locale)
