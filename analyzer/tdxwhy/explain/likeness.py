"""When two boots must get the same diagnosis: so that of thousands alike only one is worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from tdxwhy.explain.command_line import telling
from tdxwhy.records import BootRecords, Event

# Nothing in a diagnosis depends on these; they differ from machine to machine and boot to boot.
_NEVER_TELL = frozenset({"bogomips", "machine"})
_GOES_ON_NS = 5_000_000_000


def likeness(boot: BootRecords, events: Sequence[Event]) -> tuple[Any, ...] | None:
    """Return what a diagnosis depends on, or None where it also depends on lines that are no events (a trace, `uname -a`)."""
    if not events or any(record.time_ns is None for record in boot.records):
        return None
    last = boot.last.time_ns if boot.last is not None else None
    goes_on = -1 if last is None else last - _GOES_ON_NS
    tokens: list[Any] = [boot.head_cut, boot.tail_cut, boot.gaps, last is None]
    stamps: set[tuple[str, int | None]] = set()
    before = 0
    for form, values, record, certainty, _ in events:
        if form is None:
            tokens += (record.text, record.cut, record.level)
        elif form.kind == "fault":
            return None
        else:
            tokens.append(_token(form.id, form.args)(record.text, values))
            if certainty != "exact" or record.level is not None:
                tokens += (certainty, record.level)
        stamps.add((record.text, record.time_ns))
        before += record.time_ns <= goes_on  # type: ignore[operator] # none is None: see above
    return (before, len(stamps), *tokens)


@cache
def _token(id: str, args: tuple[str, ...]) -> Callable[[str, dict[str, Any]], Any]:
    """Return how an event of this form enters the key: by its text, unless parts of it never tell anything."""
    if "command_line" in args:
        return lambda text, values: (id, telling(values["command_line"]))
    if _NEVER_TELL & set(args):
        kept = [name for name in args if name not in _NEVER_TELL and name != "fraction"]
        return lambda text, values: (id, *(values.get(name) for name in kept))
    return lambda text, values: text
