"""Boots of an endless input: each is handed on when the next one begins, and none grows without bound."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from tdxwhy.read.fast_lines import Columnar, UsualLines, joined
from tdxwhy.read.segments import EARLY, SLACK_NS, is_start, opens_at_its_start, stamp_of
from tdxwhy.records import BootRecords, LogRecord, Loss

if TYPE_CHECKING:
    from tdxwhy.read.fast_programs import ProgramEntries

KEPT = 20_000
_HALF = KEPT // 2
# Records that come one by one are kept in pieces of so many.
_PIECE = 256


class Collector:
    """Gather the records of one boot after the other."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self.boot_id: str | None = None
        self._renew()

    def _renew(self) -> None:
        self._first: list[Sequence[LogRecord]] = []
        self._latest: deque[Sequence[LogRecord]] = deque()
        self._kept = self._late = 0
        self._time = -1

    def begins(self, record: LogRecord) -> bool:
        """Tell whether a record ends the boot at hand and begins another."""
        if not self._kept:
            return False
        time = record.time_ns
        if time is not None and time + SLACK_NS < self._time:
            return True
        return record.text.startswith("Linux") and is_start(record) and not self._stands_above()

    def _stands_above(self, more: Sequence[LogRecord] = ()) -> bool:
        """Tell whether the lines so far, and some more, are of time 0 and still without the banner of their boot, as in a guest."""
        early = self._kept + len(more) < EARLY and max((self._time, *(record.time_ns or 0 for record in more))) == 0
        return early and not any(map(is_start, chain(*self._first, more)))

    def add(self, record: LogRecord) -> None:
        """Keep a record, unless it is one of a flood."""
        if record.time_ns is not None and record.time_ns > self._time:
            self._time = record.time_ns
        pieces = self._first if self._kept < _HALF else self._latest
        last = pieces[-1] if pieces else None
        if isinstance(last, list) and len(last) < _PIECE:
            last.append(record)
            self._kept += 1
            self._late += pieces is self._latest
        else:
            self._keep([record])

    def keep(self, lines: Sequence[LogRecord]) -> None:
        """Keep lines without a time since boot, none of which begins a boot."""
        if lines:
            self._keep(lines)

    def take(self, lines: UsualLines | ProgramEntries, start: int) -> int:
        """Keep lines from a place on, up to one that begins another boot; return its place, or how many there are."""
        stop = self._stop(lines, start)
        if stop > start:
            self._keep(lines[start:stop])
        return stop

    def extend(self, lines: Columnar) -> None:
        """Keep lines that are known to belong to the boot at hand."""
        self._time = max(self._time, *lines.columns[0])
        self._keep(lines)

    def _keep(self, piece: Sequence[LogRecord]) -> None:
        room = max(0, _HALF - self._kept)
        self._kept += len(piece)
        if room:
            self._first.append(piece[:room] if len(piece) > room else piece)
        if len(piece) > room:
            self._latest.append(piece[room:] if room else piece)
            self._late += len(piece) - room
            while self._late - len(self._latest[0]) >= _HALF:
                self._late -= len(self._latest.popleft())

    def _stop(self, lines: UsualLines | ProgramEntries, start: int) -> int:
        """Return the place of the line that begins another boot. Only where time steps back can it have done so by more than the slack."""
        times, latest, at = lines.columns.times, self._time, start
        for place in (start, *lines.turns[bisect_right(lines.turns, start) :]):
            latest = max((latest, *times[at:place]))
            at = place
            known = self._kept or place > start
            if known and (times[place] + SLACK_NS < latest or self._is_banner_of_another(lines, start, place)):
                self._time = latest
                return place
        self._time = max((latest, *times[at:]))
        return len(lines)

    def _is_banner_of_another(self, lines: UsualLines | ProgramEntries, start: int, place: int) -> bool:
        banner = lines.columns.texts[place].startswith("Linux") and is_start(lines[place])
        return banner and not self._stands_above(lines[start:place][-EARLY:])

    def finish(self, last: LogRecord | None, torn: bool = False) -> list[BootRecords]:
        """Return the boot at hand if there is one, and make room for the next; `last` is its last record, kept or not."""
        late = joined(self._latest)
        records, kept = joined([*self._first, late[max(0, len(late) - _HALF) :]] if late else self._first), self._kept
        self._renew()
        if not records:
            return []
        flood = kept > len(records)
        if flood:
            self.losses.append(Loss("records in the middle of a flood in one boot", kept - len(records), records[_HALF].place))
        stamped = list(islice((record for record in records if stamp_of(record) is not None), EARLY)) or records[:1]
        return [BootRecords(records, kept, last or records[-1], self.boot_id, not opens_at_its_start(stamped), torn, flood)]
