"""Entries enter, one after another; the bytes of a ZIP archive leave.

The numbers of sections are those of PKWARE's APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from datetime import UTC

from .deflate import Blocks
from .deflate import Compressor
from .deflate import crc32
from .deflate import deflated
from .deflate import Piece
from .deflate import Stored
from .errors import EntryError

#: Bytes that fields of 32 bits cannot count; one less is what zipfile goes by, too.
TOO_LARGE = 0xFFFFFFFF
_TOO_MANY = 0xFFFF

_LOCAL = struct.Struct("<4s5H3I2H")
_DESCRIPTOR = struct.Struct("<4s3I")
_DESCRIPTOR_64 = struct.Struct("<4sI2Q")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")

_HAS_DESCRIPTOR = 1 << 3
_IS_UTF8 = 1 << 11
_UNIX = 3 << 8
#: The versions that have what we write: deflate and folders, or ZIP64.
_PLAIN, _ZIP64 = 20, 45
#: Deflate makes nothing larger by more than this (RFC 1951, section 3.2.4).
_MOST_GROWTH = 1.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an archive says of an entry.

    :param name: with slashes; that of a folder ends in one.
    :param size: in bytes before compression, if that is known.
    :param crc: of all its bytes, if that is known, too.
    :param most: a size that the entry stays below, where it is not known exactly.
    :param level: of deflate, or 0 for an entry that is not compressed.
    :param modified: where it has no zone, it goes into the archive as it is: ZIP's own
        field has none, either, and shows the same digits to everyone.
    :param mode: of the file, as ``os.stat`` has it; 0 for none.
    """

    name: str
    size: int | None = None
    crc: int | None = None
    most: int | None = None
    level: int = 1
    modified: datetime = datetime(1980, 1, 1)
    mode: int = 0

    @property
    def is_stored(self) -> bool:
        """Whether it has method 0, all its facts in front, and no data descriptor."""
        return self.level == 0 and self.size is not None and self.crc is not None

    @property
    def is_large(self) -> bool:
        """Whether it is known to need fields of 64 bits."""
        return self.size is not None and self.size * _MOST_GROWTH >= TOO_LARGE

    @property
    def may_be_large(self) -> bool:
        """Whether it could need fields of 64 bits."""
        return self.is_large or (
            self.size is None and (self.most is None or self.most >= TOO_LARGE)
        )


class ZipWriter:
    """Write an archive that is only ever appended to.

    An entry whose size or checksum is not known ahead has them behind its bytes, in a
    data descriptor (section 4.3.9). Its fields are of 64 bits where its size needs
    them, as Java writes it, and no ZIP64 field in its header announces them: with that
    one, programs that know no ZIP64 refuse small files, too, and Excel any workbook
    (zlib-ng/minizip-ng#894). Readers find the sizes in the central directory.

    An entry with a descriptor has always method 8, so that its own bytes say where
    they end: Java's ``ZipInputStream`` and LibreOffice refuse stored entries with one.
    What is not compressed has then the blocks that deflate has for it, 5 bytes more
    for each 65,535.
    """

    def __init__(self) -> None:
        self._offset = 0
        self._begin = 0
        self._count = 0
        # Grows by about 60 bytes and the name for each entry: it comes at the end.
        self._directory = bytearray()
        self._header: Header | None = None
        self._compressor: Compressor = Stored()
        self._crc = self._size = self._packed = 0

    def begin(self, header: Header) -> bytes:
        """Return an entry's local header (section 4.3.7)."""
        self._header = header
        self._compressor = _compressor(header)
        self._crc = self._size = self._packed = 0
        self._begin = self._offset
        name = header.name.encode()
        # Behind a descriptor's flag they are zero (section 4.4.4).
        size, crc = (header.size, header.crc) if header.is_stored else (0, 0)
        sizes = (size, size)
        extra = _times(header)
        if header.is_large:
            extra = struct.pack("<2H2Q", 1, 16, *sizes) + extra
            sizes = (TOO_LARGE, TOO_LARGE)
        return self._sent(
            _LOCAL.pack(
                b"PK\3\4",
                *self._facts(header, name),
                crc,
                *sizes,
                len(name),
                len(extra),
            )
            + name
            + extra
        )

    def feed(self, data: Piece) -> bytes:
        """Return what is ready of some of the entry's bytes."""
        self._crc = crc32(data, self._crc)
        self._size += len(data)
        return self._packed_bytes(self._compressor.compress(data))

    def flush(self) -> bytes:
        """Return all of what was fed, so that a reader has it though more is to come.

        It costs some bytes, and compression.
        """
        return self._packed_bytes(self._compressor.flush(zlib.Z_SYNC_FLUSH))

    def skip(self, size: int) -> None:
        """Count an entry's bytes without having them, to know an archive's length.

        The entry is one that is not compressed, and is fed in multiples of
        :data:`~flask_outpour.archives.deflate.BLOCK`.
        """
        header = self._header
        assert header is not None
        assert header.level == 0
        packed = size if header.is_stored else size + Blocks.growth(size)
        # What was skipped is as announced.
        self._crc = header.crc or 0
        self._size += size
        self._packed += packed
        self._offset += packed

    def end(self) -> bytes:
        """Return the end of the entry.

        :raises EntryError: when it had other bytes than its header says.
        """
        header = self._header
        assert header is not None
        self._require_announced(header)
        rest = self._packed_bytes(self._compressor.flush())
        if header.is_stored:
            descriptor = b""
        else:
            wide = header.is_large or max(self._size, self._packed) >= TOO_LARGE
            form = _DESCRIPTOR_64 if wide else _DESCRIPTOR
            descriptor = self._sent(
                form.pack(b"PK\7\x08", self._crc, self._packed, self._size)
            )
        self._enter(header)
        self._header = None
        return rest + descriptor

    def finish(self) -> bytes:
        """Return the central directory and its end (sections 4.3.12 to 4.3.16)."""
        begin, size, count = self._offset, len(self._directory), self._count
        end = b""
        if max(begin, size) >= TOO_LARGE or count >= _TOO_MANY:
            end = _END_64.pack(
                *(b"PK\6\6", _END_64.size - 12, _ZIP64, _ZIP64, 0, 0),
                *(count, count, size, begin),
            ) + _LOCATOR.pack(b"PK\6\7", 0, begin + size, 1)
        count = min(count, _TOO_MANY)
        end += _END.pack(
            *(b"PK\5\6", 0, 0, count, count),
            *(min(size, TOO_LARGE), min(begin, TOO_LARGE), 0),
        )
        return self._sent(bytes(self._directory) + end)

    @property
    def length(self) -> int:
        """Bytes of the archive so far, those that were skipped included."""
        return self._offset

    def _require_announced(self, header: Header) -> None:
        if header.size is not None and header.size != self._size:
            raise EntryError.of_size(header.name, header.size, self._size)
        if header.is_stored and header.crc != self._crc:
            raise EntryError.of_checksum(header.name)

    def _facts(self, header: Header, name: bytes) -> tuple[int, int, int, int, int]:
        """Return what an entry's two headers begin with."""
        flags = 0 if header.is_stored else _HAS_DESCRIPTOR
        if not name.isascii():
            flags |= _IS_UTF8
        version = _ZIP64 if header.may_be_large else _PLAIN
        method = 0 if header.is_stored else 8
        return (version, flags, method, *_dos(header.modified))

    def _enter(self, header: Header) -> None:
        """Write an entry's header of the central directory (section 4.3.12)."""
        name = header.name.encode()
        fields = [self._size, self._packed, self._begin]
        large = [field for field in fields if field >= TOO_LARGE]
        extra = _times(header)
        if large:
            extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) + extra
        size, packed, begin = (min(field, TOO_LARGE) for field in fields)
        version, *facts = self._facts(header, name)
        version = _ZIP64 if large else version
        self._directory += _CENTRAL.pack(
            *(b"PK\1\2", version | (_UNIX if header.mode else 0), version, *facts),
            *(self._crc, packed, size, len(name), len(extra)),
            *(0, 0, 0, _attributes(header), begin),
        )
        self._directory += name + extra
        self._count += 1

    def _packed_bytes(self, data: bytes) -> bytes:
        self._packed += len(data)
        return self._sent(data)

    def _sent(self, data: bytes) -> bytes:
        self._offset += len(data)
        return data


def _compressor(header: Header) -> Compressor:
    if header.is_stored:
        return Stored()
    return deflated(header.level) if header.level else Blocks()


def _attributes(header: Header) -> int:
    folder = 0x10 if header.name.endswith("/") else 0
    return header.mode << 16 | folder


def _dos(time: datetime) -> tuple[int, int]:
    """Return time and date in steps of two seconds (section 4.4.6).

    The field has no zone. A time that has one is written in UTC, so that the archive is
    the same on every machine; readers of the other field show it in their own zone.
    """
    # Far off, a time may have no counterpart in UTC.
    if time.tzinfo is not None and 1980 <= time.year <= 2107:
        time = time.astimezone(UTC)
    if not 1980 <= time.year <= 2107:
        time = datetime(1980 if time.year < 1980 else 2107, 1, 1)
    return (
        time.hour << 11 | time.minute << 5 | time.second // 2,
        time.year - 1980 << 9 | time.month << 5 | time.day,
    )


def _times(header: Header) -> bytes:
    """Return the field that has the second, and no zone: Info-ZIP's 0x5455."""
    modified = header.modified
    if modified.tzinfo is None:
        return b""
    seconds = int(modified.timestamp())
    # Readers take it for a signed number of 32 bits.
    if not 0 <= seconds < 1 << 31:
        return b""
    return struct.pack("<2HBi", 0x5455, 5, 1, seconds)
