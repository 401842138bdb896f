"""The docstring of every reader shows an input and what comes out."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import tdxwhy.read

ROOT = Path(tdxwhy.read.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in ROOT.rglob("*.py")
    if "Accepted form" in path.read_text(encoding="utf-8") or ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", MODULES)
def test_what_a_reader_shows_is_what_it_does(module: str) -> None:
    failed, tried = doctest.testmod(import_module(f"tdxwhy.read.{module}"))
    assert (failed, tried > 0) == (0, True)
