"""Literals such that every line of interest carries at least one: what the scanner of big logs looks for."""

from __future__ import annotations

from functools import cache

from tdxwhy.compiled import table
from tdxwhy.know.stored import ANCHORS


@cache
def anchors() -> tuple[bytes, ...]:
    """Return at most 64 literals of at least four bytes, one of which stands in every line that `recognise` knows."""
    return tuple(literal.encode() for literal in table(ANCHORS, "ANCHORS"))
