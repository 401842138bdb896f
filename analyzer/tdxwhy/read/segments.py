"""Records to segments: runs in the order of time, cut wherever another boot or another paste may begin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from tdxwhy.lazy import lazy
from tdxwhy.read.item import Item, Mark
from tdxwhy.records import LogRecord

SECOND = 1_000_000_000
# CPUs print in parallel: a step back of this size is no new boot.
SLACK_NS = SECOND
# Between lines that do not stand side by side, a smaller step tells.
_APART_SLACK_NS = SECOND // 100
# So many lines may stand above the banner of their own boot: a TD's tdx_early_init() prints before start_kernel() does.
EARLY = 16
_BANNER = lazy(r"Linux version \d{1,5}\.\d{1,5}\S{0,200}(?: \(|\.\.\.|…|$)")
_STAMPED_BANNER = lazy(r"Linux version \S")


def is_start(record: LogRecord) -> bool:
    """Tell whether a record is the banner with which a kernel's log begins."""
    if not record.text.startswith("Linux version "):
        return False
    if stamp_of(record) is not None:
        return (record.time_ns or 0) < SECOND and _STAMPED_BANNER.match(record.text) is not None
    return _BANNER.match(record.text) is not None


def opens_at_its_start(records: Sequence[LogRecord]) -> bool:
    """Tell whether a log begins where its boot does: with the banner, or with lines that a guest prints before it, at time 0."""
    for record in islice(records, EARLY):
        if is_start(record):
            return True
        if record.time_ns:
            return False
    return False


def stamp_of(record: LogRecord) -> int | str | None:
    """Return the time of a record, from boot or by the wall clock, or None where it has none."""
    return record.time_ns if record.time_ns is not None else record.wall


def _as_early(record: LogRecord, banner: LogRecord) -> bool:
    """Tell whether a line can stand above the banner of its own boot, at time 0 or in the same second; without a stamp nothing tells."""
    if is_start(record) or stamp_of(record) is None:
        return False
    if banner.time_ns is not None or record.time_ns is not None:
        return record.time_ns == banner.time_ns == 0
    return record.wall == banner.wall


def quoted(record: LogRecord) -> int:
    """Return how deep a line is quoted in a mail or in markdown."""
    return record.raw[: len(record.raw) - len(record.raw.lstrip("> "))].count(">")


class Segment:
    """Records in the order of time without a break, and what was seen around them."""

    def __init__(self, apart: bool = False) -> None:
        self.records: list[LogRecord] = []
        self.apart = apart
        self.boot_id: str | None = None
        self.hard = self.began = self.gap = False
        self.cut_behind = False
        self._stamped = False
        self.quoted = 0
        self.latest = -1

    def above(self, banner: LogRecord) -> list[LogRecord]:
        """Take off the lines directly above a banner that were printed at the same time as it: they belong to its boot."""
        taken = len(self.records)
        while taken and len(self.records) - taken < EARLY and _as_early(self.records[taken - 1], banner):
            taken -= 1
        above, self.records = self.records[taken:], self.records[:taken]
        return above

    def add(self, record: LogRecord) -> None:
        """Append a record; how deep the first stamped one is quoted tells who shows it."""
        if not self._stamped:
            self.quoted = quoted(record)
            self._stamped = stamp_of(record) is not None
        self.records.append(record)
        if record.time_ns is not None:
            self.latest = max(self.latest, record.time_ns)


class Cutter:
    """Take the items of an input one by one; `found` holds the segments."""

    def __init__(self) -> None:
        self.found = [Segment()]
        self._seen: set[tuple[int | str, str]] = set()
        self._apart = self._filtered = self._hard = self._behind = False
        self._boot_id: str | None = None

    def mark(self, mark: Mark) -> None:
        """Note what stands between records."""
        current = self.found[-1]
        self._apart = True
        if mark.kind == "boot":
            self._boot_id, self._hard = mark.value or None, True
        elif mark.kind == "gap" or mark.value:
            self._filtered = True
            current.gap = current.gap or (mark.kind == "gap" and bool(current.records))
            current.cut_behind = mark.kind == "gap" and self._behind
        self._behind = False

    def record(self, record: LogRecord) -> None:
        """Put a record into the segment at hand, or begin another."""
        stamp = stamp_of(record)
        self._behind = stamp is not None
        if stamp is None and not is_start(record):
            self._apart = True
        else:
            current = self._segment(record, stamp)
            current.began, current.cut_behind = True, False
            current.gap = current.gap or self._filtered
            self._apart = self._filtered = self._hard = False
            if stamp is not None:
                self._seen.add((stamp, record.text))
        self.found[-1].add(record)

    def _segment(self, record: LogRecord, stamp: int | str | None) -> Segment:
        current = self.found[-1]
        start = self._hard or is_start(record)
        if not (start or self._steps_back(record) or (self._apart and self._is_other(record, stamp))):
            return current
        if current.began:
            above = current.above(record) if start and not self._hard else []
            if above and not current.records:
                current.records = above
                return current
            current = Segment(self._apart)
            self.found.append(current)
            self._seen.clear()
            for each in above:
                current.add(each)
        current.boot_id, current.hard = self._boot_id, start
        return current

    def _steps_back(self, record: LogRecord) -> bool:
        slack = _APART_SLACK_NS if self._apart else SLACK_NS
        return record.time_ns is not None and record.time_ns + slack < self.found[-1].latest

    def _is_other(self, record: LogRecord, stamp: int | str | None) -> bool:
        return (stamp is not None and (stamp, record.text) in self._seen) or quoted(record) != self.found[-1].quoted


def segments(items: Iterable[Item]) -> list[Segment]:
    """Cut a stream where a boot may begin: at a banner, another boot id, time running backwards, or lines seen before."""
    cutter = Cutter()
    for item in items:
        if isinstance(item, Mark):
            cutter.mark(item)
        else:
            cutter.record(item)
    return [segment for segment in cutter.found if segment.records]
