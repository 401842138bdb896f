"""Commands that somebody typed beside a log, each with what it printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tdxwhy.lazy import lazy
from tdxwhy.read.item import Item, Mark
from tdxwhy.records import LogRecord, Typed

_MOST, _ANSWERS = 64, 256
# Accepted form: what shows every TDX line of a boot, such as "sudo dmesg | grep -i tdx".
_PICKS_TDX = lazy(r"(?i)\b(?:dmesg|journalctl)\b(?!.{0,250}\|\s{0,9}(?:head|tail|less)\b).{0,250}(?:\b[ze]?grep\b|--grep[ =]).{0,250}\btdx")


def typed(items: Iterable[Item]) -> tuple[Typed, ...]:
    """Return the commands in a paste. `closed`: another command follows, so all that it printed is there.

    >>> from tdxwhy.read.lines import LineReader
    >>> reader = LineReader("paste")
    >>> (command,) = typed(item for number, text in enumerate(("$ lsmod", "kvm_intel 1 0")) for item in reader.take(number, text))
    >>> command.command, [record.text for record in command.answers]
    ('lsmod', ['kvm_intel 1 0'])
    """
    found: list[Typed] = []
    answers: list[LogRecord] | None = None
    for item in items:
        if isinstance(item, Mark):
            if item.kind in ("prompt", "fence") and answers is not None:
                found[-1] = found[-1]._replace(answers=tuple(answers), closed=item.kind == "prompt")
                answers = None
            if item.kind == "prompt" and item.command and len(found) < _MOST:
                found.append(Typed(item.command, item.line))
                answers = []
        elif answers is not None and len(answers) < _ANSWERS:
            answers.append(item)
    if answers is not None:
        found[-1] = found[-1]._replace(answers=tuple(answers))
    return tuple(found)


def shows_all_of_tdx(commands: Sequence[Typed]) -> bool:
    """Tell whether a command that picks every TDX line was typed, and what it printed stands there to its end."""
    return any(one.closed and _PICKS_TDX.search(one.command) for one in commands)
