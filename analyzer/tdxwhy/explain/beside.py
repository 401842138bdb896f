"""What a paste shows beside its log: commands with their answers, and lines of reports, as facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from tdxwhy.know import tables
from tdxwhy.know.rows import Shown
from tdxwhy.records import BootRecords, Evidence, LogRecord, Place, Typed

_MOST = 4096
_CPU = "smpboot: CPU0: "


def facts_beside(boot: BootRecords) -> dict[str, tuple[Evidence, ...]]:
    """Return the facts that the commands and the lines without a stamp state, and the kernel's line that names the CPU."""
    found: dict[str, tuple[Evidence, ...]] = {}
    for fact, evidence in (*_answered(boot), *_stated([record for record in boot.records[:_MOST] if _is_bare(record)])):
        found[fact] = (*found.get(fact, ()), evidence)[:4]
    return found


def answers_to(boot: BootRecords, command: str) -> Iterator[LogRecord]:
    """Yield what commands with a text in them printed."""
    for one in boot.typed:
        if command in one.command:
            yield from one.answers


def _is_bare(record: LogRecord) -> bool:
    """Tell whether a line is none of the kernel's own, but for the one that names the CPU."""
    return (record.time_ns is None and record.wall is None and record.level is None) or record.text.startswith(_CPU)


def _answered(boot: BootRecords) -> Iterator[tuple[str, Evidence]]:
    source = boot.records[0].place.source if boot.records else ""
    for row in (row for row in tables.shown() if row.command):
        for typed in boot.typed:
            if _compiled(row.command).search(typed.command):
                yield from _of_command(row, typed, source)


def _of_command(row: Shown, typed: Typed, source: str) -> Iterator[tuple[str, Evidence]]:
    if not row.answer:
        if typed.closed and not any(record.text.strip() for record in typed.answers):
            yield row.fact, Evidence(Place(source, typed.line), typed.command)
        return
    for record in typed.answers:
        found = _compiled(row.answer).search(record.text)
        if found is not None and _holds(row, found):
            yield row.fact, Evidence(record.place, record.text)
            return


def _stated(records: Sequence[LogRecord]) -> Iterator[tuple[str, Evidence]]:
    rows = [row for row in tables.shown() if row.line]
    for record in records:
        for row in rows:
            if record.text.startswith(_CPU) and _CPU.strip() not in row.line:
                continue
            found = _compiled(row.line).search(record.text)
            if found is not None and _holds(row, found):
                yield row.fact, Evidence(record.place, record.text)


def _holds(row: Shown, found: re.Match[str]) -> bool:
    """Tell whether the number in an answer has the bit, or the value, of which the row speaks."""
    if row.bit is None and not row.nonzero:
        return True
    number = int(found["hex"], 16)
    return number != 0 if row.nonzero else bool(number >> (row.bit or 0) & 1) == row.is_set


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
