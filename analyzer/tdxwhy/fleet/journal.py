"""A journal as json or in the export format: the entries of many hosts and boots, in any order."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

from tdxwhy.read.entries import boot_of_entry, records_of_entry
from tdxwhy.read.export import Entries, is_export
from tdxwhy.read.fast_lines import Columnar, cut_out
from tdxwhy.read.opening import Opened
from tdxwhy.read.segments import stamp_of
from tdxwhy.read.stream import Collector
from tdxwhy.read.text import RAW_LIMIT
from tdxwhy.read.windows import Window, ahead, windows
from tdxwhy.records import BootRecords, LogRecord, Loss, Place

_JSON = re.compile(rb'\s{0,8}\{\s?"(?:__|_[A-Z]|[A-Z]{2,64}+_?[A-Z]{0,64}"\s?:)')
# Entries that are read at once, as long as all of them are of the usual form.
_AT_ONCE = 512
# Boots that may be open at a time; beyond, those that were quiet for longest are closed.
_OPEN = 20_000


def is_journal(head: bytes) -> bool:
    """Tell a journal by its beginning: json with one entry a line, or the export format."""
    return is_export(head) or (_JSON.match(head) is not None and b'"MESSAGE"' in head)


class Journal:
    """Route entries to the boots that they belong to; `losses` tells afterwards what could not be used."""

    def __init__(self, name: str, anchors: Sequence[bytes]) -> None:
        self.losses: list[Loss] = []
        self._name = name
        self._anchors = tuple(anchors)
        self._open: dict[str | None, tuple[Collector, LogRecord | None]] = {}
        self._broken = 0

    def boots(self, opened: Opened, export: bool) -> Iterator[BootRecords]:
        """Yield each boot once all of the input is read, or earlier if too many are open."""
        yield from self._exported(opened) if export else self._lines(opened)
        for boot in list(self._open):
            yield from self._closed(boot)
        if self._broken:
            self.losses.append(Loss("entry of JSON that is cut or broken", self._broken, Place(self._name)))

    def _lines(self, opened: Opened) -> Iterator[BootRecords]:
        for window in ahead(windows(opened), self._anchors):
            assert window.spans is not None  # noqa: S101 - for the type checker; `searched` has set them
            spans, kept = window.spans, len(window.spans)
            last = window.data.rfind(b"\n", 0, max(0, window.size - 1)) + 1
            if not kept or spans[-1][0] != last:
                spans = [*spans, (last, window.size)]
            for start in range(0, len(spans), _AT_ONCE):
                yield from self._piece(window, spans[start : start + _AT_ONCE], kept - start)

    def _piece(self, window: Window, spans: list[tuple[int, int]], kept: int) -> Iterator[BootRecords]:
        """Read entries. Behind the first `kept` comes the last one of a window, if any; its time shows that a log goes on."""
        from tdxwhy.read.fast_entries import usual_entries  # its library takes its time, and a thread reads meanwhile

        raws, offsets = cut_out(window.data, spans), [window.offset + begin for begin, _ in spans]
        found = usual_entries(raws, self._name, offsets)
        if found is None:
            for number, (raw, offset) in enumerate(zip(raws, offsets, strict=True)):
                yield from self._entry(raw, offset, number < kept)
            return
        boots, lines = found
        for boot, places in _places_by(boots):
            own = lines if len(places) == len(boots) else lines.of([column[place] for place in places] for column in lines.columns)
            self._extend(boot, own, bisect_left(places, kept))
            yield from self._crowded_out()

    def _entry(self, line: bytes, offset: int, keep: bool) -> Sequence[BootRecords]:
        """Read one entry."""
        try:
            entry = _entry_of(line)
        except (ValueError, RecursionError):
            self._broken += keep or not line.rstrip().endswith(b"}")
            return ()
        if isinstance(entry, dict):
            boot, place = boot_of_entry(entry), Place(self._name, None, None, offset)
            for record in records_of_entry(entry, place, line[:RAW_LIMIT].decode("utf-8", "replace")):
                self._add(boot, record, keep)
        return self._crowded_out()

    def _exported(self, opened: Opened) -> Iterator[BootRecords]:
        entries = Entries()
        for block in chain(opened.blocks(), (b"",)):
            for (fields, raw, offset), keep in entries.telling(block, self._anchors, last=not block):
                boot, place = boot_of_entry(fields), Place(self._name, None, None, offset)
                for record in records_of_entry(fields, place, raw[:RAW_LIMIT].decode("utf-8", "replace")):
                    self._add(boot, record, keep)
                yield from self._crowded_out()

    def _add(self, boot: str | None, record: LogRecord, keep: bool) -> None:
        collector, last = self._opened(boot)
        if keep:
            collector.add(record)
        if stamp_of(record) is not None and (last is None or (record.time_ns or 0) >= (last.time_ns or 0)):
            last = record
        self._open[boot] = (collector, last)

    def _extend(self, boot: str | None, lines: Columnar, kept: int) -> None:
        """Take lines of one boot; of those behind the first `kept` the time alone."""
        collector, last = self._opened(boot)
        if kept:
            collector.extend(lines if kept == len(lines) else lines[:kept])
        times = lines.columns[0]
        latest = max(times)
        if last is None or latest >= (last.time_ns or 0):
            last = lines[len(times) - 1 - times[::-1].index(latest)]
        self._open[boot] = (collector, last)

    def _opened(self, boot: str | None) -> tuple[Collector, LogRecord | None]:
        """Return what there is of a boot, which is then put behind all others."""
        collector, last = self._open.pop(boot, (None, None))
        if collector is None:
            collector = Collector()
            collector.boot_id = boot
        return collector, last

    def _crowded_out(self) -> list[BootRecords]:
        return self._closed(next(iter(self._open))) if len(self._open) > _OPEN else []

    def _closed(self, boot: str | None) -> list[BootRecords]:
        collector, last = self._open.pop(boot)
        found = collector.finish(last)
        self.losses += collector.losses
        return found


def _places_by(boots: Sequence[str | None]) -> list[tuple[str | None, list[int]]]:
    """Return boots and the places of their entries: first the one that is quiet for longest."""
    found: dict[str | None, list[int]] = {}
    for place, boot in enumerate(boots):
        found.setdefault(boot, []).append(place)
    return sorted(found.items(), key=lambda item: item[1][-1])


def _entry_of(line: bytes) -> Any:  # noqa: ANN401 - JSON
    """Read an entry: quickly, and where that one refuses a number, as a log on its own is read."""
    try:
        return _decoder()(line)
    except ValueError:
        from tdxwhy.read.jsonlog import loaded

        return loaded(line.decode("utf-8", "replace"))


@cache
def _decoder() -> Callable[[bytes], Any]:
    """Return what reads an entry; ValueError where it is none, which msgspec's own error is from 0.21 on only."""
    import msgspec

    decode = msgspec.json.Decoder(dict[str, Any]).decode
    if issubclass(msgspec.DecodeError, ValueError):
        return decode

    def decoded(line: bytes) -> dict[str, Any]:
        try:
            return decode(line)
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from error

    return decoded
