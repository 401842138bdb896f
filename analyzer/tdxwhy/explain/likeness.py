"""When two boots must get the same diagnosis: so that of thousands alike only one is worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from tdxwhy.explain.command_line import telling
from tdxwhy.know.tables import forms
from tdxwhy.records import BootRecords, Event

# Nothing in a diagnosis depends on these; they differ from machine to machine and boot to boot.
_NEVER_TELL = frozenset({"bogomips", "fraction", "machine"})
_GOES_ON_NS = 5_000_000_000


def likeness(boot: BootRecords, events: Sequence[Event]) -> tuple[Any, ...] | None:
    """Return what a diagnosis depends on, or None where it also depends on lines that are no events (a trace, `uname -a`)."""
    if not events or any(record.time_ns is None for record in boot.records):
        return None
    last = boot.last.time_ns if boot.last is not None else None
    goes_on = -1 if last is None else last - _GOES_ON_NS
    tokens: list[Any] = [boot.head_cut, boot.tail_cut, boot.gaps, last is None]
    special, take = _special(), tokens.append
    for form, values, record, certainty, _ in events:
        if form is None:
            tokens += (record.text, record.cut, record.level)
        elif form.kind == "fault":
            return None
        else:
            take(special[form.id](values) if form.id in special else record.text)
            if record.level is not None or certainty != "exact":
                tokens += (certainty, record.level)
    times: list[int] = [event.record.time_ns for event in events]  # type: ignore[misc] # none is None: see above
    before = sum(map(goes_on.__ge__, times))
    stamps = len(set(times))
    if stamps < len(times):
        stamps = len({(event.record.text, event.record.time_ns) for event in events})
    return (before, stamps, *tokens)


@cache
def _special() -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Return how events of some forms enter the key: without the parts that never tell anything. All others enter by their text."""
    found: dict[str, Callable[[dict[str, Any]], Any]] = {}
    for form in forms():
        if "command_line" in form.args:
            found[form.id] = lambda values: telling(values["command_line"])
        elif _NEVER_TELL & set(form.args):
            found[form.id] = partial(_kept, tuple(name for name in form.args if name not in _NEVER_TELL))
    return found


def _kept(names: tuple[str, ...], values: dict[str, Any]) -> tuple[Any, ...]:
    return (names, *(values.get(name) for name in names))
