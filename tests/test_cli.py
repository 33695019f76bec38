"""Tests of the command ``outpour``: what it takes, says and returns."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

from flask_outpour import cli
from flask_outpour.doctor import command

PAGE = Path(__file__).parents[1] / "docs" / "demo.md"
DOCTOR = PAGE.with_name("doctor.md")


@pytest.fixture
def quiet_log() -> Iterator[None]:
    """Put the log of streams back as it was."""
    logger = logging.getLogger("flask_outpour")
    handlers, level = logger.handlers[:], logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quiet_log: None
) -> Callable[..., int]:
    """Return a function that runs ``outpour`` and returns its exit code.

    A server that it starts is ready at once and stops again; the user's cache is
    ``tmp_path / "cache"``.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cli, "serve", lambda app, listener, ready: ready())

    def run(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["outpour", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return int(caught.value.code or 0)

    return run


def commands_of(group: click.Group) -> Iterator[click.Command]:
    """Yield a group and all commands in it."""
    yield group
    for each in group.commands.values():
        if isinstance(each, click.Group):
            yield from commands_of(each)
        else:
            yield each


def options_of(command: click.Command) -> set[str]:
    """Return the options of a command, as a user writes them."""
    with click.Context(command) as context:
        parameters = command.get_params(context)
    return {
        name
        for parameter in parameters
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }


def test_each_command_and_option_is_documented() -> None:
    """The pages name all commands and options, and none that is not there."""
    pages = PAGE.read_text() + DOCTOR.read_text()
    existing: set[str] = set()
    for group in (cli.outpour, command.group):
        for each in commands_of(group):
            assert f"`outpour {each.name}" in pages or each is group
            existing |= options_of(each)
    # gunicorn's, which a finding names.
    named = set(re.findall(r"`(--[a-z-]+)[ `]", pages)) - {"--threads"}
    assert named <= existing
    assert existing <= set(re.findall(r"--[a-z-]+", pages))


def test_each_option_explains_itself() -> None:
    """Each option has a line in ``--help``."""
    for each in (*commands_of(cli.outpour), *commands_of(command.group)):
        assert each.help
        for parameter in each.params:
            if isinstance(parameter, click.Option):
                assert parameter.help


def test_the_documented_defaults_are_the_defaults() -> None:
    """What the page says of a default is what the command does."""
    page = PAGE.read_text()
    defaults = {option.name: option.default for option in cli.demo.params}
    entries = re.findall(
        r"^`--(\w+) [^`]*`\n(?:(?!^`).)*?Default: `([^`]+)`", page, re.M | re.S
    )
    assert dict(entries) == {
        "rows": str(cli.ORDERS),
        "host": defaults["host"],
        "port": str(defaults["port"]),
    }
    assert defaults["opens"] is False


def test_demo_generates_its_orders_once(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first run says what it makes and where; the second one has it already."""
    assert run("demo", "--rows", "20", "--port", "0") == 0
    (path,) = (tmp_path / "cache" / "outpour").iterdir()
    assert f"Generating 20 orders, once, into {path}" in capsys.readouterr().out
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (20,)
    assert run("demo", "--rows", "20", "--port", "0") == 0
    assert "Generating" not in capsys.readouterr().out


def test_demo_says_where_it_is_ready(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The address is printed when it is served, and how to stop."""
    run("demo", "--rows", "1", "--port", "0")
    assert re.search(
        r"^The demo is ready: http://127\.0\.0\.1:\d+/\nStop it with Ctrl-C\.$",
        capsys.readouterr().out,
        re.M,
    )


def test_open_opens_the_page(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only with ``--open`` a browser is shown the home page."""
    opened: list[str] = []
    monkeypatch.setattr(cli.webbrowser, "open", opened.append)
    run("demo", "--rows", "1", "--port", "0")
    run("demo", "--rows", "1", "--port", "0", "--no-open")
    assert opened == []
    run("demo", "--rows", "1", "--port", "0", "--open")
    assert len(opened) == 1
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", opened[0])


def test_the_log_of_streams_is_shown(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Outpour logs at the end of a stream reaches the terminal."""
    run("demo", "--rows", "1", "--port", "0")
    logging.getLogger("flask_outpour").info("a stream has ended")
    assert capsys.readouterr().err == "a stream has ended\n"


def test_help_and_version_are_there(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """``outpour`` alone shows its help, and ``--version`` its version."""
    assert run() == 0
    assert "demo" in capsys.readouterr().out
    assert run("--version") == 0
    assert re.search(r"\d+\.\d+", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--database", "missing.db"], "missing.db: there is no such file"),
        (["--database", "text.db"], "text.db as a SQLite database: file is not"),
        (["--database", "empty.db"], "empty.db: the database has no tables"),
        (["--database", "."], "it is no file"),
        (["--database", "sqlite:///missing.db"], "missing.db: there is no such file"),
        (["--database", "nothing://u:hush@h/d"], "nothing://u:***@h/d: SQLAlchemy"),
        (["--database", "mysql+pymysql://u:hush@h:x/d"], "Cannot read the URL"),
        (["--database", "mysql+pymysql://u:hush@127.0.0.1:1/d"], "connect"),
        (["--port", "65536"], "65536"),
        (["--port", "-1"], "-1"),
        (["--port", "http"], "http"),
        (["--host", "nobody.invalid"], "nobody.invalid"),
        (["--rows", "0"], "0"),
        (["--rows", "5", "--database", "empty.db"], "does not go with"),
        (["--bogus"], "--bogus"),
        (["more"], "more"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    run: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    """A mistake is answered by one line that names it, and by exit code 2."""
    monkeypatch.chdir(tmp_path)
    Path("text.db").write_text("This is not a database. " * 100)
    Path("empty.db").touch()
    assert run("demo", *arguments) == 2
    output = capsys.readouterr()
    (line,) = output.err.splitlines()
    assert said in line
    assert "hush" not in line
    assert output.out == ""
    assert not Path("missing.db").exists()


def test_a_taken_port_is_one_sentence(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """A port that another program listens on is named, and nothing is generated."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run("demo", "--rows", "1", "--port", str(port)) == 2
    output = capsys.readouterr()
    (line,) = output.err.splitlines()
    assert line.startswith(f"outpour: Port {port} of 127.0.0.1 is taken")
    assert output.out == ""


def test_damaged_orders_are_one_sentence(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the file of the orders is damaged, it says that it can be deleted."""
    run("demo", "--rows", "1", "--port", "0")
    (path,) = (tmp_path / "cache" / "outpour").iterdir()
    path.write_text("This is not a database. " * 100)
    capsys.readouterr()
    assert run("demo", "--rows", "1", "--port", "0") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line
    assert "Delete the file" in line


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_orders_are_generated_leaves_nothing(
    run: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sign: signal.Signals,
) -> None:
    """Ctrl-C and SIGTERM stop the generation, and no part of a file is left."""
    before = signal.getsignal(sign)
    original: Any = cli.generate_orders

    def signalled(path: Path, rows: int, advance: Any) -> None:
        original(path, rows, lambda done: os.kill(os.getpid(), sign))

    monkeypatch.setattr(cli, "generate_orders", signalled)
    assert run("demo", "--rows", "30000", "--port", "0") == 130
    assert "Stopped." in capsys.readouterr().err
    assert list((tmp_path / "cache" / "outpour").iterdir()) == []
    assert signal.getsignal(sign) is before
