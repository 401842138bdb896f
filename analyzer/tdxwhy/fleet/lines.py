"""What is the same for all lines with one text: boots of a fleet print the same lines, and each is understood once."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cache
from typing import NamedTuple

from tdxwhy.explain.likeness import token_of
from tdxwhy.know.recognise import recognise
from tdxwhy.records import Event, LogRecord, Place

# The line that carries the wall clock of an early moment; an anchor keeps it.
_CLOCK = re.compile(r"setting system clock to \S+ \S+ \((\d{9,11})\)|^audit: type=2000 audit\((\d{9,11})\.\d+:")
_FACTS = ("machine", "model_name", "command_line")
_REMEMBERED, _LONGEST = 8192, 1024
_NOWHERE = Place("")


class Line(NamedTuple):
    """A line without its time: the event that it is, how that enters a boot's likeness, and what else it says.

    `event` stands for all such events; only the record's text is theirs. `fact` is the machine, the CPU's model or the command line, by
    the name of its value. `clock` is the wall clock in seconds of the epoch.
    """

    text: str
    event: Event | None = None
    token: Hashable | None = None
    fact: tuple[str, str] | None = None
    clock: int | None = None


def line_of(record: LogRecord) -> Line:
    """Understand one line."""
    event, clock = recognise(record), _clock(record.text)
    if event is None:
        return Line(record.text, clock=clock)
    values = event.values
    fact = next(((name, values[name]) for name in _FACTS if name in values), None)
    return Line(event.record.text, event, token_of(event), fact, clock)


def _clock(text: str) -> int | None:
    if " clock to " not in text and not text.startswith("audit: "):
        return None
    found = _CLOCK.search(text)
    return None if found is None else int(found[1] or found[2])


class Lines(dict[str, Line]):
    """The lines of one level that are known by their text alone: with a time since boot, and not cut."""

    def __init__(self, level: int | None) -> None:
        super().__init__()
        self._level = level

    def __missing__(self, text: str) -> Line:
        """Understand a line that was not met before."""
        line = line_of(LogRecord(_NOWHERE, text, text, 0, self._level))
        if len(self) >= _REMEMBERED:
            self.clear()
        if len(text) <= _LONGEST:
            self[text] = line
        return line


@cache
def lines(level: int | None) -> Lines:
    """Return the lines of one level, from 0 to 7, or of none."""
    return Lines(level)
