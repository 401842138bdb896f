"""When two boots must get the same diagnosis: so that of thousands alike only one is worked out."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache, partial
from typing import Any, NamedTuple

from tdxwhy.explain.command_line import telling
from tdxwhy.know.tables import forms
from tdxwhy.records import Event

# Nothing in a diagnosis depends on these; they differ from machine to machine and boot to boot.
_NEVER_TELL = frozenset({"bogomips", "fraction", "machine"})


class Edges(NamedTuple):
    """What a diagnosis depends on beside the lines: where the log is cut, and the time of its last line."""

    head_cut: bool
    tail_cut: bool
    gaps: bool
    last: int | None


def token_of(event: Event) -> Hashable | None:
    """Return how an event enters the likeness of its boot, its time apart; None where a diagnosis also reads the lines around it."""
    form, values, record, certainty, _ = event
    if form is None:
        return (record.text, record.cut, record.level)
    if form.kind == "fault":
        return None
    special = _special().get(form.id)
    told = record.text if special is None else special(values)
    return told if record.level is None and certainty == "exact" else (told, certainty, record.level)


@cache
def _special() -> dict[str, Callable[[dict[str, Any]], Hashable]]:
    """Return how events of some forms enter the likeness: without the parts that never tell anything. All others enter by their text."""
    found: dict[str, Callable[[dict[str, Any]], Hashable]] = {}
    for form in forms():
        if "command_line" in form.args:
            found[form.id] = partial(_telling, form.id)
        elif _NEVER_TELL & set(form.args):
            found[form.id] = partial(_kept, form.id, tuple(name for name in form.args if name not in _NEVER_TELL))
    return found


def _telling(form: str, values: dict[str, Any]) -> Hashable:
    return (form, telling(values["command_line"]))


def _kept(form: str, names: tuple[str, ...], values: dict[str, Any]) -> Hashable:
    return (form, *(values.get(name) for name in names))
