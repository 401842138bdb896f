"""Lines of a kernel that a program hands on under its own name, as the console of a VM: in a host's log they are not the host's own."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.lazy import lazy
from tdxwhy.records import Event, LogRecord

# Accepted form: "virtlogd[78]: [    1.000000] " before the text.
_PROGRAM = lazy(r"(?<![\w.@/-])(?!kernel\[)[A-Za-z][\w.@/-]{0,63}\[\d{1,9}\]: ")
_HEAD = 256


def is_relayed(record: LogRecord) -> bool:
    """Tell whether a program other than the kernel hands a line on."""
    head = record.raw[: min(_HEAD, max(0, record.raw.find(record.text[:32])))]
    return "]: " in head and _PROGRAM.search(head) is not None


def own(events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events of the machine whose log it is: where it speaks of TDX itself, nothing that a program hands on is its own."""
    kept = tuple(event for event in events if not is_relayed(event.record))
    return kept if any(event.form is not None and event.form.kind in ("host", "loader") for event in kept) else tuple(events)
