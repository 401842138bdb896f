"""Boots of an endless input: each is handed on when the next one begins, and none grows without bound."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tdxwhy.read.segments import SLACK_NS, is_start, stamp_of
from tdxwhy.records import BootRecords, LogRecord, Loss

KEPT = 20_000


class Collector:
    """Gather the records of one boot after the other."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self.boot_id: str | None = None
        self._renew()

    def _renew(self) -> None:
        self._first: list[LogRecord] = []
        self._latest: deque[LogRecord] = deque(maxlen=KEPT // 2)
        self._kept = 0
        self._time = -1

    def begins(self, record: LogRecord) -> bool:
        """Tell whether a record ends the boot at hand and begins another."""
        if not self._kept:
            return False
        time = record.time_ns
        return (time is not None and time + SLACK_NS < self._time) or (record.text.startswith("Linux") and is_start(record))

    def add(self, record: LogRecord) -> None:
        """Keep a record, unless it is one of a flood."""
        if record.time_ns is not None and record.time_ns > self._time:
            self._time = record.time_ns
        self._kept += 1
        (self._first if self._kept <= KEPT // 2 else self._latest).append(record)

    def take(self, records: Sequence[LogRecord], start: int) -> int:
        """Keep records from a place on, up to one that begins another boot; return its place, or how many there are."""
        stop, latest = len(records), self._time
        for place in range(start, stop):
            record = records[place]
            time = record.time_ns
            back = time is not None and time + SLACK_NS < latest
            if (back or record.text.startswith("Linux")) and (self._kept or place > start) and (back or is_start(record)):
                stop = place
                break
            if time is not None and time > latest:
                latest = time
        self._time = latest
        taken = records[start:stop]
        room = max(0, KEPT // 2 - self._kept)
        self._kept += len(taken)
        self._first += taken[:room]
        self._latest.extend(taken[room:])
        return stop

    def finish(self, last: LogRecord | None, torn: bool = False) -> list[BootRecords]:
        """Return the boot at hand if there is one, and make room for the next; `last` is its last record, kept or not."""
        records, kept = (*self._first, *self._latest), self._kept
        self._renew()
        if not records:
            return []
        flood = kept > len(records)
        if flood:
            self.losses.append(Loss("records in the middle of a flood in one boot", kept - len(records), records[KEPT // 2].place))
        head = next((record for record in records if stamp_of(record) is not None), records[0])
        return [BootRecords(records, kept, last or records[-1], self.boot_id, not is_start(head), torn, flood)]
