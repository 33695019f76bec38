"""Tables enter, one after another; the bytes of a workbook leave."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from time import monotonic

from ...archives.zip import Header
from ...archives.zip import TOO_LARGE
from ...archives.zip import ZipWriter
from ..columns import Batch
from . import parts
from . import sheets
from .cells import Cells
from .choices import LongText
from .choices import Zones
from .layouts import Layout
from .links import Link
from .links import LinkCells
from .links import links_xml
from .links import MOST_LINKS
from .parts import letters
from .sheet_names import SheetNames
from .styles import StyleSheet
from .texts import escaped
from .totals import Total
from .totals import total_row

#: Rows by which the widths of the columns are guessed. They wait for each other, but no
#: reader could use them earlier: the compressor holds as much.
_GUESSED = 200
#: Bytes that are compressed at once, so that the same rows give the same bytes however
#: they come.
_BLOCK = 1 << 17
#: Seconds without a byte after which those that are held are sent, too: proxies wait
#: for 30 or 60 before they give up.
_SILENCE = 10.0
#: Bytes of a sheet's XML. From 4 GiB on an archive needs fields that Excel takes in a
#: form of its own only (apache/poi#154), and others do not take in that.
_MOST_BYTES = TOO_LARGE - (1 << 20)
#: Those of a link, but for its place in a page.
_MOST_OF_LINK = 80


class Book:
    """Write one workbook; the options are those of :class:`~flask_outpour.XLSX`.

    :param codes: the format codes of all its tables.
    :param links: whether there are links in one of them.
    """

    def __init__(
        self,
        *,
        codes: Iterable[str],
        links: bool,
        zones: Zones,
        long_text: LongText,
        level: int,
    ) -> None:
        self._zones = zones
        self._long_text = long_text
        self._level = level
        self._zip = ZipWriter()
        self._styles = StyleSheet(codes, links=links)
        self._names = SheetNames()
        self._sheets: list[parts.Sheet] = []
        self._sent = monotonic()

    def begin_table(
        self, name: str | None, columns: Sequence[str], layout: Layout
    ) -> bytes:
        """Return what comes before the rows of a table, and the end of one before it.

        :param name: of its sheet, where there are several.
        :raises RowError: for more columns than a sheet takes.
        """
        ahead = self._end_sheet() if self._sheets else self._parts()
        return ahead + self._begin_table(name, columns, layout)

    def feed(self, batch: Batch) -> bytes:
        """Return what is ready of the rows, and all where the source is slow.

        :raises RowError: for a value that cannot be written.
        """
        made = self._fed(batch)
        now = monotonic()
        if not made and now - self._sent >= _SILENCE:
            made = self._blocks(1) + self._zip.flush()
        if made:
            self._sent = now
        return made

    def _fed(self, batch: Batch) -> bytes:
        xml = self._rows.write(batch, self._last + 1, self._count)
        room = sheets.MOST_ROWS - self._last - bool(self._totals)
        if len(batch) <= room and self._size + len(xml) <= _MOST_BYTES:
            return self._take(batch, xml)
        # All rows are sound; what is left is to part them where the sheet is full.
        if room == 0 or len(batch) == 1:
            return self._end_sheet() + self._begin_sheet() + self._fed(batch)
        first = room if len(batch) > room else len(batch) // 2
        return self._fed(batch[:first]) + self._fed(batch[first:])

    def finish(self) -> bytes:
        """Return the end of the last sheet, and the parts that name the sheets."""
        end = self._end_sheet()
        end += self._part("xl/workbook.xml", parts.workbook(self._sheets))
        relations = parts.workbook_relationships(len(self._sheets))
        end += self._part("xl/_rels/workbook.xml.rels", relations)
        return end + self._zip.finish()

    def _parts(self) -> bytes:
        return (
            self._part("[Content_Types].xml", parts.content_types())
            + self._part("_rels/.rels", parts.package_relationships())
            + self._part("xl/styles.xml", self._styles.xml())
        )

    def _part(self, path: str, xml: str) -> bytes:
        return self._begin_part(path) + self._zip.feed(xml.encode()) + self._zip.end()

    def _begin_part(self, path: str) -> bytes:
        # Always compressed: stored, LibreOffice refuses parts whose size comes behind
        # them (zlib-ng/minizip-ng#830).
        header = Header(name=path, most=_MOST_BYTES, level=self._level)
        return self._zip.begin(header)

    def _begin_table(
        self, name: str | None, columns: Sequence[str], layout: Layout
    ) -> bytes:
        cells = [self._cells(column, layout) for column in columns]
        self._links = [
            (place, column)
            for place, column in enumerate(cells)
            if isinstance(column, LinkCells)
        ]
        self._columns, self._layout = cells, layout
        self._rows = sheets.RowWriter(columns, cells, layout.bold)
        self._titles = sheets.titles_of(columns, layout.titles)
        given = [layout.widths.get(name) for name in columns]
        self._functions = [layout.totals.get(name) for name in columns]
        summed = [function == "sum" for function in self._functions]
        self._widths = sheets.Widths(self._titles, cells, given, summed)
        self._table = name
        #: Rows of the table.
        self._count = 0
        return self._begin_sheet()

    def _cells(self, column: str, layout: Layout) -> Cells:
        styles = self._styles.of(layout.number_formats.get(column))
        if column not in layout.links:
            return Cells(styles, zones=self._zones, long_text=self._long_text)
        cells = LinkCells(styles, zones=self._zones, long_text=self._long_text)
        cells.link = self._styles.link
        return cells

    def _begin_sheet(self) -> bytes:
        name = self._names.add(self._table or f"Sheet{len(self._sheets) + 1}")
        self._sheets.append(parts.Sheet(name))
        #: The number of the last row.
        self._last = 1 if self._titles else 0
        self._totals = [
            Total(place, function, self._columns[place])
            for place, function in enumerate(self._functions)
            if function is not None
        ]
        self._linked: list[Link] = []
        for _, cells in self._links:
            # A share for each, or it would be for batches to say which are links.
            cells.room = MOST_LINKS // len(self._links)
        #: Bytes of its XML; one more for each width that turns out to be large.
        self._size = len(self._head())
        #: What is not compressed yet, without the head of the sheet at first.
        self._held = bytearray()
        self._has_head = False
        return self._begin_part(parts.path_of(len(self._sheets)))

    def _take(self, batch: Batch, xml: bytes) -> bytes:
        if self._count < _GUESSED:
            self._widths.see(batch[: _GUESSED - self._count])
        self._take_links()
        for total in self._totals:
            total.add(batch)
        self._last += len(batch)
        self._count += len(batch)
        self._size += len(xml)
        self._held += xml
        return self._blocks() if self._count >= _GUESSED else b""

    def _take_links(self) -> None:
        """Keep for the end of the sheet where its last rows lead."""
        found = [
            (row, place, target, location)
            for place, cells in self._links
            for row, target, location in cells.found
        ]
        # By rows, whatever rows come together.
        for row, place, target, location in sorted(found):
            cell = f"{letters(place)}{self._last + 1 + row}"
            self._linked.append(Link(cell, target, location))
            self._size += _MOST_OF_LINK + len(escaped(location).encode())
        for _, cells in self._links:
            cells.room -= len(cells.found)

    def _head(self) -> bytes:
        return sheets.head(
            self._titles,
            self._widths.xml(),
            is_first=len(self._sheets) == 1,
            is_frozen=self._layout.freeze,
        )

    def _blocks(self, least: int = _BLOCK) -> bytes:
        """Compress what is held, in blocks of one size, while there is as much."""
        if not self._has_head:
            self._held[:0] = self._head()
            self._has_head = True
        done = []
        while len(self._held) >= least:
            done.append(self._zip.feed(bytes(self._held[:_BLOCK])))
            del self._held[:_BLOCK]
        return b"".join(done)

    def _end_sheet(self) -> bytes:
        columns = len(self._titles) if self._layout.filter else 0
        sheet = parts.Sheet(self._sheets[-1].name, columns, self._last)
        self._sheets[-1] = sheet
        blocks = self._blocks()
        if self._totals:
            self._held += total_row(self._totals, 2, self._last)
        self._held += sheets.tail(sheet.area, links_xml(self._linked))
        end = blocks + self._blocks(1) + self._zip.end()
        if self._linked:
            targets = parts.link_relationships([link.target for link in self._linked])
            end += self._part(parts.links_path_of(len(self._sheets)), targets)
        return end
