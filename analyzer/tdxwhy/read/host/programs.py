"""The logs of this machine's programs that start TDs and make quotes: QEMU, libvirt and the quote service."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tdxwhy.errors import reason
from tdxwhy.read.host.collect import Run, command

# The newest of them, and no more than the end of each.
_FILES, _BYTES = 4, 64 << 10
_FOLDERS = ("var/log/libvirt/qemu",)
_JOURNALS = (("qgsd", ("journalctl", "-u", "qgsd", "-n", "200", "--no-pager", "-q")),)


def own_programs(root: Path = Path("/"), run: Run = command) -> tuple[list[tuple[str, str]], list[str]]:
    """Return names and last lines of these logs, and a line for each that is there and could not be read."""
    missing: list[str] = []
    found = [*_of_folders(root, missing), *_of_journals(run, missing)]
    return found, missing


def _of_folders(root: Path, missing: list[str]) -> Iterator[tuple[str, str]]:
    for folder in _FOLDERS:
        try:
            names = [path.name for path in (root / folder).iterdir() if path.name.endswith(".log")]
        except FileNotFoundError:
            continue
        except OSError as error:  # libvirt's own folder lets others through, and list nothing
            missing.append(f"/{folder}: {reason(error)}")
            continue
        for name in _newest(root / folder, names):
            try:
                yield f"/{folder}/{name}", _end_of(root / folder / name).decode("utf-8", "replace")
            except OSError as error:
                missing.append(f"/{folder}/{name}: {reason(error)}")


def _newest(folder: Path, names: list[str]) -> list[str]:
    """Return the names of the newest logs, newest first; one whose age is not told is as old as any."""

    def age(name: str) -> tuple[int, str]:
        try:
            return -(folder / name).stat().st_mtime_ns, name
        except OSError:
            return 0, name

    return sorted(names, key=age)[:_FILES]


def _end_of(path: Path) -> bytes:
    """Return the last bytes of a log. A pipe or a device of that name is none, and is not waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        told = os.fstat(handle)
        if not stat.S_ISREG(told.st_mode):
            raise OSError(0, "not a regular file")
        stream.seek(max(0, told.st_size - _BYTES))
        return stream.read(_BYTES)


def _of_journals(run: Run, missing: list[str]) -> Iterator[tuple[str, str]]:
    for name, asked in _JOURNALS:
        told = run(asked)
        if told is None:
            missing.append(f"the journal of {name}: {asked[0]} is missing or failed")
        elif told:
            yield name, told[-_BYTES:].decode("utf-8", "replace")
