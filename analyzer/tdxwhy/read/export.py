"""The journal's export format: fields as `NAME=value` lines or as binary with a length, entries apart by an empty line."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.noun import NamedTuple
from tdxwhy.read.entries import boot_of_entry, records_of_entry
from tdxwhy.read.item import Item, Mark
from tdxwhy.read.text import RAW_LIMIT
from tdxwhy.read.windows import matches
from tdxwhy.records import Place

_USED = frozenset((
    "MESSAGE", "PRIORITY", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "_TRANSPORT", "_BOOT_ID", "_HOSTNAME", "_COMM", "_KERNEL_CALLER",
    "_SOURCE_MONOTONIC_TIMESTAMP", "__MONOTONIC_TIMESTAMP",
))  # fmt: skip

_ENTRY_LIMIT = 1 << 24
# Bytes that the length of a binary field takes.
_LENGTH = 8


def is_export(head: bytes) -> bool:
    """Tell the export format by its first lines."""
    return head.startswith((b"__CURSOR=", b"__REALTIME_TIMESTAMP=", b"__MONOTONIC_TIMESTAMP="))


class Exported(NamedTuple):
    """The fields of an entry that are used, all of it as it stands, and where it begins in the input."""

    fields: dict[str, str]
    raw: bytes
    offset: int


class Entries:
    """Part blocks of bytes that break anywhere into entries."""

    def __init__(self) -> None:
        self._rest = b""
        self._offset = 0

    def feed(self, block: bytes, last: bool = False) -> Iterator[Exported]:
        """Yield all entries that are whole by now; with `last` also the one that was cut."""
        return self._strictly(self._rest + block, 0, last)

    def telling(self, block: bytes, anchors: tuple[bytes, ...], last: bool = False) -> Iterator[tuple[Exported, bool]]:
        """Yield those of them that hold an anchor, and some that hold none; it says which.

        The last entry of a block is among the latter. Where no field is binary, entries without an anchor are not even parted.
        """
        data = self._rest + block
        # The length of a binary field stands before it in 64 bits, with a NUL among them, and may look like the end of an entry before.
        parted = -1 if b"\0" in data else data.rfind(b"\n\n", 0, max(0, len(data) - _LENGTH + 1))
        end = 0 if parted < 0 else parted + 2
        for start, stop, holds in _chosen(data, end, anchors) if end else ():
            yield Exported(_entry(data, start)[0], data[start:stop], self._offset + start), holds
        for entry in self._strictly(data, end, last):
            yield entry, bool(matches(anchors, entry.raw))

    def _strictly(self, data: bytes, start: int, last: bool) -> Iterator[Exported]:
        while start < len(data):
            fields, end = _entry(data, start)
            if end is None:
                if not last and len(data) - start < _ENTRY_LIMIT:
                    break
                end = len(data)
            yield Exported(fields, data[start:end], self._offset + start)
            start = end
        self._offset += start
        self._rest = data[start:]


class ExportReader:
    r"""Read records from blocks of bytes that break anywhere.

    >>> entry = b"__CURSOR=s\n_TRANSPORT=kernel\n_SOURCE_MONOTONIC_TIMESTAMP=1204511\nPRIORITY=6\nMESSAGE=virt/tdx: module initialized\n\n"
    >>> [(record.text, record.level, record.time_ns) for record in ExportReader("journal").feed(entry, last=True)]
    [('virt/tdx: module initialized', 6, 1204511000)]
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._entries = Entries()
        self._line = 1
        self._boot: str | None = None

    def feed(self, block: bytes, last: bool = False) -> Iterator[Item]:
        """Yield the records of all entries that are whole by now; with `last` also of the one that was cut."""
        for fields, raw, _ in self._entries.feed(block, last):
            boot = boot_of_entry(fields)
            if boot is not None and boot != self._boot:
                self._boot = boot
                yield Mark("boot", self._line, boot)
            yield from records_of_entry(fields, Place(self._name, self._line), raw[:RAW_LIMIT].decode("utf-8", "replace"))
            self._line += raw.count(b"\n")


def _chosen(data: bytes, end: int, anchors: tuple[bytes, ...]) -> Iterator[tuple[int, int, bool]]:
    """Yield begin and end of the entries, parted by empty lines, that hold an anchor, and of the last one."""
    stop = 0
    for _, at, _ in matches(anchors, memoryview(data)[:end]):
        if at >= stop:
            start, stop = _begin(data, at), data.find(b"\n\n", at) + 2
            yield start, stop, True
    if stop < end:
        yield _begin(data, end - 2), end, False


def _begin(data: bytes, at: int) -> int:
    before = data.rfind(b"\n\n", 0, at)
    return 0 if before < 0 else before + 2


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
            size = int.from_bytes(data[end + 1 : end + 1 + _LENGTH], "little")
            begin = end + 1 + _LENGTH
            value, start = data[begin : begin + size], begin + size + 1
            if start > len(data):
                return fields, None
        else:
            start = end + 1
        key = name.decode("ascii", "replace")
        if key in _USED:
            fields[key] = value.decode("utf-8", "replace")
