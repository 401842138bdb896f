"""A journal as json or in the export format: the entries of many hosts and boots, in any order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tdxwhy.read.entries import boot_of_entry, records_of_entry
from tdxwhy.read.export import ExportReader, is_export
from tdxwhy.read.item import Mark
from tdxwhy.read.opening import Opened
from tdxwhy.read.segments import stamp_of
from tdxwhy.read.stream import Collector
from tdxwhy.read.windows import Window, ahead, matches, windows
from tdxwhy.records import BootRecords, LogRecord, Loss, Place

_JSON = re.compile(rb'\s{0,8}\{\s?"(?:__|_[A-Z]|[A-Z]{2,}_?[A-Z]*"\s?:)')
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
        decode = _decoder()
        for window in ahead(windows(opened), self._anchors):
            assert window.spans is not None  # noqa: S101 - for the type checker; `searched` has set them
            read = -1
            for read, end in window.spans:
                yield from self._entry(decode, bytes(window.data[read:end]), window.offset + read, True)
            begin = _last_line(window)
            if begin != read:
                yield from self._entry(decode, bytes(window.data[begin : window.size]), window.offset + begin, False)

    def _entry(self, decode: Any, line: bytes, offset: int, keep: bool) -> Iterator[BootRecords]:  # noqa: ANN401
        """Read one entry; of the last one of a window only the time is wanted: it shows that a log goes on."""
        try:
            entry = decode(line)
        except ValueError:
            self._broken += keep or not line.rstrip().endswith(b"}")
            return
        if isinstance(entry, dict):
            boot, place = boot_of_entry(entry), Place(self._name, None, None, offset)
            for record in records_of_entry(entry, place, line[:4096].decode("utf-8", "replace")):
                self._add(boot, record, keep)
            yield from self._crowded_out()

    def _exported(self, opened: Opened) -> Iterator[BootRecords]:
        reader, boot = ExportReader(self._name), None
        for block in (*opened.blocks(), b""):
            for item in reader.feed(block, last=not block):
                if isinstance(item, Mark):
                    boot = item.value
                else:
                    self._add(boot, item, bool(matches(self._anchors, item.raw.encode("utf-8", "replace"))))
                    yield from self._crowded_out()

    def _add(self, boot: str | None, record: LogRecord, keep: bool) -> None:
        collector, last = self._open.pop(boot, (None, None))
        if collector is None:
            collector = Collector()
            collector.boot_id = boot
        if keep:
            collector.add(record)
        if stamp_of(record) is not None and (last is None or (record.time_ns or 0) >= (last.time_ns or 0)):
            last = record
        self._open[boot] = (collector, last)

    def _crowded_out(self) -> list[BootRecords]:
        return self._closed(next(iter(self._open))) if len(self._open) > _OPEN else []

    def _closed(self, boot: str | None) -> list[BootRecords]:
        collector, last = self._open.pop(boot)
        found = collector.finish(last)
        self.losses += collector.losses
        return found


def _last_line(window: Window) -> int:
    return window.data.rfind(b"\n", 0, max(0, window.size - 1)) + 1


def _decoder() -> Any:  # noqa: ANN401 - the decoder's own type
    import msgspec

    return msgspec.json.Decoder(dict[str, Any]).decode
