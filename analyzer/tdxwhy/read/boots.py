"""Records to boots: what belongs to one run of a kernel is put together, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from tdxwhy.read.item import Item, Mark
from tdxwhy.records import BootRecords, LogRecord

SECOND = 1_000_000_000
# CPUs print in parallel: a step back of this size is no new boot.
SLACK_NS = SECOND
# Between lines that do not stand side by side, a smaller step tells.
_APART_SLACK_NS = SECOND // 100
# Before this time clocks tick so coarsely that lines of different boots carry equal stamps.
COARSE_NS = SECOND // 10
_BANNER = re.compile(r"Linux version \d+\.\d+\S*(?: \(|\.\.\.|…|$)")
_STAMPED_BANNER = re.compile(r"Linux version \S")
_IDENTITY = ("Linux version ", "Command line: ", "Kernel command line: ")
# Fewer lines than this in the first seconds of a boot were picked out of it: no kernel gets to user space with so few.
_SPARSE_LINES, _SPARSE_SPAN_NS, _EARLY_NS = 60, SECOND, 30 * SECOND


def is_start(record: LogRecord) -> bool:
    """Tell whether a record is the banner with which a kernel's log begins."""
    if not record.text.startswith("Linux version "):
        return False
    if stamp_of(record) is not None:
        return (record.time_ns or 0) < SECOND and _STAMPED_BANNER.match(record.text) is not None
    return _BANNER.match(record.text) is not None


def stamp_of(record: LogRecord) -> int | str | None:
    """Return the time of a record, from boot or by the wall clock, or None where it has none."""
    return record.time_ns if record.time_ns is not None else record.wall


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
        self._stamped = False
        self.quoted = 0
        self.latest = -1

    def add(self, record: LogRecord) -> None:
        """Append a record; how deep the first stamped one is quoted tells who shows it."""
        if not self._stamped:
            self.quoted = quoted(record)
            self._stamped = stamp_of(record) is not None
        self.records.append(record)
        if record.time_ns is not None:
            self.latest = max(self.latest, record.time_ns)


def segments(items: Iterable[Item]) -> list[Segment]:
    """Cut a stream where a boot may begin: at a banner, another boot id, time running backwards, or lines seen before."""
    found = [Segment()]
    seen: set[tuple[int | str, str]] = set()
    apart = filtered = False
    boot_id, hard = None, False
    for item in items:
        current = found[-1]
        if isinstance(item, Mark):
            apart = True
            if item.kind == "boot":
                boot_id, hard = item.value or None, True
            elif item.kind == "gap" or item.value:
                filtered = True
                current.gap = current.gap or (item.kind == "gap" and bool(current.records))
            continue
        stamp = stamp_of(item)
        if stamp is not None or is_start(item):
            start = hard or is_start(item)
            if start or _steps_back(item, current, apart) or (apart and ((stamp, item.text) in seen or quoted(item) != current.quoted)):
                if current.began:
                    current = Segment(apart)
                    found.append(current)
                    seen.clear()
                current.boot_id, current.hard = boot_id, start
            current.began = True
            current.gap, apart, hard = current.gap or filtered, False, False
            filtered = False
            if stamp is not None:
                seen.add((stamp, item.text))
        else:
            apart = True
        current.add(item)
    return [segment for segment in found if segment.records]


def _steps_back(record: LogRecord, segment: Segment, apart: bool) -> bool:
    slack = _APART_SLACK_NS if apart else SLACK_NS
    return record.time_ns is not None and record.time_ns + slack < segment.latest


class Assembly:
    """Boots under construction: each new segment joins the boot that it repeats or continues, or begins another."""

    def __init__(self) -> None:
        self.boots: list[Segment] = []
        self._places: dict[int | str, list[tuple[str, int]]] = {}
        self._texts: list[dict[str, set[int | str]]] = []
        self._identities: list[list[str]] = []

    def add(self, segment: Segment, alone: bool = False) -> int:
        """Put a segment where it belongs, and return the number of that boot; one that is alone is compared with nothing."""
        if alone:
            self.boots.append(segment)
            return 0
        home = self._home(segment)
        if home is None:
            self.boots.append(segment)
            self._texts.append({})
            self._identities.append([])
            self._index(segment.records, len(self.boots) - 1)
            return len(self.boots) - 1
        boot = self.boots[home]
        new = [record for record in segment.records if not self._known(record, home)]
        boot.records = _merge(boot.records, new)
        boot.gap = boot.gap or segment.gap
        boot.latest = max(boot.latest, segment.latest)
        boot.boot_id = boot.boot_id or segment.boot_id
        self._index(new, home)
        return home

    def _home(self, segment: Segment) -> int | None:
        if not self.boots:
            return None
        if segment.boot_id is not None:
            return next((i for i, boot in enumerate(self.boots) if boot.boot_id == segment.boot_id), None)
        repeated = self._repeated(segment)
        if repeated is not None:
            return repeated
        last = len(self.boots) - 1
        if segment.hard or not segment.apart or segment.quoted != self.boots[last].quoted or self._differs(segment, last):
            return None
        return last

    def _repeated(self, segment: Segment) -> int | None:
        """Return the boot of which the segment repeats lines with the very same time."""
        shared: dict[int, int] = {}
        for record in segment.records:
            for home in self._homes(record):
                shared[home] = shared.get(home, 0) + 1
        if not shared:
            return None
        home = max(shared, key=lambda boot: (shared[boot], boot))
        return home if shared[home] >= self._moved(segment, home) else None

    def _homes(self, record: LogRecord) -> set[int]:
        stamp = stamp_of(record)
        if stamp is None or (isinstance(stamp, int) and stamp < COARSE_NS):
            return set()
        return {home for text, home in self._places.get(stamp, ()) if text.startswith(record.text) or record.text.startswith(text)}

    def _moved(self, segment: Segment, home: int) -> int:
        """Count the texts that the boot has too, but only at other times."""
        texts = self._texts[home]
        return sum(1 for record in segment.records if stamp_of(record) not in texts.get(record.text, {stamp_of(record)}))

    def _differs(self, segment: Segment, home: int) -> bool:
        if self._moved(segment, home):
            return True
        return any(
            record.text.startswith(head) and any(text.startswith(head) and not _same(text, record.text) for text in self._identities[home])
            for head in _IDENTITY
            for record in segment.records
        )

    def _known(self, record: LogRecord, home: int) -> bool:
        stamp = stamp_of(record)
        if stamp is None:
            return False
        return stamp in self._texts[home].get(record.text, ()) or home in self._homes(record)

    def _index(self, records: Iterable[LogRecord], home: int) -> None:
        for record in records:
            stamp = stamp_of(record)
            if stamp is None:
                continue
            places = self._places.setdefault(stamp, [])
            if len(places) < 16:
                places.append((record.text, home))
            self._texts[home].setdefault(record.text, set()).add(stamp)
            if record.text.startswith(_IDENTITY) and len(self._identities[home]) < 16:
                self._identities[home].append(record.text)


def _same(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _merge(old: list[LogRecord], new: list[LogRecord]) -> list[LogRecord]:
    """Sort by time, keeping lines without a stamp behind the stamped line that they follow, and trailing ones at the end."""
    keyed: list[tuple[int, LogRecord]] = []
    for run in (old, new):
        time, end = -1, max((i for i, record in enumerate(run) if stamp_of(record) is not None), default=-1)
        for index, record in enumerate(run):
            time = record.time_ns if record.time_ns is not None else time
            keyed.append((time if index <= end else 1 << 62, record))
    keyed.sort(key=lambda pair: pair[0])
    return [record for _, record in keyed]


def boots_of(items: Iterable[Item], torn: bool) -> list[BootRecords]:
    """Split a whole input into boots; `torn` tells that the input stops inside a line."""
    found = segments(newest_last(list(items)))
    assembly = Assembly()
    homes = [assembly.add(segment, alone=len(found) == 1) for segment in found]
    made = [boot_of(segment) for segment in assembly.boots]
    if torn and homes:
        made[homes[-1]] = made[homes[-1]]._replace(tail_cut=True)
    return made


def newest_last(items: list[Item]) -> list[Item]:
    """Turn a log that was printed newest line first (`journalctl -r`)."""
    times = [item.time_ns for item in items if isinstance(item, LogRecord) and item.time_ns is not None]
    back = sum(1 for one, two in pairwise(times) if two < one)
    if len(times) < 4 or back * 5 < (len(times) - 1) * 4:
        return items
    return items[::-1]


def boot_of(segment: Segment) -> BootRecords:
    """Say of a boot's records what is known about their completeness."""
    records = segment.records
    stamped = [record for record in records if stamp_of(record) is not None]
    last = (stamped or records)[-1]
    return BootRecords(
        tuple(records),
        len(records),
        last,
        segment.boot_id,
        not any(is_start(record) for record in (stamped or records)[:8]),
        False,
        segment.gap or _sparse(stamped) or _skips(stamped),
    )


def _sparse(stamped: list[LogRecord]) -> bool:
    early = [record.time_ns for record in stamped if record.time_ns is not None and record.time_ns < _EARLY_NS]
    return 1 < len(early) < _SPARSE_LINES and max(early) - min(early) > _SPARSE_SPAN_NS


def _skips(stamped: list[LogRecord]) -> bool:
    numbers = [record.seq for record in stamped if record.seq is not None]
    return any(two > one + 1 for one, two in pairwise(numbers))
