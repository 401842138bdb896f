"""A log in any form to the boots in it: what every command calls that reads a kernel log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from os import PathLike

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.files import shown
from tdxwhy.hints import TYPE_CHECKING, BinaryIO
from tdxwhy.read.boots import boots_of
from tdxwhy.read.fast_lines import usual_line
from tdxwhy.read.item import Item
from tdxwhy.read.joins import joined, may_be_torn
from tdxwhy.read.opening import Opened, open_path
from tdxwhy.read.text import BLOCK, decode, lines_of, looks_binary
from tdxwhy.records import BootRecords, LogRecord, Loss, Place, Topology

if TYPE_CHECKING:
    from tdxwhy.read.nearby import LookedFor

_TAR = slice(257, 262)
# A log of this size whose every line begins with a stamp is scanned too: nothing in it is wrapped, torn or quoted.
_PLAIN = 65536
# What else a log of lines that begin as usual holds if something has spoilt it.
_SPOILT = ("&", "</", "<br", "[0m", "[m ", "[m\n", "\\", "^M", "%0A", "=\n", "=3D", "Ox", "0O", "O0", "0S", "0xB")


class LogReader:
    r"""Read the boots of one source. Iterate over it once; `losses` then tells what could not be used, and why.

    With anchors, of an input larger than `small` bytes only the lines that hold one are parsed and kept. `topology` is set,
    before the first boot is yielded, from an archive that holds a list of CPUs beside the log. `lines` are those of a small input,
    each with its number; of a larger one boots have what stands around the lines that `sought` finds telling; its anchors are used then.

    >>> (boot,) = LogReader(BytesIO(b"[    0.000000] Linux version 6.16.3 (a@b)\n[    1.204511] virt/tdx: module initialized\n"), "log")
    >>> [(record.place.line, record.text) for record in boot.records]
    [(1, 'Linux version 6.16.3 (a@b)'), (2, 'virt/tdx: module initialized')]
    """

    def __init__(
        self,
        source: str | PathLike[str] | BinaryIO,
        name: str,
        anchors: Sequence[bytes] = (),
        small: int = BLOCK,
        sought: LookedFor | None = None,
    ) -> None:
        self.name = shown(name)
        self.losses: list[Loss] = []
        self.topology: Topology | None = None
        self.lines: Sequence[tuple[int, str]] = ()
        self._log_name = self.name
        self._source, self._anchors, self._small, self._sought = source, anchors, small, sought

    def __iter__(self) -> Iterator[BootRecords]:
        """Yield the boots in the order of the input."""
        stream = open_path(self._source) if isinstance(self._source, str | PathLike) else self._source
        opened = Opened(stream, self.name)
        try:
            yield from self._boots(opened)
        finally:
            self.losses += opened.losses
            if isinstance(self._source, str | PathLike):
                stream.close()

    def _boots(self, opened: Opened) -> Iterator[BootRecords]:
        if not opened.head:
            if opened.losses:
                raise TdxwhyError(f"{self.name}: {opened.losses[0].what}")
            raise NothingToJudge(f"{self.name}: empty")
        if opened.head[_TAR] == b"ustar":
            yield from self._archive(opened)
            return
        if looks_binary(opened.head):
            raise NothingToJudge(f"{self.name}: binary, not a log")
        head = opened.head
        # Wraps, quotes and tears are looked for in what a person can have pasted; a file of stamped lines was written by a machine.
        if len(head) >= min(BLOCK, self._small) or ((self._anchors or self._sought is not None) and len(head) >= _PLAIN and is_plain(head)):
            yield from self._large(opened)
        else:
            items, torn = self._whole(head)
            yield from boots_of(items, torn or bool(opened.losses))

    def _large(self, opened: Opened) -> Iterator[BootRecords]:
        from tdxwhy.read.scan import Scan, spans_lines

        scan = Scan(self._log_name, self._sought.anchors() if self._sought is not None else self._anchors, self._sought)
        if spans_lines(opened.head):
            yield from scan.entries(opened)
        else:
            yield from scan.lines(opened.head if len(opened.head) < BLOCK else opened)
        self.losses += scan.losses

    def _archive(self, opened: Opened) -> Iterator[BootRecords]:
        """Read the log in a bundle or a sosreport, and keep the list of CPUs beside it."""
        from tdxwhy.read.host.bundle import unpack
        from tdxwhy.read.host.sidecar import parse_sidecar

        found, losses = unpack(opened)
        self.losses += losses
        if found.log is None:
            why = f" ({losses[0].what})" if losses else ""
            raise NothingToJudge(f"{self.name}: an archive without a kernel log{why}")
        if found.sidecar is not None:
            try:
                self.topology = parse_sidecar(found.sidecar.decode("utf-8", "replace"), f"{self.name}:{found.sidecar_name}")
            except TdxwhyError as error:
                self._lose(error.message, 1)
        self._log_name = f"{self.name}:{found.log_name}"
        yield from self._boots(Opened(BytesIO(found.log), self._log_name))

    def _whole(self, data: bytes) -> tuple[list[Item], bool]:
        """Read a small input as a whole, with an eye on what surrounds a line; tell also whether it stops inside a line."""
        if data.startswith(b"__"):
            from tdxwhy.read.export import ExportReader, is_export

            if is_export(data):
                entries = list(ExportReader(self._log_name).feed(data, last=True))
                self.lines = _said(entries)
                return entries, False
        decoded = decode(data)
        if decoded.invalid:
            self._lose("byte sequences that are not UTF-8", decoded.invalid)
        if decoded.nuls:
            self._lose("NUL bytes", decoded.nuls)
        items = self._usual(decoded.text) if is_plain(data) else None
        text = decoded.text
        if items is None:
            from tdxwhy.read.mended import mended

            text = mended(text)
            items = list(self._items(self._numbered(text)))
        lines = self.lines
        if text.lstrip()[:1] == "{":
            self.lines = _said(items) or lines
        if may_be_torn(items, text):
            from tdxwhy.read.regular import restamped

            items = joined(restamped(items), lines)
        torn = not text.endswith("\n")
        if torn and items and isinstance(items[-1], LogRecord) and not items[-1].cut:
            items[-1] = items[-1]._replace(cut="tail")
        return items, torn

    def _usual(self, text: str) -> list[Item] | None:
        """Read lines of the usual form; None where one has another, or something has spoilt it."""
        if not text.isascii():
            return None
        for sign in _SPOILT:
            if sign in text:
                return None
        name = self._log_name
        records = [usual_line(Place(name, number), raw) for number, raw in self._numbered(text)]
        items: list[Item] = [record for record in records if record is not None]
        return items if len(items) == len(records) else None

    def _numbered(self, text: str) -> Sequence[tuple[int, str]]:
        lines = lines_of(text)
        if "#" in text:
            from tdxwhy.read.pstore import in_order

            lines = in_order(lines)
        self.lines = lines
        return lines

    def _items(self, lines: Sequence[tuple[int, str]]) -> Iterator[Item]:
        """Read lines one by one: the usual form here, any other by the reader of its form."""
        name, others = self._log_name, None
        for number, raw in lines:
            record = usual_line(Place(name, number), raw)
            if record is not None and (others is None or not others.inside):
                yield record
                continue
            if others is None:
                from tdxwhy.read.lines import LineReader

                others = LineReader(name)
            yield from others.take(number, raw)
        if others is not None:
            yield from others.finish()
            self.losses += others.losses

    def _lose(self, what: str, pieces: int) -> None:
        self.losses.append(Loss(what, pieces, Place(self._log_name)))


def _said(items: Sequence[Item]) -> list[tuple[int, str]]:
    """Return what entries of a journal say, each with the number of its line."""
    return [(item.place.line or 0, item.text) for item in items if isinstance(item, LogRecord)]


def is_plain(data: bytes) -> bool:
    """Tell whether every line is as dmesg or the console prints it: with a time stamp, or a level before one."""
    lines = data.count(b"\n")
    stamped = data.count(b"\n[") + data.count(b"\n<") + data.startswith((b"[", b"<"))
    return stamped >= lines > 0 and b"\r" not in data and b"\0" not in data and b"\x1b" not in data


def read_boots(
    source: str | PathLike[str] | BinaryIO, name: str, anchors: Sequence[bytes] = (), sought: LookedFor | None = None
) -> LogReader:
    """Return a reader that yields the boots of a source and afterwards tells its losses."""
    return LogReader(source, name, anchors, sought=sought)
