"""When two boots must get the same diagnosis: so that of thousands alike only one is worked out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from tdxwhy.explain.command_line import telling
from tdxwhy.know.tables import forms
from tdxwhy.records import Event

# Nothing in a diagnosis depends on these; they differ from machine to machine and boot to boot.
_NEVER_TELL = frozenset({"bogomips", "fraction", "machine"})
_GOES_ON_NS = 5_000_000_000


class Edges(NamedTuple):
    """What a diagnosis depends on beside the lines: where the log is cut, and the time of its last line."""

    head_cut: bool
    tail_cut: bool
    gaps: bool
    last: int | None


def alike(edges: Edges, tokens: Sequence[Hashable | None], times: Sequence[int], texts: Sequence[str]) -> Hashable | None:
    """Return what a diagnosis depends on, from the token, the time in nanoseconds and the text of each event.

    None where it also depends on lines that are no events (a trace, `uname -a`).
    """
    if not tokens or None in tokens:
        return None
    goes_on = -1 if edges.last is None else edges.last - _GOES_ON_NS
    before = sum(map(goes_on.__ge__, times))
    stamps = len(set(times))
    if stamps < len(times):
        stamps = len(set(zip(texts, times, strict=True)))
    return (edges.head_cut, edges.tail_cut, edges.gaps, edges.last is None, before, stamps, *tokens)


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
