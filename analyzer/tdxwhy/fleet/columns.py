"""Boots to the columns of the four tables: gathered as plain lists, turned into Arrow when a part is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING, Any

from tdxwhy.explain.lines import Edges
from tdxwhy.fleet.boot import Boot
from tdxwhy.fleet.judge import Judge, JudgedRows, Remembered
from tdxwhy.fleet.origin import Origin, key_of
from tdxwhy.fleet.schema import TABLES, arrow_schema, arrow_type
from tdxwhy.noun import NamedTuple

if TYPE_CHECKING:
    from arro3.core import Array, RecordBatch

# Before this every kernel prints the same lines at nearly the same times.
_EARLY_NS = 100_000_000

# Accepted form: "SYSTEM/BOARD, BIOS VERSION 01/02/2024" (Linux drivers/firmware/dmi_scan.c, dmi_format_ids).
_DATED = re.compile(r" (\d\d/\d\d/\d{2,4})\Z")


class BootRow(NamedTuple):
    """One row of the table of boots, without the columns that the diagnosis fills."""

    key: int
    origin: Origin
    source: str
    facts: dict[str, str]
    edges: Edges
    judged: JudgedRows
    times: Sequence[int | None]


class Columns:
    """The rows of one part."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._rows: dict[int, BootRow] = {}

    def __len__(self) -> int:
        """Return how many boots there are."""
        return len(self._rows)

    def add(self, boot: Boot, origin: Origin, source: str) -> None:
        """Diagnose a boot and keep it; of copies of one boot the one that tells most."""
        judged = self._judge(boot)
        key = key_of(origin.boot_id, origin.host, _telling(boot))
        known = self._rows.get(key)
        if known is None or len(known.judged.rows.events) < len(judged.rows.events):
            self._rows[key] = BootRow(key, origin, source, _facts(boot), boot.edges, judged, boot.events.times)

    def keys(self) -> list[int]:
        """Return the keys of all boots, in the order in which they came."""
        return list(self._rows)

    def outcomes(self) -> Counter[str]:
        """Count the outcomes."""
        return Counter(row.judged.rows.diagnosis.outcome for row in self._rows.values())

    def tables(self) -> dict[str, RecordBatch]:
        """Return all that is about boots as Arrow batches, in the columns and types of the schema."""
        boots = [(row, row.judged.rows) for row in self._rows.values()]
        made = {
            "boots": [_boot_columns(row, found) for row, found in boots],
            "attempts": [
                (row.key, number, *tried[:5], row.times[tried.first], row.times[tried.last])
                for row, found in boots
                for number, tried in enumerate(found.attempts, 1)
            ],
            "events": [
                (row.key, found.diagnosis.kernel, row.times[place], *event)
                for row, found in boots
                for place, event in zip(found.kept, found.events, strict=True)
            ],
            "findings": [(row.key, *finding) for row, found in boots for finding in found.findings],
            "incidents": [(row.key, *incident) for row, found in boots for incident in found.incidents],
        }
        return {name: table(name, rows) for name, rows in made.items()}


def _facts(boot: Boot) -> dict[str, str]:
    """Return machine, CPU model and command line by name: the last that is told, of models the first."""
    told = [line.fact for line in boot.events.lines if line.fact is not None]
    return {**dict(told), **{name: value for name, value in reversed(told) if name == "model_name"}}


def _telling(boot: Boot) -> Sequence[tuple[int | None, str]]:
    """Return the first lines whose time no other boot shares; where they are too few, all that there is."""
    lines, times, _ = boot.events
    late = (place for place, time in enumerate(times) if time is not None and time >= _EARLY_NS)
    told = [(times[place], lines[place].text) for place in islice(late, 2)]
    if len(told) == 2:
        return told
    read, events = boot.records(), [(time, line.text) for line, time in zip(lines, times, strict=True)]
    rest = (*read.records[:64], *((read.last,) if read.last else ()))
    return [*events, *((record.time_ns, record.text) for record in rest)]


def _boot_columns(row: BootRow, found: Remembered) -> tuple[Any, ...]:
    facts = row.facts
    return (
        row.key,
        row.origin.host,
        row.origin.boot_id,
        row.origin.started,
        row.source,
        *found.diagnosis,
        *_machine(facts.get("machine")),
        facts.get("model_name"),
        facts.get("command_line", "")[:4096] or None,
        len(found.attempts),
        len(found.events),
        len(found.findings),
        row.edges.head_cut,
        row.edges.tail_cut,
        row.edges.gaps,
    )


@lru_cache(maxsize=1024)
def _machine(line: str | None) -> tuple[str | None, str | None, str | None]:
    """Return board, firmware and its date."""
    if not line:
        return None, None, None
    board, bios, firmware = line.partition(", BIOS ")
    dated = _DATED.search(firmware)
    return board, (firmware[: dated.start()] if dated else firmware) if bios else None, dated[1] if dated else None


def table(name: str, rows: Sequence[Sequence[Any]]) -> RecordBatch:
    """Return one table of a part from its rows."""
    from arro3.core import RecordBatch

    kinds = [column.type for column in TABLES[name]]
    data = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return RecordBatch.from_arrays([_array(values, kind) for values, kind in zip(data, kinds, strict=True)], schema=arrow_schema(name))


def _array(values: Sequence[Any], kind: str) -> Array:
    """Return one column; times are given in seconds."""
    from arro3.core import Array, list_array

    if kind.startswith("list<"):
        ends = Array([0, *accumulate(map(len, values))], arrow_type("int32"))
        return list_array(ends, Array(list(chain.from_iterable(values)), arrow_type(kind[5:-1])), type=arrow_type(kind))
    if kind.startswith("timestamp"):
        return Array([None if value is None else value * 1000 for value in values], arrow_type("int64")).cast(arrow_type(kind))
    return Array(values, arrow_type(kind))
