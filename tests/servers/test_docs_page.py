"""The page "Choose your server" says what the matrix holds."""

from __future__ import annotations

import pytest

from processes import COMMANDS
from servers.expectations import EXPECTATIONS
from servers.expectations import nginx_table
from servers.expectations import server_table
from servers.nginx import PAGE


def test_every_server_has_its_facts() -> None:
    """No server is started by the tests without facts in the table."""
    assert sorted(facts.name for facts in EXPECTATIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("table", [server_table(), nginx_table()])
def test_the_page_shows_the_facts(table: str) -> None:
    """The page's tables are those that the tests hold, line for line."""
    assert f"\n\n{table}\n" in PAGE.read_text()
