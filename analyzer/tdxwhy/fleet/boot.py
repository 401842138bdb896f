"""One boot of a fleet: its lines as they are understood, their times, and what the log itself says of its origin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress

from tdxwhy.explain.lines import Edges, TimedLines, edges_of, timed, understood
from tdxwhy.explain.speaking import Speaking
from tdxwhy.fleet.origin import SECOND, Origin, of_records
from tdxwhy.noun import NamedTuple
from tdxwhy.read.fast_lines import Columnar
from tdxwhy.records import BootRecords, LogRecord

# What ingest looks for in every log of a process.
SPEAKING = Speaking()


class Boot(NamedTuple):
    """`events` are the lines that mean something; `records` gives all lines.

    `timed`: every line has a time. `inside`: what the log itself says of its origin. `spoken` are texts that tell of more than
    initialisation.
    """

    events: TimedLines
    timed: bool
    edges: Edges
    inside: Origin
    records: Callable[[], BootRecords]
    spoken: tuple[str, ...] = ()


def boot_of(boot: BootRecords) -> Boot:
    """Understand the lines of a boot that one of the readers has read."""
    told, inside = understood(boot.records), of_records(boot.records)
    return Boot(
        told.events,
        timed(boot.records),
        edges_of(boot),
        Origin(inside.host, started(told) if inside.started is None else inside.started, boot.boot_id),
        lambda: boot,
        spoken_in(boot.records),
    )


def spoken_in(records: Sequence[LogRecord]) -> tuple[str, ...]:
    """Return the texts of records that tell of more than initialisation."""
    texts = records.columns[1] if isinstance(records, Columnar) else [record.text for record in records]
    return tuple(compress(texts, map(SPEAKING.__getitem__, texts)))


def started(told: TimedLines) -> int | None:
    """Return when the kernel started, in seconds of the epoch, by the first line that carries the clock."""
    for line, time in zip(told.lines, told.times, strict=True):
        if line.clock is not None and time is not None:
            return line.clock - time // SECOND
    return None
