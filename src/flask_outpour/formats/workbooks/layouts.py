"""Options for the columns of tables enter; what they say of one table leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Set
from typing import Any
from typing import get_args
from typing import NamedTuple

from ...errors import ConfigurationError
from .choices import Function

#: Says of a row, as a dict, whether it is bold.
IsBold = Callable[[dict[str, Any]], object]

#: Signs of a format code, says Excel.
_LONGEST_FORMAT = 255
_UNFIT = re.compile("[\0-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FUNCTIONS = get_args(Function)


class Layout(NamedTuple):
    """What the sheets of one table look like; see :class:`~flask_outpour.XLSX`."""

    titles: Mapping[str, str]
    number_formats: Mapping[str, str]
    widths: Mapping[str, float]
    totals: Mapping[str, Function]
    links: Set[str]
    bold: IsBold | None
    filter: bool
    freeze: bool


def by_table(option: Any) -> dict[str | None, Any]:
    """Return what an option says by the names of tables; ``None`` is for all of them.

    A dict has what it says of columns, and of tables what it says of their columns.
    """
    if not option or not isinstance(option, Mapping):
        return {None: option}
    of_all = {
        name: said
        for name, said in option.items()
        if isinstance(said, str | int | float)
    }
    of_one = {name: said for name, said in option.items() if name not in of_all}
    return {None: of_all, **of_one}


def said_of(option: Mapping[str, Any], table: str | None) -> dict[str, Any]:
    """Return what a dict says of the columns of a table."""
    said = by_table(option)
    return {**said[None], **(said.get(table) or {})}


# Checks


def check_columns(
    option: str, value: object, takes: str, fits: Callable[[Any], bool]
) -> None:
    """Check a dict of columns, or of tables and such dicts.

    :param takes: what it takes for a column, for the error.
    :raises ConfigurationError: names the option.
    """
    if not all(
        isinstance(said, Mapping)
        and all(isinstance(name, str) and fits(each) for name, each in said.items())
        for said in by_table(value).values()
    ):
        raise ConfigurationError(
            f"{option}= takes a dict of columns and {takes}, or such a dict for each of"
            f" several tables, but it is {value!r}."
        )


def check_titles(titles: object) -> None:
    """Check that titles are texts."""
    check_columns("titles", titles, "texts", _is_text)


def check_widths(widths: object) -> None:
    """Check that widths are some that Excel has."""
    check_columns(
        "widths",
        widths,
        "numbers of characters up to 255",
        lambda width: isinstance(width, int | float) and 0 < width <= 255,
    )


def check_totals(totals: object) -> None:
    """Check that totals are functions that are known."""
    names = ", ".join(map(repr, _FUNCTIONS))
    check_columns("totals", totals, f"one of {names}", _FUNCTIONS.__contains__)


def check_links(links: object) -> None:
    """Check that links are names of columns."""
    if not all(map(_are_columns, by_table(links).values())):
        raise ConfigurationError(
            "links= takes a list of columns, or such a list for each of several tables,"
            f" but it is {links!r}."
        )


def _are_columns(links: object) -> bool:
    if isinstance(links, str | Mapping):
        return not links
    return isinstance(links, Collection) and all(map(_is_text, links))


def check_bold(bold: object) -> None:
    """Check that what marks rows can be called."""
    for said in by_table(bold).values():
        if said and not callable(said):
            raise ConfigurationError(
                "bold= takes a function that is given a row as a dict, or such a"
                f" function for each of several tables, but it is {bold!r}."
            )


def check_number_formats(formats: Any) -> None:
    """Check that format codes are some that Excel could read."""
    check_columns("number_formats", formats, "texts", _is_text)
    for code in codes_in(formats):
        if not _is_format_code(code):
            raise ConfigurationError(
                "number_formats= takes format codes as Excel has them, of 1 to"
                f' {_LONGEST_FORMAT} signs, such as "#,##0.00" or "dd.mm.yyyy", but'
                f" there is {code!r}."
            )


def codes_in(formats: Mapping[str, Any]) -> list[str]:
    """Return all format codes that an option has."""
    return [code for said in by_table(formats).values() for code in said.values()]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_format_code(code: str) -> bool:
    """Whether Excel could read a code, and no code of Python's was meant."""
    if not 0 < len(code) <= _LONGEST_FORMAT or _UNFIT.search(code):
        return False
    # Without what is shown as it is, the colours and conditions, and the words.
    bare = re.sub(r'(?i)[\\_*].|"[^"]*"|\[[^\]]*\]|general|am/pm|a/p', "", code)
    # What is left are the letters of an English Excel: of times, eras and exponents.
    return not re.search(r'(?i)["{}\[\]]|%[a-z]|[acfi-ln-rt-xz]', bare)
