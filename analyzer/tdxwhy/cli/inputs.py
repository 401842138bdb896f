"""What `tdxwhy log` is given: files, folders, zip archives, a pipe on standard input, or nothing, which is this machine."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from io import BufferedReader, BytesIO

from tdxwhy.files import reading
from tdxwhy.hints import TYPE_CHECKING, BinaryIO, cast
from tdxwhy.noun import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from tdxwhy.fleet.archive import Member, Refused
    from tdxwhy.records import Topology

THIS_MACHINE, STDIN = "this machine", "-"
_ZIP = b"PK\x03\x04"
# As much as shows what a file is.
_HEAD = 512
# A member of a zip archive is read as a whole.
_MOST = 64 << 20
# An archive that comes through a pipe is read as a whole too.
_MOST_PIPED = 1 << 30


class LogInput(NamedTuple):
    """One log: the name that reports give it, and its path or its content; `sought`: it was found in a folder or an archive, not named.

    `trouble`: why it was not read, or not to its end.
    """

    name: str
    source: str | BytesIO | None = None
    sought: bool = False
    trouble: str = ""


def sidecar_of(path: str | Path | None) -> Topology | None:
    """Read the CPUs that --topology lists, where it is given."""
    if path is None:
        return None
    from pathlib import Path

    from tdxwhy.read.host.sidecar import read_sidecar

    return read_sidecar(Path(path))


def named_or_waiting(names: Sequence[str]) -> list[str]:
    """Return the names; without any a pipe or a file on standard input is read, and otherwise this machine's own log.

    /dev/null, a terminal, a socket (ssh without a terminal) and a closed standard input hold no log.
    """
    if names:
        return list(names)
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return [THIS_MACHINE]
    return [STDIN] if stat.S_ISFIFO(mode) or (stat.S_ISREG(mode) and os.fstat(0).st_size) else [THIS_MACHINE]


def inputs(names: Sequence[str]) -> Iterator[LogInput]:
    """Yield the logs behind the names: those of a folder in the order of their paths, those of a zip archive in its own."""
    for name in names:
        if name == STDIN and _zip_waits():
            yield from _of_zip("stdin", BytesIO(sys.stdin.buffer.read(_MOST_PIPED)))
        elif name in (THIS_MACHINE, STDIN):
            yield LogInput(name)
        else:
            yield from _of_path(name)


def _of_path(name: str) -> Iterator[LogInput]:
    head = _head(name)
    if head is None:
        yield from _of_folder(name)
    elif head.startswith(_ZIP):
        yield from _of_zip(name)
    elif _is_tar_of_logs(name, head):
        yield from _of_tar(name)
    else:
        yield LogInput(name)


def _head(name: str) -> bytes | None:
    """Return how a regular file begins, nothing of what is none or cannot be read, and None of a folder."""
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116 - pathlib would cost a twentieth of the start-up
        if not stat.S_ISREG(mode):
            return None if stat.S_ISDIR(mode) else b""
        with reading(name) as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _zip_waits() -> bool:
    return isinstance(sys.stdin.buffer, BufferedReader) and sys.stdin.buffer.peek(len(_ZIP)).startswith(_ZIP)


def _of_folder(name: str) -> Iterator[LogInput]:
    from tdxwhy.fleet.sources import Listing
    from tdxwhy.read.host.sosreport import bundled, is_report, part_of

    for source in Listing([name]):
        part = part_of(source.path)
        if part is not None and is_report(part.report or "."):
            yield LogInput(part.report.rstrip("/") or name, BytesIO(bundled(part.report or ".") or b""), True)
            continue
        packed = (_head(source.path) or b"").startswith(_ZIP)
        yield from (one._replace(sought=True) for one in (_of_zip(source.path) if packed else [LogInput(source.path, source.path)]))


def _is_tar_of_logs(name: str, head: bytes) -> bool:
    """Tell whether a file is a tar archive, compressed or not, that is neither a bundle nor a sosreport: those are one host each."""
    from tdxwhy.read.expand import compression_of

    if not (head[257:262] == b"ustar" or compression_of(head)):
        return False
    from tdxwhy.fleet.archive import Refused

    found = False
    for member in _tarred(name):
        if isinstance(member, Refused):
            continue
        if _is_of_case(member.name):  # what is behind it, of a sosreport often most of its size, need not be expanded
            return False
        found = True
    return found


def _is_of_case(name: str) -> bool:
    """Tell whether a member is one of a bundle or of a sosreport."""
    from tdxwhy.read.host.bundle import KERNEL_LOG
    from tdxwhy.read.host.sosreport import part_of

    return name.removeprefix("./") == KERNEL_LOG or part_of(name) is not None


def _tarred(name: str) -> Iterator[Member | Refused]:
    from tdxwhy.fleet.archive import members
    from tdxwhy.fleet.gather import kind_of
    from tdxwhy.read.opening import Opened, Raw

    with reading(name) as stream:
        opened = Opened(stream, name)
        if kind_of(opened.head) == "tar":
            yield from members("tar", cast(BinaryIO, BufferedReader(Raw(opened))))


def _of_tar(name: str) -> Iterator[LogInput]:
    """Yield the members of a tar archive."""
    from tdxwhy.fleet.archive import Guarded, Refused

    for member in _tarred(name):
        if isinstance(member, Refused):
            yield LogInput(f"{name}!{member.name}" if member.name else name, None, True, member.why)
            continue
        guarded = Guarded(member.stream)
        content = BytesIO(_content(guarded))
        yield LogInput(f"{name}!{member.name}", content, True, f"cut or broken ({guarded.trouble})" if guarded.trouble else "")


def _of_zip(name: str, piped: BytesIO | None = None) -> Iterator[LogInput]:
    from tdxwhy.fleet.archive import Guarded, Refused, members
    from tdxwhy.read.host.bundle import LOGS, SIDECARS
    from tdxwhy.read.host.sosreport import packed, part_of

    empty = True
    reports: dict[str, dict[str, bytes]] = {}
    with piped or reading(name) as stream:
        for member in members("zip", stream):
            empty = False
            if isinstance(member, Refused):
                yield LogInput(f"{name}!{member.name}" if member.name else name, None, True, member.why)
                continue
            guarded = Guarded(member.stream)
            part = part_of(member.name)
            if part is not None:
                files = reports.setdefault(part.report, {})
                if part.path in (*LOGS, *SIDECARS):
                    files[part.path] = _content(guarded)
                continue
            content = BytesIO(_content(guarded))
            yield LogInput(f"{name}!{member.name}", content, True, f"cut or broken ({guarded.trouble})" if guarded.trouble else "")
    for report, files in reports.items():
        yield LogInput(f"{name}!{report.rstrip('/')}", BytesIO(packed(files)), True)
    if empty:
        yield LogInput(name, None, True, "an archive without a file")


def _content(stream: object) -> bytes:
    parts, buffer = bytearray(), bytearray(1 << 16)
    while len(parts) < _MOST and (size := stream.readinto(buffer)):  # type: ignore[attr-defined] # a Guarded
        parts += buffer[:size]
    return bytes(parts)


class Copies:
    """Inputs that were seen before, by their content."""

    def __init__(self) -> None:
        self.count = 0
        self._seen: dict[bytes, str] = {}

    def has(self, one: LogInput) -> bool:
        """Tell whether an input that was found is a copy of one before it, and count it if so."""
        digest = _digest(one)
        if not digest:
            return False
        first = self._seen.setdefault(digest, one.name)
        self.count += first != one.name
        return first != one.name


def _digest(one: LogInput) -> bytes:
    from hashlib import blake2b

    if isinstance(one.source, BytesIO):
        return blake2b(one.source.getvalue(), digest_size=16).digest()
    if one.source is None:
        return b""
    digest = blake2b(digest_size=16)
    try:
        with reading(one.source) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return b""
    return digest.digest()
