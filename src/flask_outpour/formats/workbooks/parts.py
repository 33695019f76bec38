"""Names of sheets and formats of numbers enter; a workbook's other parts leave.

They are parts of a package as ISO/IEC 29500-2 describes it, the Open Packaging
Conventions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import time
from datetime import timedelta
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from ..genuine import Genuine
from .cells import Styles
from .texts import escaped

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

#: How times are shown: those of whole seconds, and those of parts of one.
_TIMES = {
    Genuine.datetime: ("yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd hh:mm:ss.000"),
    Genuine.date: ("yyyy-mm-dd", "yyyy-mm-dd"),
    time: ("hh:mm:ss", "hh:mm:ss.000"),
    timedelta: ("[h]:mm:ss", "[h]:mm:ss.000"),
}
HEADER_STYLE = 1
#: Below are Excel's own, some of which differ from country to country.
_FIRST_FORMAT = 164


class Sheet(NamedTuple):
    """What a workbook says of a sheet."""

    name: str
    columns: int = 0
    #: With that of the titles.
    rows: int = 0

    @property
    def area(self) -> str | None:
        """Where its filter is, such as ``A1:C10``."""
        return f"A1:{letters(self.columns - 1)}{self.rows}" if self.columns else None

    @property
    def reference(self) -> str:
        """The same with the name, as formulas have it."""
        name = self.name.replace("'", "''")
        return f"'{name}'!$A$1:${letters(self.columns - 1)}${self.rows}"


def path_of(number: int) -> str:
    """Return where a sheet is in the package."""
    return f"xl/worksheets/sheet{number}.xml"


def content_types() -> str:
    """Return what the parts are; it can come first, however many sheets follow.

    Programs that tell a workbook from other archives look for this part in front.
    """
    return (
        f'{DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
        '<Override PartName="/xl/workbook.xml"'
        f' ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        "</Types>"
    )


def package_relationships() -> str:
    """Return where the workbook is in its package."""
    return _relationships([("rId1", "officeDocument", "xl/workbook.xml")])


def workbook_relationships(sheets: int) -> str:
    """Return where the parts of the workbook are."""
    parts = [
        (f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml")
        for number in range(1, sheets + 1)
    ]
    return _relationships([*parts, (f"rId{sheets + 1}", "styles", "styles.xml")])


def _relationships(parts: Sequence[tuple[str, str, str]]) -> str:
    elements = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in parts
    )
    return (
        f'{DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{elements}</Relationships>"
    )


def workbook(sheets: Sequence[Sheet]) -> str:
    """Return the workbook, which names its sheets.

    Excel writes the area of a filter as a hidden name, too.
    """
    elements = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, sheet in enumerate(sheets, 1)
    )
    names = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{place}"'
        f' hidden="1">{escaped(sheet.reference)}</definedName>'
        for place, sheet in enumerate(sheets)
        if sheet.area
    )
    names = f"<definedNames>{names}</definedNames>" if names else ""
    return (
        f'{DECLARATION}<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}"><bookViews>'
        f"<workbookView/></bookViews><sheets>{elements}</sheets>{names}</workbook>"
    )


def letters(place: int) -> str:
    """Return the name of a column: A, B, ... Z, AA ..."""
    found = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def parts_shown(code: str) -> int:
    """Return the parts of a second that a format code shows: 1, 10, 100 or 1000."""
    # Without what is shown as it is, and without colours, conditions and languages.
    bare = re.sub(r'(?i)[\\_*].|"[^"]*"|\[(?!h+\]|m+\]|s+\])[^\]]*\]', "", code)
    found = re.search(r"(?i)s\]?\.(0{1,3})", bare)
    return 10 ** len(found[1]) if found else 1


class StyleSheet:
    """Number the styles of a workbook's cells.

    :param number_formats: the format codes of columns that have one of their own.
    """

    def __init__(self, number_formats: Mapping[str, str]) -> None:
        fixed = [code for codes in _TIMES.values() for code in codes]
        self._codes = list(dict.fromkeys([*fixed, *number_formats.values()]))
        self._number_formats = number_formats

    def of(self, column: str) -> Styles:
        """Return the styles of a column's cells."""
        if code := self._number_formats.get(column):
            style = self._style(code)
            times = dict.fromkeys(_TIMES, (style, style))
            return Styles(style, times, code, parts_shown(code))
        times = {
            kind: (self._style(whole), self._style(parted))
            for kind, (whole, parted) in _TIMES.items()
        }
        return Styles(0, times)

    def _style(self, code: str) -> int:
        return HEADER_STYLE + 1 + self._codes.index(code)

    def xml(self) -> str:
        """Return the part that describes the styles."""
        formats = "".join(
            f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
            for number, code in enumerate(self._codes, _FIRST_FORMAT)
        )
        styles = "".join(
            f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"'
            ' applyNumberFormat="1"/>'
            for number, _ in enumerate(self._codes, _FIRST_FORMAT)
        )
        font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
        plain = 'numFmtId="0" fontId="0" fillId="0" borderId="0"'
        return (
            f'{DECLARATION}<styleSheet xmlns="{MAIN}">'
            f'<numFmts count="{len(self._codes)}">{formats}</numFmts>'
            f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/>'
            "</border></borders>"
            f'<cellStyleXfs count="1"><xf {plain}/></cellStyleXfs>'
            f'<cellXfs count="{2 + len(self._codes)}"><xf {plain} xfId="0"/>'
            '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0"'
            f' applyFont="1"/>{styles}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
            "</cellStyles></styleSheet>"
        )
