"""The page of the commands has what click knows of them, and nothing else."""

from __future__ import annotations

import re

import click
import pytest
from fences import ROOT

from flask_outpour import cli
from flask_outpour.doctor import command

PAGE = (ROOT / "docs" / "commands.md").read_text()
COMMANDS = {
    "outpour demo": cli.demo,
    "outpour doctor URL": command.site_doctor,
    "flask outpour doctor": command.doctor,
}


def section_of(title: str) -> str:
    """Return what the page has under the heading of a command."""
    return PAGE.partition(f"## `{title}`\n")[2].partition("\n## ")[0]


def options_of(title: str) -> dict[str, str]:
    """Return the options in the table of a command, each with its default."""
    rows = re.findall(r"^\| (`--.*?) \| .* \| (.*?) ?\|$", section_of(title), re.M)
    return {option.replace("\\|", "|"): default.strip("`") for option, default in rows}


def usage_of(option: click.Option) -> str:
    """Return an option as the page writes it."""
    names = [*option.opts, *option.secondary_opts]
    return ", ".join(
        f"`{name} {option.metavar}`" if option.metavar else f"`{name}`"
        for name in names
    )


def default_of(option: click.Option) -> str:
    """Return what an option is when it is not given, as the page writes it."""
    if option.name == "rows":
        return str(cli.ORDERS)
    if option.secondary_opts:
        return option.secondary_opts[0]
    return (
        ""
        if option.is_flag or not isinstance(option.default, str | int)
        else (str(option.default))
    )


@pytest.mark.parametrize("title", COMMANDS)
def test_the_page_has_every_option_and_its_default(title: str) -> None:
    """A command's table names the options that it takes, with what they are else."""
    assert options_of(title) == {
        usage_of(option): default_of(option)
        for option in COMMANDS[title].params
        if isinstance(option, click.Option)
    }


@pytest.mark.parametrize("title", COMMANDS)
def test_the_page_says_the_bounds_of_numbers(title: str) -> None:
    """Where a number must be within bounds, the page says which."""
    for option in COMMANDS[title].params:
        if isinstance(option.type, click.IntRange):
            (line,) = re.findall(rf"^\| `--{option.name} .*$", section_of(title), re.M)
            least, most = option.type.min, option.type.max
            bounds = f"{least} or more" if most is None else f"{least} to {most}"
            assert bounds in line


def test_the_page_has_every_command_and_no_other() -> None:
    """Each command has a section, in the page's first table as well."""
    offered = {f"outpour {name}" for name in cli.outpour.commands}
    offered |= {f"flask outpour {name}" for name in command.group.commands}
    assert {title.removesuffix(" URL") for title in COMMANDS} == offered
    assert re.findall(r"^## `(.*)`$", PAGE, re.M) == [*COMMANDS]
    assert re.findall(r"^\| `((?:flask )?outpour .*?)` \|", PAGE, re.M) == [*COMMANDS]


def test_the_page_has_every_variable_of_the_token() -> None:
    """The variables that the doctor looks for are on the page."""
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.M))
    assert {*command.TOKEN_VARIABLES} <= named
