"""One source to the boots in it: a log of lines, a journal of many hosts, or an archive of such."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from tdxwhy.explain.speaking import speaks
from tdxwhy.fleet import counters
from tdxwhy.fleet.boot import SPEAKING, Boot, boot_of
from tdxwhy.fleet.content import ZIP_MAGIC
from tdxwhy.fleet.journal import Journal, is_journal
from tdxwhy.fleet.quick import SMALL, quick
from tdxwhy.incident.anchors import anchors
from tdxwhy.noun import NamedTuple
from tdxwhy.read.boots import holds_kernel_lines
from tdxwhy.read.export import is_export
from tdxwhy.read.host.bundle import LOGS, best_log
from tdxwhy.read.host.sosreport import part_of
from tdxwhy.read.log import LogReader
from tdxwhy.read.opening import Opened, Raw
from tdxwhy.read.scan import Scan
from tdxwhy.read.text import BLOCK, looks_binary
from tdxwhy.records import BootRecords, Loss, Place

if TYPE_CHECKING:
    from tdxwhy.fleet.archive import Member, Refused

# What is binary shows it at once.
_SAMPLE = 4096
_MOST_OF_A_LOG = 64 << 20
_TAR_BLOCK, _TAR_MAGIC, _TAR_AT = 512, b"ustar", 257
# A support archive may hold those of its hosts; what is packed deeper was made to exhaust its reader.
_DEPTH = 1


class Gathered(NamedTuple):
    """One boot and the name of the log that holds it."""

    name: str
    boot: Boot


class Gatherer:
    """Read one source. Iterate over it once; `losses` then tells what could not be used."""

    def __init__(self, name: str) -> None:
        self.losses: list[Loss] = []
        self._places: dict[str, int] = {}
        self._name = name
        self._anchors = anchors()

    def boots(self, stream: BinaryIO) -> Iterator[Gathered]:
        """Yield the boots of a log, or of every log in an archive."""
        return self._any(stream, self._name)

    def _any(self, stream: BinaryIO, name: str, depth: int = 0) -> Iterator[Gathered]:
        """Yield the boots of a log or of an archive; `depth` counts the archives around it."""
        opened = Opened(stream, name)
        kind = kind_of(opened.head)
        if not kind:
            yield from self._log(opened, name)
        elif depth > _DEPTH:
            self._lose("archive in too many archives", name)
        elif kind == "zip" and (opened.compression or not stream.seekable()):
            self._lose("zip archive that is no plain file", name)
        else:
            from tdxwhy.fleet.archive import members  # most fleets have none, and the libraries take their time

            raw = Raw(opened)
            unpacked = cast(BinaryIO, io.BufferedReader(raw, BLOCK)) if kind == "tar" else stream
            yield from self._members(members(kind, unpacked), name, depth)
            if kind == "tar" and raw.size % _TAR_BLOCK:
                self._lose("the rest of the archive is cut", name)
            self.losses += opened.losses

    def _members(self, found: Iterator[Member | Refused], archive: str, depth: int) -> Iterator[Gathered]:
        from tdxwhy.fleet.archive import Guarded, Refused

        reports: dict[str, dict[str, bytes]] = {}
        for member in found:
            name = f"{archive}!{member.name}" if member.name else archive
            part = part_of(member.name)
            if part is not None and not isinstance(member, Refused):
                logs = reports.setdefault(part.report, {})
                if part.path in LOGS:
                    logs[part.path] = _beginning(Guarded(member.stream))
                continue
            if isinstance(member, Refused):
                self._lose(f"member of an archive: {member.why}", name)
                continue
            guarded = Guarded(member.stream)
            yield from self._any(cast(BinaryIO, guarded), name, depth + 1)
            counters.add(member.packed)
            if guarded.trouble:
                self._lose(f"rest of a member of an archive ({guarded.trouble})", name)
        for report, logs in reports.items():
            yield from self._report(f"{archive}!{report}", logs, depth + 1)

    def _report(self, name: str, logs: dict[str, bytes], depth: int) -> Iterator[Gathered]:
        """Yield the boots of the one log of a sosreport that is read, and count the others."""
        log = best_log(logs)
        if not log:
            self._lose("a sosreport without a kernel log", name)
            return
        if len(logs) > 1:
            self.losses.append(Loss("another log of the same boot, left out", len(logs) - 1, Place(name)))
        yield from self._any(io.BytesIO(logs[log]), f"{name}{log}", depth)

    def _log(self, opened: Opened, name: str) -> Iterator[Gathered]:
        head = opened.head
        if not head or looks_binary(head[:_SAMPLE]):
            self._lose("empty" if not head else "binary, not a log", name)
            self.losses += opened.losses
            return
        # However small: the entries of a journal may be those of many hosts and boots.
        if is_journal(head):
            journal = Journal(name, self._anchors)
            yield from (Gathered(name, boot_of(boot)) for boot in journal.boots(opened, is_export(head)))
            self.losses += journal.losses
        elif len(head) < SMALL:
            reader = LogReader(io.BytesIO(head), name)
            yield from (Gathered(name, boot_of(boot)) for boot in reader if self._is_log(boot, name))
            self.losses += reader.losses
        elif len(head) < BLOCK and not opened.losses and (boot := quick(head, name, self._anchors)) is not None:
            yield Gathered(name, boot)
        else:
            scan = Scan(name, self._anchors, SPEAKING)
            yield from (Gathered(name, boot_of(boot)) for boot in scan.lines(head if len(head) < BLOCK else opened))
            self.losses += scan.losses
        self.losses += opened.losses

    def _is_log(self, boot: BootRecords, name: str) -> bool:
        """Tell whether a small input is a log at all; the answers of commands in a support archive are no boots."""
        if holds_kernel_lines(boot) or any(speaks(record.text) for record in boot.records):
            return True
        self._lose("no line of a kernel log", name)
        return False

    def _lose(self, what: str, name: str) -> None:
        """Count what a source lost for one reason: of a million members, each may be one."""
        place = self._places.setdefault(what, len(self.losses))
        if place == len(self.losses):
            self.losses.append(Loss(what, 0, Place(name)))
        self.losses[place] = self.losses[place]._replace(pieces=self.losses[place].pieces + 1)


def _beginning(stream: io.RawIOBase) -> bytes:
    """Return the first 64 MiB of a member."""
    parts, buffer = bytearray(), bytearray(_SAMPLE << 4)
    while len(parts) < _MOST_OF_A_LOG and (size := stream.readinto(buffer)):
        parts += buffer[:size]
    return bytes(parts)


def kind_of(head: bytes) -> str:
    """Return "tar" or "zip" by the beginning, else an empty string."""
    if head[_TAR_AT : _TAR_AT + len(_TAR_MAGIC)] == _TAR_MAGIC:
        return "tar"
    return "zip" if head.startswith(ZIP_MAGIC) else ""
