"""What a paste shows beside its log: commands with their answers, and lines of reports, as facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.know import shown
from tdxwhy.read.asked import is_nothing
from tdxwhy.records import BootRecords, Evidence, LogRecord, Place

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
    for typed in boot.typed:
        texts = ["" if is_nothing(record.text) else record.text for record in typed.answers]
        for row in shown.by_command(of_boot=True):
            told = next(shown.in_answers(row, typed.command, texts, typed.closed), None)
            if told is not None:
                record = typed.answers[told.answer] if told.answer is not None else None
                yield row.fact, Evidence(record.place, record.text) if record else Evidence(Place(source, typed.line), typed.command)


def _stated(records: Sequence[LogRecord]) -> Iterator[tuple[str, Evidence]]:
    rows = shown.by_line(of_boot=True)
    of_cpu = [row for row in rows if _CPU.strip() in row.line]
    for record in records:
        for told in shown.in_line(of_cpu if record.text.startswith(_CPU) else rows, record.text):
            yield told.row.fact, Evidence(record.place, record.text)
