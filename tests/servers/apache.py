"""The port of a server, or lines for mod_wsgi, enter; Apache, running, leaves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask
import pytest

import flask_outpour
from conftest import lack
from processes import free_port
from processes import listening
from processes import Server
from processes import TESTS
from servers.matrix import TARGET
from servers.nginx import UPSTREAM

MODULES = Path("/usr/lib/apache2/modules")
_CONFIGURATION = """\
ServerRoot "{folder}"
PidFile "{folder}/apache.pid"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
ErrorLog /dev/stderr
{modules}
{lines}
"""
_PROXYING = (
    "mpm_event",
    "authz_core",
    "filter",
    "deflate",
    "env",
    "proxy",
    "proxy_http",
)
_EMBEDDING = ("mpm_event", "authz_core", "wsgi")
#: Where the docs' lines for mod_wsgi expect the application.
SITE = "/srv/site"
#: The Python that Debian's mod_wsgi is built with.
SYSTEM_PYTHON = "/usr/bin/python3"


@contextmanager
def apache_in_front_of(upstream: Server, lines: str, folder: Path) -> Iterator[Server]:
    """Run Apache in front of a server until the block ends.

    :param lines: its configuration for :data:`UPSTREAM`.
    :param folder: where its configuration, its process id and its log go.
    """
    lines = lines.replace(UPSTREAM, f"127.0.0.1:{upstream.port}")
    # One process, which stays in the foreground and is who the tests are.
    with _apache(_PROXYING, lines, folder, "-X") as server:
        yield server


@contextmanager
def apache_with_wsgi(lines: str) -> Iterator[tuple[Server, Path]]:
    """Run the application of the tests in Apache's mod_wsgi until the block ends.

    Give the server, and a folder that the application can write to: mod_wsgi runs
    nothing as root, so it is another user where the tests are root.

    :param lines: its configuration for an application in :data:`SITE`.
    """
    if not (MODULES / "mod_wsgi.so").exists():
        lack("mod_wsgi", "apt-get install libapache2-mod-wsgi-py3")
    with tempfile.TemporaryDirectory(prefix="outpour-wsgi-") as directory:
        folder = Path(directory)
        folder.chmod(0o777)
        _make_site(folder)
        lines = f'WSGISocketPrefix "{folder}/wsgi"\n{lines.replace(SITE, directory)}'
        if os.geteuid() == 0:
            lines = f"User nobody\nGroup nogroup\n{lines}"
        # With -X mod_wsgi would have no daemon.
        with _apache(_EMBEDDING, lines, folder, "-DFOREGROUND") as server:
            yield server, folder


def _make_site(folder: Path) -> None:
    """Make the application, and an environment of mod_wsgi's Python that has ours."""
    module, _, name = TARGET.partition(":")
    (folder / "app.py").write_text(f"from {module} import {name} as app\n")
    (folder / "wsgi.py").write_text("from app import app as application\n")
    command = [SYSTEM_PYTHON, "-m", "venv", "--without-pip", folder / ".venv"]
    subprocess.run(command, check=True)
    (packages,) = folder.glob(".venv/lib/python*/site-packages")
    theirs, ours = packages.parent.name, f"python{sysconfig.get_python_version()}"
    if theirs != ours:
        pytest.skip(f"mod_wsgi has {theirs}, and the tests have {ours}")
    roots = [Path(package.__file__).parents[1] for package in (flask, flask_outpour)]
    for path in {*roots, *(parent for root in roots for parent in root.parents)}:
        if os.geteuid() == 0 and not path.stat().st_mode & 0o001:
            pytest.skip(
                f"mod_wsgi runs nothing as root, and {path} is closed to others"
            )
    (packages / "ours.pth").write_text("\n".join(map(str, [*roots, TESTS])))


@contextmanager
def _apache(
    modules: tuple[str, ...], lines: str, folder: Path, option: str
) -> Iterator[Server]:
    program = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    if program is None or not MODULES.exists():
        lack("apache2", "apt-get install apache2")
    port = free_port()
    configuration = folder / "apache.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            port=port,
            modules="\n".join(
                f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in modules
            ),
            lines=lines,
        )
    )
    command = [program, option, "-f", str(configuration)]
    with listening("apache", command, port, folder) as server:
        try:
            yield server
        finally:
            # Killed before it has stopped its own processes, it would leave them.
            server.process.terminate()
            server.process.wait(40)
