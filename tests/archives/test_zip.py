"""Tests of the writer of archives: its bytes, as zipfile and programs read them."""

from __future__ import annotations

import struct
import subprocess
import zipfile
import zlib
from collections.abc import Iterable
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from io import SEEK_CUR
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from archives.readers import contents
from archives.readers import extracted
from archives.readers import HAS_DESCRIPTOR
from archives.readers import infos
from archives.readers import is_readable_in_order
from archives.readers import PROGRAMS
from flask_outpour.archives.deflate import BLOCK
from flask_outpour.archives.errors import EntryError
from flask_outpour.archives.zip import Header
from flask_outpour.archives.zip import ZipWriter

#: Compresses to little, and fast.
ZEROS = bytes(4 * BLOCK)
GIB_4 = 1 << 32


def written(*entries: tuple[Header, Iterable[bytes]]) -> bytes:
    """Return an archive of entries, each with its pieces."""
    writer = ZipWriter()
    made = []
    for header, pieces in entries:
        made.append(writer.begin(header))
        made += map(writer.feed, pieces)
        made.append(writer.end())
    made.append(writer.finish())
    assert writer.length == sum(map(len, made))
    return b"".join(made)


def header_of(name: str, data: bytes, how: str) -> Header:
    """Return the header of an entry of which more or less is known ahead."""
    match how:
        case "deflated":
            return Header(name=name)
        case "deflated of a known size":
            return Header(name=name, size=len(data), mode=0o100600)
        case "stored":
            return Header(name=name, size=len(data), crc=zlib.crc32(data), level=0)
        case "stored of a known size":
            return Header(name=name, size=len(data), level=0)
    return Header(name=name, level=0)


HOWS = (
    *("deflated", "deflated of a known size"),
    *("stored", "stored of a known size", "stored of unknown size"),
)
names = st.text(
    st.characters(exclude_characters="/\\", exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=12,
)
pieces = st.lists(st.binary(max_size=60) | st.just(ZEROS), max_size=4)


@given(st.dictionaries(names, st.tuples(pieces, st.sampled_from(HOWS)), max_size=6))
@settings(deadline=None)
def test_what_goes_in_comes_out(entries: dict[str, tuple[list[bytes], str]]) -> None:
    """Whatever the names, sizes, pieces and methods: zipfile reads the same back."""
    expected = {name: b"".join(parts) for name, (parts, _) in entries.items()}
    archive = written(
        *(
            (header_of(name, expected[name], how), parts)
            for name, (parts, how) in entries.items()
        )
    )
    assert contents(archive) == expected
    assert is_readable_in_order(archive)


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_read_every_kind_of_entry(program: str, tmp_path: Path) -> None:
    """Each kind of entry, empty ones and folders among them, is read without a word."""
    samples = [b"", b"x", b"row\n" * 70_000, ZEROS]
    entries: list[tuple[Header, list[bytes]]] = [
        (Header(name="日本/", size=0, crc=0, level=0, mode=0o40755), [])
    ]
    for number, data in enumerate(samples):
        for how in HOWS:
            header = header_of(f"日本/{number} {how}.txt", data, how)
            entries.append((header, [data] if data else []))
    path = tmp_path / "a.zip"
    path.write_bytes(written(*entries))
    expected = b"".join(data for _, parts in entries for data in parts)
    assert extracted(program, path) == expected


def test_empty_archive(tmp_path: Path) -> None:
    """An archive without entries is one."""
    archive = written()
    assert contents(archive) == {}
    assert len(archive) == 22


def test_same_entries_are_the_same_bytes() -> None:
    """Nothing of the machine, or of the moment, gets into an archive."""
    entry = (Header(name="a"), [b"x"])
    assert written(entry) == written(entry)


@pytest.mark.parametrize("name", ["a.txt", "Käse.txt", "日本.txt", "🌻"])
def test_names_are_utf8(name: str) -> None:
    """A name that is not ASCII has the flag by which readers know its encoding."""
    info = infos(written((Header(name=name), [b""])))[name]
    assert bool(info.flag_bits & 1 << 11) is not name.isascii()


def test_facts_are_in_front_where_they_are_known() -> None:
    """Stored bytes with a known checksum need no descriptor; all others have one."""
    for how in HOWS:
        archive = written((header_of("a", b"xyz", how), [b"xyz"]))
        info = infos(archive)["a"]
        assert bool(info.flag_bits & HAS_DESCRIPTOR) is (how != "stored")
        assert (info.compress_type == 0) is (how == "stored")
        crc, packed, size = struct.unpack_from("<3I", archive, 14)
        known = (zlib.crc32(b"xyz"), 3, 3)
        assert (crc, packed, size) == (known if how == "stored" else (0, 0, 0))


@pytest.mark.parametrize("how", ["stored", "stored of a known size"])
@pytest.mark.parametrize("size", [0, 1, BLOCK, 4 * BLOCK, 9 * BLOCK + 1])
def test_length_is_known_ahead(how: str, size: int) -> None:
    """Skipping the bytes counts exactly what feeding them makes."""
    data = bytes(size)
    header = header_of("name.bin", data, how)
    parts = [data[start : start + BLOCK] for start in range(0, size, BLOCK)]
    archive = written((header, parts))
    writer = ZipWriter()
    writer.begin(header)
    writer.skip(size)
    writer.end()
    writer.finish()
    assert writer.length == len(archive)


def test_flush_brings_out_what_was_fed() -> None:
    """After a flush the bytes so far are in the archive, which stays sound."""
    writer = ZipWriter()
    made = writer.begin(Header(name="a"))
    body = writer.feed(b"slow") + writer.flush()
    assert zlib.decompressobj(-15).decompress(body) == b"slow"
    made += body + writer.feed(b"er") + writer.end() + writer.finish()
    assert contents(made) == {"a": b"slower"}


@pytest.mark.parametrize("size", [2, 4])
def test_other_size_than_announced_is_an_error(size: int) -> None:
    """An entry with fewer bytes, or more, than its header says does not end."""
    writer = ZipWriter()
    writer.begin(Header(name="a.txt", size=3))
    writer.feed(bytes(size))
    relation = "only 2" if size == 2 else "at least 4"
    with pytest.raises(EntryError, match=f"'a.txt' had 3 bytes .* {relation} when"):
        writer.end()


def test_other_bytes_than_announced_are_an_error() -> None:
    """Stored bytes that changed after their checksum was told do not end soundly."""
    writer = ZipWriter()
    writer.begin(Header(name="a.txt", size=3, crc=zlib.crc32(b"old"), level=0))
    writer.feed(b"new")
    with pytest.raises(EntryError, match=r"bytes of entry 'a.txt' changed"):
        writer.end()


# Times and modes


def times_of(modified: datetime) -> tuple[tuple[int, ...], int | None]:
    """Return the two fields of an entry's time, the second without a zone or none."""
    info = infos(written((Header(name="a", modified=modified), [b""])))["a"]
    if not info.extra:
        return info.date_time, None
    kind, size, flags, seconds = struct.unpack("<2HBi", info.extra)
    assert (kind, size, flags) == (0x5455, 5, 1)
    return info.date_time, seconds


def test_time_with_a_zone() -> None:
    """It is in UTC in the old field, and exact to the second in the newer one."""
    moment = datetime(2024, 5, 6, 1, 30, 7, tzinfo=timezone(timedelta(hours=2)))
    fields, seconds = times_of(moment)
    assert fields == (2024, 5, 5, 23, 30, 6)
    assert seconds == moment.timestamp()


def test_time_without_a_zone() -> None:
    """It is in the old field as it is, which has no zone either, and nowhere else."""
    assert times_of(datetime(2024, 5, 6, 1, 30, 8)) == ((2024, 5, 6, 1, 30, 8), None)


@pytest.mark.parametrize(
    ("year", "expected"),
    [(1, 1980), (1979, 1980), (1980, 1980), (2107, 2107), (2108, 2107), (9999, 2107)],
)
@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=-23))])
def test_times_that_the_format_lacks(
    year: int, expected: int, zone: timezone | None
) -> None:
    """Years before 1980 and after 2107 become the nearest that there is."""
    moment = datetime(year, 1, 1, 0, 0, 2, tzinfo=zone)
    assert times_of(moment)[0][0] == expected
    last = datetime(year, 12, 31, 23, tzinfo=zone)
    assert 1980 <= times_of(last)[0][0] <= 2107


def test_times_that_the_newer_field_lacks() -> None:
    """After 2038 the old field stands alone: readers take the other's as signed."""
    assert times_of(datetime(2039, 1, 1, tzinfo=UTC))[1] is None
    assert times_of(datetime(2037, 1, 1, tzinfo=UTC))[1] is not None


def test_unzip_sets_time_and_mode(tmp_path: Path) -> None:
    """The file that unzip makes has the entry's time, in any zone, and its mode."""
    moment = datetime(2024, 5, 6, 1, 30, 7, tzinfo=UTC)
    archive = written(
        (Header(name="a", modified=moment, mode=0o100640), [b"x"]),
        (Header(name="b/", size=0, crc=0, level=0, mode=0o40700), []),
    )
    path = tmp_path / "a.zip"
    path.write_bytes(archive)
    assert extracted("unzip", path) == b"x"
    subprocess.run(
        ["unzip", "-qq", str(path), "-d", str(tmp_path)],
        check=True,
        env={"TZ": "Asia/Tokyo", "PATH": "/usr/bin:/bin"},
    )
    facts = (tmp_path / "a").stat()
    assert facts.st_mtime == moment.timestamp()
    assert facts.st_mode == 0o100640
    assert (tmp_path / "b").stat().st_mode == 0o40700


# ZIP64


def write_large(path: Path, header: Header) -> None:
    """Write 4 GiB of zeros between two small entries, in a file that takes no space."""
    writer, left = ZipWriter(), GIB_4
    with path.open("wb") as file:
        file.write(small_entry(writer, "before"))
        file.write(writer.begin(header))
        if header.is_stored:
            writer.skip(left)
            file.seek(left, SEEK_CUR)
        else:
            for _ in range(left // len(ZEROS)):
                file.write(writer.feed(ZEROS))
            file.write(writer.feed(ZEROS[: left % len(ZEROS)]))
        file.write(writer.end() + small_entry(writer, "after") + writer.finish())
    assert path.stat().st_size == writer.length


def small_entry(writer: ZipWriter, name: str) -> bytes:
    """Return an entry that has its name for its content."""
    header = Header(name=name)
    return writer.begin(header) + writer.feed(name.encode()) + writer.end()


LARGE = {
    "deflated": Header(name="zeros"),
    "deflated of a known size": Header(name="zeros", size=GIB_4),
    # The checksum of 4 GiB of zeros.
    "stored": Header(name="zeros", size=GIB_4, crc=0xD202EF8D, level=0),
}


@pytest.fixture(scope="module", params=LARGE)
def large(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return an archive that needs ZIP64."""
    path = tmp_path_factory.mktemp("large") / f"{request.param}.zip"
    write_large(path, LARGE[request.param])
    return path


# The last reads a pipe, and so the zeros.
@pytest.mark.parametrize("program", PROGRAMS[:-1])
def test_programs_read_entries_of_4_gib(program: str, large: Path) -> None:
    """An entry of 4 GiB hides nothing of those before and behind it."""
    assert extracted(program, large, "before", "after") == b"beforeafter"


def test_zipfile_reads_entries_of_4_gib(large: Path) -> None:
    """Python's own reader finds the sizes, and what comes behind."""
    with zipfile.ZipFile(large) as opened:
        sizes = [info.file_size for info in opened.infolist()]
        assert opened.read("after") == b"after"
    assert sizes == [6, GIB_4, 5]


def test_entry_of_4_gib_is_read_from_a_pipe(tmp_path: Path) -> None:
    """Where its size is announced, a reader that cannot seek finds its end."""
    path = tmp_path / "a.zip"
    write_large(path, LARGE["deflated of a known size"])
    small = extracted("bsdtar through a pipe", path, "before", "after")
    assert small == b"beforeafter"


@pytest.mark.parametrize("count", [65_535, 65_536])
def test_programs_read_more_entries_than_16_bits_count(
    count: int, tmp_path: Path
) -> None:
    """The entries of an archive are all found, on both sides of the limit."""
    path = tmp_path / "a.zip"
    path.write_bytes(
        written(
            *(
                (Header(name=f"{number}", size=1, crc=0xD202EF8D, level=0), [b"\0"])
                for number in range(count)
            )
        )
    )
    for program in PROGRAMS:
        assert extracted(program, path) == bytes(count), program
    with zipfile.ZipFile(path) as opened:
        assert len(opened.infolist()) == count
