"""A locale enters; the options of CSV leave, by which its spreadsheets read a file."""

from __future__ import annotations

import re
from typing import Any

from ..errors import ConfigurationError
from ..extras import require

_ISO = "%Y-%m-%d"
#: Where LibreOffice reads CLDR's date as that date. Elsewhere it is a text to it, as in
#: Denmark, or another day, as in India; that of ISO is the same day everywhere.
_LOCAL = {
    "de": "AT CH DE LI LU",
    "en": "AU GB IE MY NZ PH US ZA",
    "es": "AR BO CL CO CR DO EC ES GT HN MX NI PE PY SV VE",
    "fr": "BE CH FR LU MC",
    "it": "CH IT",
    "nl": "BE NL",
    "zh": "CN HK TW",
    **{"az": "AZ", "be": "BY", "br": "FR", "ca": "ES", "cs": "CZ", "cy": "GB"},
    **{"dsb": "DE", "el": "GR", "et": "EE", "eu": "ES", "fi": "FI", "fil": "PH"},
    **{"fy": "NL", "ga": "IE", "gl": "ES", "id": "ID", "is": "IS", "ja": "JP"},
    **{"kk": "KZ", "ky": "KG", "lb": "LU", "lv": "LV", "ms": "MY", "mt": "MT"},
    **{"nb": "NO", "nn": "NO", "pl": "PL", "pt": "BR", "ro": "RO", "ru": "RU"},
    **{"sv": "FI", "tk": "TM", "tr": "TR", "tt": "RU", "uk": "UA", "ur": "PK"},
    **{"vi": "VN"},
}
_DATE = re.compile(r"(d+|M+|y+)([./-])(d+|M+|y+)\2(d+|M+|y+)")
_DIRECTIVES = {"d": "%d", "M": "%m", "y": "%Y"}
_CLOCK = "%H:%M:%S"


def options_of(locale: object, delimiter: str) -> dict[str, Any]:
    """Return the delimiter, the decimal sign and the patterns of a locale.

    :param locale: such as ``"de_DE"``, or a ``babel.Locale``.
    :param delimiter: that of the format, if the decimal sign does not need another.
    :raises ConfigurationError: for one that Babel does not know, or without Babel.
    """
    babel = require("babel", "locale", "CSV.for_locale()")
    numbers = require("babel.numbers", "locale", "CSV.for_locale()")
    if isinstance(locale, str):
        locale = _parsed(babel, locale)
    elif not isinstance(locale, babel.Locale):
        raise _refusal(locale)
    sign = numbers.get_decimal_symbol(locale, numbering_system="latn")
    dates = _date_pattern(babel, locale)
    return {
        "decimal": "," if sign == "," else ".",
        "delimiter": ";" if sign == delimiter else delimiter,
        **{"dates": dates, "times": _CLOCK, "datetimes": f"{dates} {_CLOCK}"},
    }


def _parsed(babel: Any, name: str) -> Any:
    try:
        return babel.Locale.parse(name, sep="_" if "_" in name else "-")
    except (ValueError, babel.UnknownLocaleError):
        raise _refusal(name) from None


def _refusal(locale: object) -> ConfigurationError:
    return ConfigurationError(
        'for_locale() takes a locale that Babel knows, such as "de_DE", or a'
        f" babel.Locale, but it is {locale!r}."
    )


def _date_pattern(babel: Any, locale: Any) -> str:
    """Return a pattern with two digits for days and months, and four for years."""
    likely = babel.core.get_global("likely_subtags").get(locale.language, "")
    territory = locale.territory or likely.rpartition("_")[2]
    match = _DATE.fullmatch(locale.date_formats["short"].pattern)
    if match is None or territory not in _LOCAL.get(locale.language, ""):
        return _ISO
    first, sign, second, third = match.groups()
    return sign.join(_DIRECTIVES[part[0]] for part in (first, second, third))
