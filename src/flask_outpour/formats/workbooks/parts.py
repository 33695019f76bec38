"""Names of sheets enter; a workbook's parts beside the sheets and styles leave.

They are parts of a package as ISO/IEC 29500-2 describes it, the Open Packaging
Conventions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from .texts import escaped

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Sheet(NamedTuple):
    """What a workbook says of a sheet."""

    name: str
    #: None where it has no filter.
    columns: int = 0
    #: With that of the titles, and without that of the totals.
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


def links_path_of(number: int) -> str:
    """Return where the targets of a sheet's links are."""
    return f"xl/worksheets/_rels/sheet{number}.xml.rels"


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


def link_relationships(targets: Sequence[str]) -> str:
    """Return where the links of a sheet lead, in their order."""
    return _relationships(
        [
            (f"rId{number}", "hyperlink", target)
            for number, target in enumerate(targets, 1)
        ],
        ' TargetMode="External"',
    )


def _relationships(parts: Sequence[tuple[str, str, str]], mode: str = "") -> str:
    elements = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}"'
        f" Target={quoteattr(target)}{mode}/>"
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
        f'{DECLARATION}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><bookViews>'
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
