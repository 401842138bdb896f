"""A machine's files below a root: this machine, an rsync copy, an unpacked sosreport or bundle, or such an archive as it was sent."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Protocol

from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.files import reading, shown
from tdxwhy.read.host.bundle import LOGS, SIDECARS
from tdxwhy.read.host.collect import CPUS, Run, command, kernel_log
from tdxwhy.read.host.sidecar import parse_sidecar, read_sidecar
from tdxwhy.records import Topology

_MOST, _MOST_PATHS, _MOST_MEMBERS = 16 << 20, 4096, 200_000
_GZIP = b"\x1f\x8b"
_COMMANDS = "commands"


def kept(name: str) -> str:
    """Return where a bundle keeps what a command said, or the names of files that were looked for."""
    return f"{_COMMANDS}/{name}.txt"


class HostTree(Protocol):
    """Files by their paths below the root; `live`: they are those of this machine, whose commands and MSRs may be asked."""

    name: str
    live: bool

    def read(self, path: str) -> str | None:
        """Return what a file holds, its first 16 MiB; None where it is not there or may not be read."""

    def paths(self, pattern: str) -> list[str]:
        """Return the files that a glob meets, in the order of their names."""

    def holds(self, folder: str) -> bool:
        """Tell whether a folder is there, with anything in it that may be seen."""

    def log(self) -> str:
        """Return the kernel log of the last boot, "" without one."""

    def topology(self) -> Topology | None:
        """Return the CPUs; None where nothing lists them."""


class HostFolder:
    """A folder; links that lead out of it are not followed."""

    def __init__(self, root: Path, run: Run = command) -> None:
        self.root = _below(root)
        self.name = shown(str(root))
        self.live = self.root.resolve() == Path("/")
        self._run = run
        # What was asked of this machine is not asked again.
        self._log: str | None = None
        self._answers: dict[tuple[str, ...], str | None] = {}

    def read(self, path: str) -> str | None:
        """Return what a file holds."""
        found = self.root / path
        try:
            if not found.is_file() or not (self.live or found.resolve().is_relative_to(self.root.resolve())):
                return None
            with reading(found) as stream:
                return text_of(stream.read(_MOST))
        except (OSError, ValueError):
            return None

    def paths(self, pattern: str) -> list[str]:
        """Return the files that a glob meets."""
        if "*" not in pattern:
            return [pattern] if os.path.lexists(self.root / pattern) else []
        with suppress(OSError, ValueError):
            return sorted(one.relative_to(self.root).as_posix() for one in islice(self.root.glob(pattern), _MOST_PATHS))
        return []

    def holds(self, folder: str) -> bool:
        """Tell whether a folder is there, with anything in it that may be seen."""
        try:
            return any((self.root / folder).iterdir())
        except OSError:
            return False

    def log(self) -> str:
        """Return the kernel log."""
        if self._log is None:
            copies = (text for name in LOGS if (text := self.read(name)))
            self._log = kernel_log(self.root, self._run, []) if self.live else next(copies, "")
        return self._log

    def topology(self) -> Topology | None:
        """Return the CPUs."""
        for path in (self.root / CPUS, self.root):
            with suppress(TdxwhyError):
                return read_sidecar(path)
        return None

    def run(self, arguments: Sequence[str]) -> str | None:
        """Ask a command of this machine."""
        asked = tuple(arguments)
        if asked not in self._answers:
            told = self._run(asked)
            self._answers[asked] = None if told is None else text_of(told)
        return self._answers[asked]


class HostArchive:
    """The members of an archive that are wanted, in memory."""

    live = False

    def __init__(self, name: str, members: Mapping[str, bytes]) -> None:
        self.name = shown(name)
        self._members = members

    def read(self, path: str) -> str | None:
        """Return what a member holds."""
        found = self._members.get(path)
        return None if found is None else text_of(found)

    def paths(self, pattern: str) -> list[str]:
        """Return the members that a glob meets."""
        return sorted(name for name in self._members if fnmatchcase(name, pattern))

    def holds(self, folder: str) -> bool:
        """Tell whether any wanted member is in a folder."""
        return any(name.startswith(f"{folder}/") for name in self._members)

    def log(self) -> str:
        """Return the kernel log."""
        return next((text for name in LOGS if (text := self.read(name))), "")

    def topology(self) -> Topology | None:
        """Return the CPUs."""
        for name in SIDECARS:
            text = self.read(name)
            if text:
                with suppress(TdxwhyError):
                    return parse_sidecar(text, name)
        return None


def tree_of(root: Path, wanted: Sequence[str], run: Run = command) -> HostTree:
    """Open a folder, or an archive of which the `wanted` files are kept."""
    if not root.exists():
        raise TdxwhyError(f"{root}: no such file or directory")
    if root.is_dir():
        return HostFolder(root, run)
    return HostArchive(str(root), _members(root, [*wanted, *LOGS, *SIDECARS, kept("*"), "missing.txt"]))


def text_of(data: bytes) -> str:
    """Return bytes as text; those of gzip (/proc/config.gz) expanded, in bounded memory."""
    if data.startswith(_GZIP):
        import zlib

        with suppress(zlib.error):
            data = zlib.decompressobj(31).decompress(data, _MOST)
    return data.decode("utf-8", "replace").strip("\0")


def _below(root: Path) -> Path:
    """Return the root itself, or the one folder in it that holds all: a sosreport unpacks into a folder of its name."""
    with suppress(OSError):
        inside = list(islice(root.iterdir(), 2))
        if len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink() and inside[0].name not in ("proc", "sys"):
            return inside[0]
    return root


def _members(path: Path, globs: Iterable[str]) -> dict[str, bytes]:
    from tdxwhy.read.opening import Opened, Raw, open_path
    from tdxwhy.read.tar import streamed

    patterns = sorted(set(globs))
    found: dict[str, bytes] = {}
    with open_path(path) as stream:
        try:
            with streamed(Raw(Opened(stream, str(path)))) as archive:
                for member in islice(archive, _MOST_MEMBERS):
                    name = _wanted(member.name, patterns)
                    content = archive.extractfile(member) if name and member.isfile() else None
                    if content is not None:
                        found.setdefault(name, content.read(_MOST))
        except Exception as error:  # noqa: BLE001 - over broken bytes the library raises whatever comes to it
            if not found:
                why = reason(error) if isinstance(error, OSError) else "no tar archive, or cut or broken"
                raise TdxwhyError(f"{path}: {why}", "--root takes a folder, a bundle of tdxwhy collect, or a sosreport") from None
    return found


def _wanted(member: str, patterns: Sequence[str]) -> str:
    """Return the name of a member below the root, "" for one that nobody wants; a sosreport's stand below a folder of its name."""
    path = member.removeprefix("./")
    for name in (path, path.partition("/")[2]):
        if name and any(fnmatchcase(name, pattern) for pattern in patterns):
            return name
    return ""
