"""Boots to the columns of the four tables: gathered as plain lists, turned into Arrow when a part is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tdxwhy.fleet.judge import Judge, Remembered, status_text
from tdxwhy.fleet.origin import Origin, key_of
from tdxwhy.fleet.schema import arrow_schema
from tdxwhy.records import BootRecords, Event

if TYPE_CHECKING:
    import pyarrow as pa

# Accepted form: "SYSTEM/BOARD, BIOS VERSION 01/02/2024" (Linux drivers/firmware/dmi_scan.c, dmi_format_ids).
_MACHINE = re.compile(r"(?P<board>.*?)(?:, BIOS (?P<firmware>.*?)(?: (?P<date>\d\d/\d\d/\d{2,4}))?)?")


class BootRow(NamedTuple):
    """One row of the table of boots, without the columns that the diagnosis fills."""

    key: int
    origin: Origin
    source: str
    machine: str | None
    cpu_model: str | None
    command_line: str | None
    boot: BootRecords
    found: Remembered
    times: tuple[list[int | None], list[tuple[int | None, int | None]]]


class Columns:
    """The rows of one part."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._rows: dict[int, BootRow] = {}

    def __len__(self) -> int:
        """Return how many boots there are."""
        return len(self._rows)

    def add(self, boot: BootRecords, origin: Origin, source: str) -> None:
        """Diagnose a boot and keep it; of copies of one boot the one that tells most."""
        events, found = self._judge(boot)
        key = key_of(boot, origin, events)
        known = self._rows.get(key)
        if known is not None and len(known.found.events) >= len(found.events):
            return
        kept = [events[place].record.time_ns for place in found.kept]
        tried = [(events[one.first].record.time_ns, events[one.last].record.time_ns) for one in found.attempts]
        facts = _facts(events)
        self._rows[key] = BootRow(key, origin, source, *facts, boot._replace(records=(), last=None), found, (kept, tried))

    def keys(self) -> list[int]:
        """Return the keys of all boots, in the order in which they came."""
        return list(self._rows)

    def outcomes(self) -> Counter[str]:
        """Count the outcomes."""
        return Counter(row.found.diagnosis.outcome for row in self._rows.values())

    def tables(self) -> dict[str, pa.Table]:
        """Return all that is about boots as Arrow tables, in the columns and types of the schema."""
        made = {"boots": self._boots(), "attempts": self._attempted(), "events": self._events(), "findings": self._found()}
        return {name: table(name, columns) for name, columns in made.items()}

    def _boots(self) -> list[Sequence[Any]]:
        return list(zip(*map(_boot_columns, self._rows.values()), strict=True))

    def _attempted(self) -> list[Sequence[Any]]:
        rows = [
            (row.key, number, *tried[:5], *times)
            for row in self._rows.values()
            for number, (tried, times) in enumerate(zip(row.found.attempts, row.times[1], strict=True), 1)
        ]
        return list(zip(*rows, strict=True))

    def _events(self) -> list[Sequence[Any]]:
        rows = [
            (row.key, row.found.diagnosis.kernel, time, *event)
            for row in self._rows.values()
            for time, event in zip(row.times[0], row.found.events, strict=True)
        ]
        return list(zip(*rows, strict=True))

    def _found(self) -> list[Sequence[Any]]:
        rows = [(row.key, *finding) for row in self._rows.values() for finding in row.found.findings]
        return list(zip(*rows, strict=True))


def _facts(events: Sequence[Event]) -> tuple[str | None, str | None, str | None]:
    machine = model = line = None
    for event in events:
        values = event.values
        if "machine" in values:
            machine = values["machine"]
        elif "model_name" in values:
            model = model or values["model_name"]
        elif "command_line" in values:
            line = values["command_line"]
    return machine, model, line


def _boot_columns(row: BootRow) -> tuple[Any, ...]:
    told, call, found = row.found.diagnosis, row.found.diagnosis.seamcall, row.found
    machine = _MACHINE.fullmatch(row.machine) if row.machine else None
    return (
        row.key,
        row.origin.host,
        row.origin.boot_id,
        row.origin.started,
        row.source,
        told.role,
        told.outcome,
        told.steps[0] if told.steps else None,
        told.steps,
        told.causes[0].id if told.causes else None,
        [cause.id for cause in told.causes],
        call.name if call else None,
        status_text(call.status) if call else None,
        call.status_name if call else None,
        told.packages,
        told.cpus,
        told.sentence,
        told.request.asked,
        told.kernel,
        told.module,
        told.generation,
        machine["board"] if machine else None,
        machine["firmware"] if machine else None,
        machine["date"] if machine else None,
        row.cpu_model,
        row.command_line[:4096] if row.command_line else None,
        len(found.attempts),
        len(found.events),
        len(found.findings),
        row.boot.head_cut,
        row.boot.tail_cut,
        row.boot.gaps,
    )


def table(name: str, columns: Sequence[Any]) -> pa.Table:
    """Return one table of a part from its columns; without any it is empty."""
    import pyarrow as pa

    schema = arrow_schema(name)
    data = columns or [[] for _ in schema]
    return pa.table([pa.array(values, kind) for values, kind in zip(data, schema.types, strict=True)], schema=schema)
