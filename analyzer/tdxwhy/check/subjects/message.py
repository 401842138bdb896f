"""What a message shows of numbers and which of them it spells out, for printed lines and for formats alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tdxwhy.check.subjects.nouns import Scope, Shown
from tdxwhy.know.decode import leaf_named
from tdxwhy.lazy import lazy

# Names as the module's specification, its headers and the kernel write them.
_LEAF_NAME = lazy(r"\b(?:TDH|SEAMLDR)[._][A-Z][A-Z0-9]{0,31}(?:[._][A-Z0-9]{1,31}){0,7}\b")
_STATUS_NAME = lazy(r"\b(?!TDH_|SEAMLDR_)[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b")
_ERRNO_NAME = lazy(r"(?<![A-Z_])-?E(?!PT\b|BX\b|AX\b|CX\b|DX\b)[A-Z]{2}[A-Z0-9]{0,31}+\b|%pe")
_OF_CPUS = lazy(r"\b(?:CPU(?!ID)|processor|package|socket)s?\b|\bonline\b|\boffline\b|\bVMX\b", re.IGNORECASE)


def spelt(text: str) -> frozenset[Shown]:
    """Return the kinds of number that the text gives by name."""
    found: set[Shown] = set()
    if _LEAF_NAME.search(text):
        found.add("leaf")
    if _STATUS_NAME.search(text):
        found.add("status")
    if _ERRNO_NAME.search(text):
        found.add("errno")
    return frozenset(found)


def scope_of(texts: Iterable[str], steps: Iterable[str | None], shows: frozenset[Shown]) -> Scope:
    """Tell whether a failure concerns CPUs, or the platform as a whole: it names a platform's step and speaks of no CPU."""
    known = {step for step in steps if step}
    if shows & {"leaf", "status"} or any(_OF_CPUS.search(text) for text in texts):
        return "cpu"
    # What is no SEAMCALL the kernel does once for the whole platform, whatever CPU it runs on.
    return "platform" if known and not any(map(leaf_named, known)) else "cpu"
