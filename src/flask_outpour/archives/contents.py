"""A content of a known kind enters; its size, time and bytes, in pieces, leave."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Iterator
from datetime import datetime
from datetime import UTC
from mmap import mmap
from typing import Any

from ..coalesce import Coalescer
from ..errors import SourceError
from .deflate import BLOCK
from .deflate import crc32
from .deflate import Piece

Pieces = Generator[Piece, None, None]

#: Bytes that are compressed, and held, at once: as many as make full blocks.
PIECE = 4 * BLOCK

_FILE = stat.S_IFREG | 0o644
_FOLDER = stat.S_IFDIR | 0o755
#: Seconds after which a chunk of an iterator counts as slow, and waits for no other.
_SLOW = 0.005
#: Seconds since 1970 between which ZIP's field of a time can hold it.
_EARLIEST, _LATEST = 315_532_800, 4_354_819_198

# So it is when it has just been written.
_AT_ITS_END = (
    "The open file stands at its end, so that nothing is left to read. Call"
    " file.seek(0) before."
)


class Content:
    """What an entry holds.

    :param size: in bytes, where it is known before they are read.
    """

    mode = _FILE
    modified: datetime | None = None

    def __init__(self, size: int | None = None) -> None:
        self.size = size

    def checksum(self) -> int | None:
        """Return that of all bytes, where they are at hand."""
        return None

    def pieces(self) -> Pieces:
        """Yield the bytes, at most :data:`PIECE` of them at once.

        Where the size is known, each piece but the last has exactly as many.
        """
        yield from ()

    def close(self) -> None:
        """Close what the bytes come from, read or not."""


class Folder(Content):
    """Nothing, for an entry that is a folder."""

    mode = _FOLDER

    def __init__(self) -> None:
        super().__init__(0)

    def checksum(self) -> int | None:
        """Return that of nothing."""
        return 0


class Data(Content):
    """Bytes or text in memory, as they are now."""

    def __init__(self, data: str | bytes | bytearray | memoryview) -> None:
        data = _lasting(data)
        # Of text, no second copy is held until its turn comes.
        is_plain = isinstance(data, str) and data.isascii()
        super().__init__(len(data) if is_plain else _view(data).nbytes)
        self._data = data
        self._checksum: int | None = None

    def checksum(self) -> int | None:
        """Return that of all bytes."""
        if self._checksum is None:
            self._checksum = crc32(_view(self._data))
        return self._checksum

    def pieces(self) -> Pieces:
        """Yield parts of the data."""
        data = _view(self._data)
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]


class DiskFile(Content):
    """A regular file, looked at now and opened when its bytes are wanted.

    :raises OSError: when it is not there, or is no regular file.
    """

    def __init__(self, path: os.PathLike[Any]) -> None:
        facts = os.stat(path)
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError(
                f"{os.fspath(path)!r} is a folder. Give its files one by one, for"
                " example those of path.rglob('*')."
            )
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{os.fspath(path)!r} is no regular file.")
        super().__init__(facts.st_size)
        self.mode = stat.S_IFREG | facts.st_mode & 0o777
        seconds = min(max(facts.st_mtime, _EARLIEST), _LATEST)
        self.modified = datetime.fromtimestamp(seconds, UTC)
        self._path = path

    def pieces(self) -> Pieces:
        """Yield as many bytes as the file had, or fewer if it has fewer now.

        :raises OSError: when it is gone.
        """
        with open(self._path, "rb") as file:
            yield from _announced(file, self.size or 0)


class OpenFile(Content):
    """An open file, binary or text, read from where it stands, and closed."""

    def __init__(self, file: Any) -> None:
        super().__init__(_size_left(file))
        self._file = file

    def pieces(self) -> Pieces:
        """Yield what the file has left.

        :raises SourceError: when it stands at its end.
        """
        if self.size is not None:
            yield from _announced(self._file, self.size)
        else:
            # At its end, a text has an empty string, and a pipe may have None.
            pieces = _joined(iter(lambda: self._file.read(PIECE) or None, None))
            is_empty = True
            for piece in pieces:
                yield piece
                is_empty = False
            if is_empty and _position(self._file):
                raise SourceError(_AT_ITS_END)

    def close(self) -> None:
        """Close the file."""
        _close(self._file)


class Chunks(Content):
    """An iterator of bytes or text, small or large.

    :param source: is closed in its place, where it comes from something else.
    """

    def __init__(
        self, title: str, name: str, chunks: Iterable[Any], source: Any = None
    ) -> None:
        super().__init__()
        self._source = chunks if source is None else source
        self._title = title
        self._name = name
        self._chunks = chunks

    def pieces(self) -> Pieces:
        """Yield the chunks, small ones joined and large ones parted.

        :raises SourceError: for a chunk that is neither bytes nor text.
        """
        yield from _joined(self._checked())

    def close(self) -> None:
        """Close the iterator, if it can be closed."""
        _close(self._source)

    def _checked(self) -> Iterator[Any]:
        for chunk in self._chunks:
            if not isinstance(chunk, str | bytes | bytearray | memoryview):
                raise SourceError(
                    f"{self._title}: the iterator gave {type(chunk).__name__}, not"
                    " bytes or str. For rows, say in which format, and name the columns"
                    f' of tuples: ZipEntry({self._name!r}, rows, format="csv",'
                    " columns=[...])."
                )
            yield chunk


class Made(Content):
    """Bytes that something makes in pieces, such as rows in a format."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces

    def pieces(self) -> Pieces:
        """Yield the bytes, as many at once as were made."""
        yield from self._pieces

    def close(self) -> None:
        """Close what makes them."""
        _close(self._pieces)


class Called(Content):
    """A function that returns the content; it is called when that is wanted."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__()
        self.function = function


def _lasting(data: str | bytes | bytearray | memoryview) -> str | bytes | memoryview:
    """Return text or bytes that their owner does not change any more.

    A file that is mapped into memory is one nevertheless: it may be far larger.
    """
    if isinstance(data, memoryview):
        return data if isinstance(data.obj, bytes | mmap) else bytes(data)
    return bytes(data) if isinstance(data, bytearray) else data


def _view(data: str | bytes | bytearray | memoryview) -> memoryview:
    view = memoryview(data.encode() if isinstance(data, str) else data)
    return (view if view.c_contiguous else memoryview(bytes(view))).cast("B")


def _size_left(file: Any) -> int | None:
    """Return how many bytes an open file has left, where that is sure.

    :raises SourceError: when it stands at its end.
    """
    size = _size_of(file)
    if size is None:
        return None
    left: int = max(0, size - file.tell())
    if not left and file.tell():
        raise SourceError(_AT_ITS_END)
    return left


def _position(file: Any) -> int:
    """Return where an open file stands; at 0 if it does not tell."""
    try:
        return int(file.tell())
    except (AttributeError, OSError, ValueError):
        return 0


def _size_of(file: Any) -> int | None:
    """Return the size of an open file, where that is sure.

    Others, such as a file of gzip's, have a descriptor and a size that are not theirs.
    """
    if isinstance(file, io.BytesIO):
        return int(file.getbuffer().nbytes)
    if not isinstance(file, io.BufferedReader | io.BufferedRandom):
        return None
    if not isinstance(file.raw, io.FileIO) or file.closed:
        return None
    facts = os.fstat(file.fileno())
    return int(facts.st_size) if stat.S_ISREG(facts.st_mode) else None


def _announced(file: Any, size: int) -> Pieces:
    """Yield so many bytes; where there are fewer, the writer of the archive tells."""
    while size and (piece := file.read(min(PIECE, size))):
        size -= len(piece)
        yield piece


def _joined(chunks: Iterable[Any]) -> Iterator[Piece]:
    """Join small chunks as long as they come fast, and part large ones."""
    return filter(None, Coalescer(_parted(chunks), chunk_size=PIECE, slow=_SLOW))


def _parted(chunks: Iterable[Any]) -> Iterator[Any]:
    for chunk in chunks:
        if isinstance(chunk, str):
            yield from _parts(chunk)
        elif isinstance(chunk, bytes):
            # Small ones stay as they are.
            yield from _parts(chunk if len(chunk) <= PIECE else memoryview(chunk))
        else:
            # It may be held until its source has filled the buffer anew, or wants to
            # give it another size.
            with _view(chunk) as view:
                yield from map(bytes, _parts(view))


def _parts(data: Any) -> Iterator[Any]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def _close(source: Any) -> None:
    if hasattr(source, "close"):
        source.close()
