"""What a view gives as entries enters; entries with checked names leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import KW_ONLY
from datetime import datetime
from os import PathLike
from typing import Any
from typing import Literal
from typing import TYPE_CHECKING

from ..errors import SourceError
from .errors import entry_title

if TYPE_CHECKING:
    from ..formats import Format

#: Suffixes of what is compressed already, so that deflate would only take time:
#: pictures, sound, film, archives, documents that are one inside, fonts of the web. Of
#: a PDF, deflate takes off the parts that are not compressed.
COMPRESSED = frozenset(
    [
        *("avif", "gif", "heic", "jpeg", "jpg", "jxl", "png", "webp"),
        *("aac", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wma"),
        *("avi", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "webm", "wmv"),
        *("7z", "apk", "br", "bz2", "gz", "jar", "lz4", "lzma", "rar", "tgz", "txz"),
        *("whl", "xz", "zip", "zst"),
        *("docx", "epub", "odp", "ods", "odt", "parquet", "pptx", "xlsm", "xlsx"),
        *("woff", "woff2"),
    ]
)

_TAKES = (
    "stream_zip takes a mapping of names to contents, an iterable of (name, content)"
    " pairs and ZipEntry objects, or a function that returns one of these"
)

_OF_FOLDER = (
    "Give the files of a folder, each with its name: ((path.name, path) for path in"
    " folder.iterdir() if path.is_file())."
)


@dataclass(frozen=True, slots=True, eq=False)
class ZipEntry:
    """A file or folder of an archive that :func:`stream_zip` sends.

    :param name: with ``/`` between folders; that of a folder ends in one.
    :param content: bytes or text; a path; an open file; an iterator of chunks; rows; or
        a function that returns one of these, which is called when the entry's turn
        comes. ``None`` for a folder.
    :param format: the content is rows, as :func:`stream_rows` takes them, in this
        format: ``"csv"``, ``CSV(excel=True)``.
    :param columns: of the rows, as in :func:`stream_rows`; with ``bind``, too, they say
        that the content is rows.
    :param bind: where a statement of SQLAlchemy is executed.
    :param extras: whether a key of a dict beyond the columns is an error (``"raise"``)
        or left out (``"ignore"``).
    :param titles: of its columns, as in :func:`stream_rows`.
    :param encode: of values of other types, as in :func:`stream_rows`.
    :param modified: by default that of a path, else the time of the response. A time
        without a zone goes into the archive as it is.
    :param stored: ``True`` does not compress it, ``False`` does. By default what its
        suffix says is compressed already, such as ``.jpg``, is not.
    """

    name: str
    content: Any = None
    _: KW_ONLY
    format: str | Format | None = None
    columns: Iterable[str] | Mapping[str, Iterable[str]] | None = None
    bind: Any = None
    extras: Literal["raise", "ignore"] = "raise"
    titles: Mapping[str, Any] | None = None
    encode: Callable[[Any], Any] | None = None
    modified: datetime | None = None
    stored: bool | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the name is that of a folder."""
        return self.name.endswith("/")

    @property
    def is_compressed(self) -> bool:
        """Whether the suffix says that the content is compressed already."""
        _, dot, suffix = self.name.rpartition("/")[2].rpartition(".")
        return bool(dot) and suffix.lower() in COMPRESSED


def are_known(entries: Any) -> bool:
    """Whether all entries are there, to be looked at before the first is sent."""
    return isinstance(entries, Collection) and not isinstance(entries, str | bytes)


def items_of(entries: Any) -> Iterator[Any]:
    """Return what should be entries, one by one.

    :raises SourceError: for what has no entries.
    """
    if isinstance(entries, Mapping):
        return iter(entries.items())
    if isinstance(entries, str | bytes) or not isinstance(entries, Iterable):
        cure = _OF_FOLDER if isinstance(entries, PathLike) else f"{_TAKES}."
        raise SourceError(f"{type(entries).__name__} gives no entries. {cure}")
    return iter(entries)


def entry_of(number: int, item: Any) -> ZipEntry:
    """Return an item as an entry.

    :param number: of the item, counted from 1.
    :raises SourceError: for what is no entry.
    """
    if _is_pair(item):
        item = ZipEntry(*item)
    if not isinstance(item, ZipEntry):
        what = type(item).__name__
        if isinstance(item, tuple | list):
            what += f" with {len(item)} items"
        is_path = isinstance(item, PathLike)
        cure = "Write (path.name, path)" if is_path else _TAKES
        raise SourceError(f"Entry {number} is {what}. {cure}.")
    if not isinstance(item.name, str):
        raise SourceError(
            f"The name of entry {number} is {type(item.name).__name__}, not str. Write"
            " that of a path as path.as_posix()."
        )
    if not isinstance(item.modified, datetime | None):
        raise SourceError(
            f"{entry_title(number, item.name)}: modified= takes a datetime, but it is"
            f" {item.modified!r}."
        )
    return item


def given_in(item: Any) -> Any:
    """Return the content in an item, which may be no sound entry."""
    if isinstance(item, ZipEntry):
        return item.content
    return item[1] if _is_pair(item) else None


def _is_pair(item: Any) -> bool:
    return isinstance(item, tuple | list) and len(item) == 2
