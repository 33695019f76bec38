"""An address enters; a page that is open in Chromium leaves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import lack

_COMMAND = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
    "--disable-component-update",
)


@contextmanager
def browsing(url: str, folder: Path) -> Iterator[None]:
    """Have a page open in Chromium until the block ends.

    :param folder: where its log goes, and the profile that it is given.
    """
    if not shutil.which("chromium"):
        lack("chromium", "apt-get install chromium")
    profile = f"--user-data-dir={folder / 'profile'}"
    with (folder / "log").open("wb") as log:
        browser = subprocess.Popen([*_COMMAND, profile, url], stdout=log, stderr=log)
        try:
            yield
        finally:
            browser.terminate()
            browser.wait(30)
