"""An archive enters; what zipfile and programs that unpack it make of it leaves."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

from conftest import lack

#: Each writes the contents of all entries, one behind another; the last reads a pipe,
#: and so never sees the directory at the end.
EXTRACT = {
    "unzip": ("unzip", "-p", "{}"),
    "7z": ("7z", "x", "-so", "{}"),
    "bsdtar": ("bsdtar", "-xOf", "{}"),
    "bsdtar through a pipe": ("bsdtar", "-xOf", "-"),
}
PROGRAMS = list(EXTRACT)
_PACKAGES = {"unzip": "unzip", "7z": "p7zip-full", "bsdtar": "libarchive-tools"}

#: The flag of an entry whose sizes come behind its bytes.
HAS_DESCRIPTOR = 8


def extracted(program: str, path: Path, *names: str) -> bytes | None:
    """Return contents as a program extracts them; ``None`` if it complains.

    :param names: of the entries; by default all.
    """
    done = _run((*EXTRACT[program], *names), path)
    return done.stdout if done.returncode == 0 else None


def contents(archive: bytes) -> dict[str, bytes]:
    """Return the contents that zipfile finds, by their names."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def infos(archive: bytes) -> dict[str, zipfile.ZipInfo]:
    """Return what zipfile knows of the entries, by their names."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {info.filename: info for info in opened.infolist()}


def is_readable_in_order(archive: bytes) -> bool:
    """Whether every entry says in front, or with its own bytes, where it ends.

    Java's ``ZipInputStream`` and LibreOffice refuse stored entries with a descriptor.
    """
    return not any(
        info.compress_type == zipfile.ZIP_STORED and info.flag_bits & HAS_DESCRIPTOR
        for info in infos(archive).values()
    )


def _run(command: tuple[str, ...], path: Path) -> subprocess.CompletedProcess[bytes]:
    program = command[0]
    if not shutil.which(program):
        lack(program, f"apt-get install {_PACKAGES[program]}")
    # Of a file as its standard input, bsdtar would read the end first.
    with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) as pipe:
        done = subprocess.run(
            [part.format(path) for part in command],
            stdin=pipe.stdout,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=100,
        )
        pipe.terminate()
    return done
