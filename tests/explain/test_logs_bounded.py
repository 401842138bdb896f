"""Of a stream of many boots only what is needed stays in memory, and the same boot decides."""

from __future__ import annotations

from tdxwhy.explain.logs import JudgedBoot, decisive, report
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.records import BootRecords, Event, LogRecord, Place

RECORD = LogRecord(Place("x", 1), "a", "a")


def diagnosis(number: int) -> Diagnosis:
    role = "host" if number % 3 else "guest"
    outcome = "failed" if number in (7, 40) else "unknown"
    return Diagnosis("x", role, outcome, "", kernel="6.1" if number == 60 else None, events=(Event(None, {}, RECORD),) * (number % 4))


def test_the_same_boot_decides_and_keeps_its_lines() -> None:
    for count in (1, 30, 50, 100, 200):
        boot = BootRecords((RECORD,), 1, RECORD)
        numbers = iter(range(count))
        made = report("x", [boot] * count, lambda one, numbers=numbers: JudgedBoot(diagnosis(next(numbers)), one))
        assert made is not None
        every = [diagnosis(number) for number in range(count)]
        assert made.decisive == decisive(every)
        assert made.judged.records.records == (RECORD,)
        assert made.judged.diagnosis == every[made.decisive]
        assert sum(1 for one in made.boots if one.records.records) <= 33
        assert [one.diagnosis.outcome for one in made.boots] == [one.outcome for one in every]
