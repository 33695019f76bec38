"""Format codes enter; the styles of a workbook's cells leave, and their part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from datetime import timedelta
from xml.sax.saxutils import quoteattr

from ..genuine import Genuine
from .cells import Styles
from .parts import DECLARATION
from .parts import MAIN

#: How times are shown: those of whole seconds, and those of parts of one.
_TIMES = {
    Genuine.datetime: ("yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd hh:mm:ss.000"),
    Genuine.date: ("yyyy-mm-dd", "yyyy-mm-dd"),
    time: ("hh:mm:ss", "hh:mm:ss.000"),
    timedelta: ("[h]:mm:ss", "[h]:mm:ss.000"),
}
#: Below are Excel's own, some of which differ from country to country.
_FIRST_FORMAT = 164
#: A cell of a row, as far as its style.
_CELL = re.compile(r'(<c r="[A-Z]+[0-9]+")(?: s="([0-9]+)")?')


def bold(style: int) -> int:
    """Return the bold one of a style."""
    return style + 1


HEADER_STYLE = bold(0)


def bolded(cells: str) -> str:
    """Return the cells of a row in bold."""
    return _CELL.sub(lambda cell: f'{cell[1]} s="{bold(int(cell[2] or 0))}"', cells)


def parts_shown(code: str) -> int:
    """Return the parts of a second that a format code shows: 1, 10, 100 or 1000."""
    # Without what is shown as it is, and without colours, conditions and languages.
    bare = re.sub(r'(?i)[\\_*].|"[^"]*"|\[(?!h+\]|m+\]|s+\])[^\]]*\]', "", code)
    found = re.search(r"(?i)s\]?\.(0{1,3})", bare)
    return 10 ** len(found[1]) if found else 1


class StyleSheet:
    """Number the styles of a workbook's cells. Behind each one is the same in bold.

    :param codes: the format codes that columns have of their own.
    :param links: whether there are links.
    """

    def __init__(self, codes: Iterable[str], *, links: bool) -> None:
        fixed = [code for codes in _TIMES.values() for code in codes]
        self._codes = list(dict.fromkeys([*fixed, *codes]))
        self._has_links = links
        #: Of the cells that are links, where there are some.
        self.link = 2 * (1 + len(self._codes))

    def of(self, code: str | None) -> Styles:
        """Return the styles of a column's cells.

        :param code: that of the column.
        """
        if code is not None:
            style = self._style(code)
            times = dict.fromkeys(_TIMES, (style, style))
            return Styles(style, times, code, parts_shown(code))
        times = {
            kind: (self._style(whole), self._style(parted))
            for kind, (whole, parted) in _TIMES.items()
        }
        return Styles(0, times)

    def _style(self, code: str) -> int:
        return 2 * (1 + self._codes.index(code))

    def xml(self) -> str:
        """Return the part that describes the styles."""
        formats = "".join(
            f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
            for number, code in enumerate(self._codes, _FIRST_FORMAT)
        )
        numbers = [0, *range(_FIRST_FORMAT, _FIRST_FORMAT + len(self._codes))]
        styles = [_style(number, font) for number in numbers for font in (0, 1)]
        font = '<sz val="11"/>{}<name val="Calibri"/><family val="2"/>'
        fonts = [font.format(""), f"<b/>{font.format('')}"]
        if self._has_links:
            blue = font.format('<color rgb="FF0563C1"/>')
            fonts += [f"<u/>{blue}", f"<b/><u/>{blue}"]
            styles += [_style(0, 2), _style(0, 3)]
        elements = "".join(f"<font>{font}</font>" for font in fonts)
        plain = 'numFmtId="0" fontId="0" fillId="0" borderId="0"'
        return (
            f'{DECLARATION}<styleSheet xmlns="{MAIN}">'
            f'<numFmts count="{len(self._codes)}">{formats}</numFmts>'
            f'<fonts count="{len(fonts)}">{elements}</fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/>'
            "</border></borders>"
            f'<cellStyleXfs count="1"><xf {plain}/></cellStyleXfs>'
            f'<cellXfs count="{len(styles)}">{"".join(styles)}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
            "</cellStyles></styleSheet>"
        )


def _style(number: int, font: int) -> str:
    applied = ' applyNumberFormat="1"' if number else ""
    applied += ' applyFont="1"' if font else ""
    return (
        f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="0" xfId="0"'
        f"{applied}/>"
    )
