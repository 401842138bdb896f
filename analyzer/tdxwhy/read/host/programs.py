"""The logs of this machine's programs that start TDs and make quotes: QEMU, libvirt and the quote service."""

from __future__ import annotations

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
    found = [*_of_folders(root, missing), *_of_journals(run)]
    return found, missing


def _of_folders(root: Path, missing: list[str]) -> Iterator[tuple[str, str]]:
    for folder in _FOLDERS:
        path = root / folder
        try:
            logs = sorted(path.glob("*.log"), key=lambda one: one.stat().st_mtime, reverse=True) if path.is_dir() else []
        except OSError as error:
            missing.append(f"/{folder}: {reason(error)}")
            continue
        for log in logs[:_FILES]:
            try:
                with log.open("rb") as stream:
                    stream.seek(max(0, log.stat().st_size - _BYTES))
                    yield f"/{folder}/{log.name}", stream.read(_BYTES).decode("utf-8", "replace")
            except OSError as error:
                missing.append(f"/{folder}/{log.name}: {reason(error)}")


def _of_journals(run: Run) -> Iterator[tuple[str, str]]:
    for name, asked in _JOURNALS:
        told = run(asked)
        if told:
            yield name, told[-_BYTES:].decode("utf-8", "replace")
