"""Tests of the cures: each is exact, and each known culprit exists."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from applications import joining
from applications import listing
from applications import Plain

from flask_outpour.doctor.application.culprits import cure_for
from flask_outpour.doctor.application.culprits import GENERAL
from flask_outpour.doctor.application.culprits import KNOWN
from flask_outpour.doctor.application.culprits import WHY
from flask_outpour.doctor.findings import Kind
from flask_outpour.doctor.findings import Place


@pytest.mark.parametrize("known", KNOWN)
def test_each_known_culprit_is_what_its_package_calls_it(known: str) -> None:
    """The name is one that the installed package has."""
    module, _, name = known.rpartition(".")
    assert not name or hasattr(import_module(module), name)
    import_module(module)


@pytest.mark.parametrize("kind", WHY)
@pytest.mark.parametrize("role", ["middleware", "after_request", "application", "view"])
def test_every_layer_has_a_cure_for_every_finding(kind: Kind, role: str) -> None:
    """It is a sentence, and its lines are Python."""
    cure = cure_for(kind, Place("shop.layer", None, role), Plain(None))
    assert cure.text.endswith(".")
    assert "{" not in cure.text
    for code in cure.lines.values():
        compile(
            f"def lines():\n    {code.replace(chr(10), chr(10) + '    ')}", "", "exec"
        )


def test_lines_of_known_cures_are_python() -> None:
    """They can be pasted."""
    for cure in (*KNOWN.values(), *GENERAL.values()):
        for code in cure.lines.values():
            if "return" not in code:
                compile(code, "", "exec")


@pytest.mark.parametrize(("layer", "read"), [(listing, "list()"), (joining, "join()")])
def test_the_call_that_reads_everything_is_named(layer: Any, read: str) -> None:
    """The code of a layer is looked at for what collects."""
    cure = cure_for("joins", Place("shop.layer"), layer(None))
    assert read in cure.text


def test_a_compressor_alone_is_told_to_flush() -> None:
    """Only where bodies without a coding pass is the compressor to blame."""
    place = Place("shop.layer")
    assert "flush" in cure_for("joins", place, Plain(None), coded=True).text
    assert "flush" not in cure_for("joins", place, Plain(None)).text
