"""Run where the extra ``demo`` is installed: the command serves rows of the orders."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

OUTPOUR = str(Path(sys.executable).with_name("outpour"))

done = subprocess.run([OUTPOUR, "--version"], capture_output=True, text=True)
assert re.fullmatch(r"outpour, version \d+\.\d+\.\d+\S*\n", done.stdout), done

for name in ("gunicorn", "waitress"):
    __import__(name)
with subprocess.Popen(
    [OUTPOUR, "demo", "--rows", "1000", "--port", "0"],
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    text=True,
) as server:
    try:
        assert server.stdout is not None
        # It ends with the server, if that does not come up.
        (url,) = re.findall(
            r"http://\S+", next(line for line in server.stdout if "ready" in line)
        )
        with urlopen(url) as answer:
            assert answer.status == 200
            assert b"<title>" in answer.read()
        with urlopen(f"{url}static/demo.css") as answer:
            assert answer.headers["Content-Type"].startswith("text/css")
    finally:
        server.terminate()
