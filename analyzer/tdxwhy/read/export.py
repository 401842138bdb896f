"""The journal's export format: fields as `NAME=value` lines or as binary with a length, entries apart by an empty line."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.read.entries import boot_of_entry, records_of_entry
from tdxwhy.read.item import Item, Mark
from tdxwhy.records import Place

_USED = frozenset((
    "MESSAGE", "PRIORITY", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "_TRANSPORT", "_BOOT_ID", "_HOSTNAME", "_COMM", "_KERNEL_CALLER",
    "_SOURCE_MONOTONIC_TIMESTAMP", "__MONOTONIC_TIMESTAMP",
))  # fmt: skip

_ENTRY_LIMIT = 1 << 24


def is_export(head: bytes) -> bool:
    """Tell the export format by its first lines."""
    return head.startswith((b"__CURSOR=", b"__REALTIME_TIMESTAMP=", b"__MONOTONIC_TIMESTAMP="))


class ExportReader:
    """Read entries from blocks of bytes that break anywhere."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest = b""
        self._line = 1
        self._boot: str | None = None

    def feed(self, block: bytes, last: bool = False) -> Iterator[Item]:
        """Yield the records of all entries that are whole by now; with `last` also of the one that was cut."""
        data, start = self._rest + block, 0
        while start < len(data):
            entry, end = _entry(data, start)
            if end is None:
                if not last and len(data) - start < _ENTRY_LIMIT:
                    break
                end = len(data)
            yield from self._items(entry, data[start:end])
            self._line += data.count(b"\n", start, end)
            start = end
        self._rest = b"" if last else data[start:]

    def _items(self, entry: dict[str, str], raw: bytes) -> Iterator[Item]:
        boot = boot_of_entry(entry)
        if boot is not None and boot != self._boot:
            self._boot = boot
            yield Mark("boot", self._line, boot)
        yield from records_of_entry(entry, Place(self._name, self._line), raw[:4096].decode("utf-8", "replace"))


def _entry(data: bytes, start: int) -> tuple[dict[str, str], int | None]:
    """Read the fields of one entry; the end is None if the data stops inside it."""
    fields: dict[str, str] = {}
    while True:
        end = data.find(b"\n", start)
        if end < 0:
            return fields, None
        if end == start:
            return fields, end + 1
        name, equals, value = data[start:end].partition(b"=")
        if not equals:
            size = int.from_bytes(data[end + 1 : end + 9], "little")
            value, start = data[end + 9 : end + 9 + size], end + 10 + size
            if start > len(data):
                return fields, None
        else:
            start = end + 1
        key = name.decode("ascii", "replace")
        if key in _USED:
            fields[key] = value.decode("utf-8", "replace")
