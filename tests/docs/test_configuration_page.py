"""The page of the settings gives each an example that it takes."""

from __future__ import annotations

import re
import secrets

import pytest
from fences import ROOT

from flask_outpour.configuration import DEFAULTS
from flask_outpour.configuration import Settings

PAGE = (ROOT / "docs" / "configuration.md").read_text()
EXAMPLES = dict(
    re.findall(
        r"^`(OUTPOUR_\w+)`\n: (?:(?!^$).)*?For\s+example\s+`(.*?)`", PAGE, re.M | re.S
    )
)


@pytest.mark.parametrize("key", DEFAULTS)
def test_each_setting_takes_its_example(key: str) -> None:
    """Whoever copies an example from the page gets another setting, and no error."""
    value = eval(EXAMPLES[key], {"secrets": secrets})
    assert value != DEFAULTS[key]
    Settings.from_config({**DEFAULTS, key: value})
