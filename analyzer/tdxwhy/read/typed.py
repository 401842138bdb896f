"""Commands that somebody typed beside a log, each with what it printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tdxwhy.lazy import lazy
from tdxwhy.read.asked import Dialogue, told
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
    said: list[Typed] = []
    answers: list[LogRecord] = []
    dialogue = Dialogue()
    for item in items:
        if isinstance(item, Mark):
            if item.kind == "prompt":
                _end(found, answers, closed=True)
                answers = []
                dialogue.asks(item.command)
                if item.command and len(found) < _MOST:
                    found.append(Typed(item.command, item.line))
                else:
                    dialogue.asks("")
            elif item.kind == "fence":
                dialogue.fence()
            else:
                dialogue.blank()
            continue
        if dialogue.answers(item.text) and len(answers) < _ANSWERS:
            answers.append(item)
        if item.time_ns is None and item.wall is None and len(said) < _MOST:
            said += (Typed(one.question, item.place.line or 0, (item._replace(text=one.answer),)) for one in told(item.text))
    _end(found, answers, closed=False)
    return (*found, *said[:_MOST])


def _end(found: list[Typed], answers: list[LogRecord], closed: bool) -> None:
    """Give the last command what it printed; `closed`: all that it printed is there."""
    if found and not found[-1].answers:
        found[-1] = found[-1]._replace(answers=tuple(answers), closed=closed)


def shows_all_of_tdx(commands: Sequence[Typed]) -> bool:
    """Tell whether a command that picks every TDX line was typed, and what it printed stands there to its end."""
    return any(one.closed and _PICKS_TDX.search(one.command) for one in commands)
