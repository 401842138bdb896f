"""Segments to boots: what belongs to one run of a kernel is put together, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import itemgetter

from tdxwhy.lazy import lazy
from tdxwhy.read.item import Item
from tdxwhy.read.samples import without_samples
from tdxwhy.read.segments import SECOND, Segment, is_start, segments, stamp_of
from tdxwhy.read.typed import shows_all_of_tdx, typed
from tdxwhy.records import BootRecords, LogRecord, Typed

# Before this time clocks tick so coarsely that lines of different boots carry equal stamps.
COARSE_NS = SECOND // 10
_IDENTITY = ("Linux version ", "Command line: ", "Kernel command line: ")
_TIME = itemgetter(LogRecord._fields.index("time_ns"))
_KERNEL_LINE = lazy(r"(?:Linux version \d|(?:virt/|x86/)?tdx: |seamldr: |kvm(?:_intel)?: |SEAMCALL )")
# Fewer lines than this in the first seconds of a boot were picked out of it: no kernel gets to user space with so few.
_SPARSE_LINES, _SPARSE_SPAN_NS, _EARLY_NS = 60, SECOND, 30 * SECOND


class Assembly:
    """Boots under construction: each new segment joins the boot that it repeats or continues, or begins another."""

    def __init__(self) -> None:
        self.boots: list[Segment] = []
        self._pieces: list[list[list[LogRecord]]] = []
        self._ids: dict[str, int] = {}
        self._places: dict[int | str, list[tuple[str, int]]] = {}
        self._texts: list[dict[str, set[int | str]]] = []
        self._identities: list[list[str]] = []

    def add(self, segment: Segment, alone: bool = False) -> int:
        """Put a segment where it belongs, and return the number of that boot; one that is alone is compared with nothing."""
        home = None if alone else self._home(segment)
        if home is None:
            return self._found(segment, alone)
        boot = self.boots[home]
        new = [record for record in segment.records if not self._known(record, home)]
        self._pieces[home].append(new)
        boot.gap = boot.gap or segment.gap
        if segment.latest >= boot.latest:
            boot.latest, boot.cut_behind = segment.latest, segment.cut_behind
        if segment.boot_id is not None and boot.boot_id is None:
            boot.boot_id = segment.boot_id
            self._ids[segment.boot_id] = home
        self._index(new, home)
        return home

    def made(self) -> list[BootRecords]:
        """Return the boots, each with all of its pieces in the order of time."""
        for boot, pieces in zip(self.boots, self._pieces, strict=True):
            if len(pieces) > 1:
                boot.records = _merge(pieces)
        return [boot_of(boot) for boot in self.boots]

    def _found(self, segment: Segment, alone: bool) -> int:
        home = len(self.boots)
        self.boots.append(segment)
        self._pieces.append([segment.records])
        self._texts.append({})
        self._identities.append([])
        if segment.boot_id is not None:
            self._ids[segment.boot_id] = home
        if not alone:
            self._index(segment.records, home)
        return home

    def _home(self, segment: Segment) -> int | None:
        if not self.boots:
            return None
        if segment.boot_id is not None:
            return self._ids.get(segment.boot_id)
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


def _merge(pieces: list[list[LogRecord]]) -> list[LogRecord]:
    """Sort by time, keeping lines without a stamp behind the stamped line that they follow, and trailing ones at the end."""
    keyed: list[tuple[int, LogRecord]] = []
    for run in pieces:
        time, end = -1, max((i for i, record in enumerate(run) if stamp_of(record) is not None), default=-1)
        for index, record in enumerate(run):
            time = record.time_ns if record.time_ns is not None else time
            keyed.append((time if index <= end else 1 << 62, record))
    keyed.sort(key=lambda pair: pair[0])
    return [record for _, record in keyed]


def boots_of(items: Iterable[Item], torn: bool) -> list[BootRecords]:
    """Split a whole input into boots; `torn` tells that the input stops inside a line."""
    items = newest_last(list(items))
    commands: tuple[Typed, ...] = ()
    if not _all_stamped(items):
        items = without_samples(items)
        commands = typed(items)
    found = segments(items)
    assembly = Assembly()
    homes = [assembly.add(segment, alone=len(found) == 1) for segment in found]
    made = assembly.made()
    if torn and homes:
        made[homes[-1]] = made[homes[-1]]._replace(tail_cut=True)
    if commands:
        made = [boot._replace(typed=commands, all_of_tdx=shows_all_of_tdx(commands)) for boot in made]
    return made


def _all_stamped(items: Sequence[Item]) -> bool:
    """Tell whether there is nothing but lines with a time: no person typed anything between them."""
    return set(map(type, items)) <= {LogRecord} and None not in map(_TIME, items)


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
        segment.cut_behind,
        segment.gap or _sparse(stamped) or _skips(stamped),
    )


def _sparse(stamped: list[LogRecord]) -> bool:
    early = [record.time_ns for record in stamped if record.time_ns is not None and record.time_ns < _EARLY_NS]
    return 1 < len(early) < _SPARSE_LINES and max(early) - min(early) > _SPARSE_SPAN_NS


def _skips(stamped: list[LogRecord]) -> bool:
    numbers = [record.seq for record in stamped if record.seq is not None]
    return any(two > one + 1 for one, two in pairwise(numbers))


def holds_kernel_lines(boot: BootRecords) -> bool:
    """Tell whether these are lines of a log at all: stamped, with a level, or begun as kernel messages are. Output of commands is none."""
    return any(
        record.time_ns is not None
        or record.level is not None
        or (record.wall is not None and (record.host is not None or record.raw.lstrip()[:1] in ("[", "<")))
        or _KERNEL_LINE.match(record.text) is not None
        for record in boot.records
    )
