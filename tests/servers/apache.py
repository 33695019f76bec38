"""The port of a server enters; Apache, running in front of it, leaves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import lack
from processes import free_port
from processes import listening
from processes import Server
from servers.nginx import UPSTREAM

MODULES = Path("/usr/lib/apache2/modules")
# One process, which stays in the foreground and is who the tests are.
_CONFIGURATION = """\
ServerRoot "{folder}"
PidFile "{folder}/apache.pid"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
ErrorLog /dev/stderr
{modules}
{lines}
"""
_MODULES = (
    "mpm_event",
    "authz_core",
    "filter",
    "deflate",
    "env",
    "proxy",
    "proxy_http",
)


@contextmanager
def apache_in_front_of(upstream: Server, lines: str, folder: Path) -> Iterator[Server]:
    """Run Apache in front of a server until the block ends.

    :param lines: its configuration for :data:`UPSTREAM`.
    :param folder: where its configuration, its process id and its log go.
    """
    program = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    if program is None or not MODULES.exists():
        lack("apache2", "apt-get install apache2")
    modules = "\n".join(
        f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in _MODULES
    )
    port = free_port()
    configuration = folder / "apache.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            port=port,
            modules=modules,
            lines=lines.replace(UPSTREAM, f"127.0.0.1:{upstream.port}"),
        )
    )
    command = [program, "-X", "-f", str(configuration)]
    with listening("apache", command, port, folder) as server:
        yield server
