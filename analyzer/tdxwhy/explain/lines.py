"""What is the same for all lines with one text: boots print the same lines, and each is understood once."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from functools import cache, partial
from itertools import compress
from operator import itemgetter

from tdxwhy.explain.command_line import telling
from tdxwhy.explain.nouns import GOES_ON_NS
from tdxwhy.hints import Any
from tdxwhy.know.recognise import Recogniser, recognise
from tdxwhy.know.tables import forms
from tdxwhy.memo import Memo
from tdxwhy.noun import NamedTuple
from tdxwhy.read.fast_lines import Columnar
from tdxwhy.records import BootRecords, Event, LogRecord, Place

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


# The line that carries the wall clock of an early moment; an anchor keeps it.
_CLOCK = re.compile(r"setting system clock to \S+ \S+ \(([0-9]{9,11})\)|^audit: type=2000 audit\(([0-9]{9,11})\.[0-9]+:")
_FACTS = frozenset({"machine", "model_name", "command_line"})
_REMEMBERED, _LONGEST = 2048, 1024
_NOWHERE = Place("")


class KnownLine(NamedTuple):
    """A line without its time: the event that it is, how that enters a boot's likeness, and what else it says.

    `event` stands for all such events; only the record's text is theirs. `fact` is the machine, the CPU's model or the command line, by
    the name of its value. `clock` is the wall clock in seconds of the epoch.
    """

    text: str
    event: Event | None = None
    token: Hashable | None = None
    fact: tuple[str, str] | None = None
    clock: int | None = None


# Faster over a whole boot than attributes in a comprehension.
_text_of, _event_of, _token_of = (itemgetter(KnownLine._fields.index(name)) for name in ("text", "event", "token"))


def line_of(record: LogRecord, boot: Recogniser | None = None) -> KnownLine:
    """Understand one line of a boot. One that carries the clock says nothing else."""
    clock = _clock(record.text)
    event = recognise(record, boot) if clock is None else None
    if event is None:
        return KnownLine(record.text, clock=clock)
    values = event.values
    fact = None if _FACTS.isdisjoint(values) else next((name, values[name]) for name in values if name in _FACTS)
    return KnownLine(event.record.text, event, token_of(event), fact)


def _clock(text: str) -> int | None:
    if " clock to " not in text and not text.startswith("audit: "):
        return None
    found = _CLOCK.search(text)
    return None if found is None else int(found[1] or found[2])


class Lines(Memo[str, KnownLine]):
    """The lines of one level that are known by their text alone: with a time since boot, and not cut."""

    def __init__(self, level: int | None) -> None:
        super().__init__(_REMEMBERED)
        self._level = level

    def of(self, texts: Sequence[str], boot: Recogniser) -> list[KnownLine]:
        """Return the line of each text of a boot."""
        found = list(map(self.get, texts))
        if all(found):
            return found  # type: ignore[return-value] # as just asked
        return [known or self._new(text, boot) for text, known in zip(texts, found, strict=True)]

    def _new(self, text: str, boot: Recogniser) -> KnownLine:
        """Understand a line that was not met before."""
        line = line_of(LogRecord(_NOWHERE, text, text, 0, self._level), boot)
        if line.event is not None and len(text) <= _LONGEST:
            self.keep(text, line)
        return line


@cache
def lines(level: int | None) -> Lines:
    """Return the lines of one level, from 0 to 7, or of none."""
    return Lines(level)


class TimedLines(NamedTuple):
    """Lines of a boot in their order, and the time of each in nanoseconds since boot; `whole` unless some were passed over."""

    lines: Sequence[KnownLine]
    times: Sequence[int | None]
    whole: bool = True

    @property
    def events(self) -> TimedLines:
        """Return those that mean something."""
        kept = list(map(_event_of, self.lines))
        return self if all(kept) else TimedLines(list(compress(self.lines, kept)), list(compress(self.times, kept)), self.whole)


def understood(records: Sequence[LogRecord]) -> TimedLines:
    """Understand the lines of a boot."""
    boot = Recogniser()
    if not isinstance(records, Columnar):
        return TimedLines([_line(record, boot) for record in records], [record.time_ns for record in records], boot.unjudged is None)
    times, texts, *_ = records.columns
    levels = records.levels()
    if levels is None:
        found = lines(None).of(texts, boot)
    else:
        found = [line for level, text in zip(levels, texts, strict=True) for line in lines(level).of((text,), boot)]
    return TimedLines(found, times, boot.unjudged is None)


def _line(record: LogRecord, boot: Recogniser) -> KnownLine:
    if record.time_ns is None or record.cut or record.facility or not (record.level is None or 0 <= record.level < 8):
        return line_of(record, boot)
    return lines(record.level).of((record.text,), boot)[0]


def edges_of(boot: BootRecords) -> Edges:
    """Return where the log of a boot is cut, and when it ends."""
    return Edges(boot.head_cut, boot.tail_cut, boot.gaps, boot.last.time_ns if boot.last is not None else None)


def timed(records: Sequence[LogRecord]) -> bool:
    """Tell whether every line has a time."""
    return isinstance(records, Columnar) or all(record.time_ns is not None for record in records)


def texts_of(records: Sequence[LogRecord]) -> Sequence[str]:
    """Return the text of each line."""
    return records.columns[1] if isinstance(records, Columnar) else [record.text for record in records]


def likeness(events: TimedLines, edges: Edges) -> Hashable | None:
    """Return what a diagnosis depends on, of a boot whose lines all have a time.

    None where it also depends on lines that are no events (a trace, `uname -a`), or on how many were passed over.
    """
    tokens = list(map(_token_of, events.lines))
    if not events.whole or not tokens or None in tokens:
        return None
    times: Sequence[int] = events.times  # type: ignore[assignment] # none is None
    goes_on = -1 if edges.last is None else edges.last - GOES_ON_NS
    before = bisect_right(sorted(times), goes_on)
    stamps = len(set(times))
    if stamps < len(times):
        stamps = len(set(zip(map(_text_of, events.lines), times, strict=True)))
    return (edges.head_cut, edges.tail_cut, edges.gaps, edges.last is None, before, stamps, *tokens)
