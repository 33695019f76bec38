"""The port of a server enters; nginx, running in front of it, leaves."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import lack
from processes import free_port
from processes import listening
from processes import Server

PAGE = Path(__file__).parents[2] / "docs" / "servers.md"

# One process, which stays in the foreground and is who the tests are.
_CONFIGURATION = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""

#: Where the lines of the docs, and of the tests, expect the application.
UPSTREAM = "127.0.0.1:8000"

#: The lines that make nginx speak this version of HTTP to its upstream.
VERSIONS = {
    "1.0": "proxy_http_version 1.0;",
    "1.1": 'proxy_http_version 1.1; proxy_set_header Connection "";',
}


def recommended() -> str:
    """Return the ``location`` that the docs recommend."""
    match = re.search(r"^```nginx\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert match, f"{PAGE.name} has no lines for nginx"
    return match[1]


@contextmanager
def in_front_of(upstream: Server, lines: str, folder: Path) -> Iterator[Server]:
    """Run nginx in front of a server until the block ends.

    :param lines: a whole ``location`` of :data:`UPSTREAM`, or more lines for one.
    :param folder: where its configuration, its process id and its log go.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        lack("nginx", "apt-get install nginx")
    if not lines.startswith("location"):
        lines = f"location / {{ proxy_pass http://{UPSTREAM}; {lines} }}"
    location = lines.replace(UPSTREAM, f"127.0.0.1:{upstream.port}")
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(port=port, location=location))
    options = ["-p", str(folder), "-e", "stderr", "-c", str(configuration)]
    with listening("nginx", [program, *options], port, folder) as server:
        yield server
