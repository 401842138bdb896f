"""A sosreport is one host and holds several logs of one boot: which file is part of one, which of its logs is read, whose it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tdxwhy.files import reading
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.read.host.bundle import HEAD, KERNEL_LOG, LOGS, SIDECARS, TOPOLOGY, best_log, pack

COMMANDS = "sos_commands"
# sosreport-HOST[-LABEL]-DATE-LETTERS, as sos names its archives and the folder in them.
_NAME = lazy(r"(?:^|[/!])sosreport-(?P<host>[\w.-]{1,200}?)-(?P<date>\d{4}-\d\d-\d\d)-[a-z]{4,16}(?=[/!.]|$)")
_MOST = 64 << 20


class ReportPart(NamedTuple):
    """A file of a report: the path of the report, "" or with a slash behind it, and the file's path in it."""

    report: str
    path: str


def part_of(path: str) -> ReportPart | None:
    """Return of which report a file in an archive is a part; None of a file that belongs to none."""
    at = f"/{path}".find(f"/{COMMANDS}/")
    if at >= 0:
        return ReportPart(path[:at], path[at:])
    named = _NAME.search(path)
    slash = path.find("/", named.end()) if named is not None and path[named.end() : named.end() + 1] == "/" else -1
    return ReportPart(path[: slash + 1], path[slash + 1 :]) if slash >= 0 else None


def is_report(folder: str) -> bool:
    """Tell whether a folder is an unpacked report."""
    return os.path.isdir(os.path.join(folder, COMMANDS))  # noqa: PTH112, PTH118 - pathlib raises where the folder is closed


def log_in(folder: str) -> str | None:
    """Return the path of the log to read in an unpacked report; None where it holds none."""
    heads = {}
    for name in LOGS:
        try:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                with reading(path) as stream:
                    heads[name] = stream.read(HEAD)
        except OSError:
            continue
    return best_log(heads) or None


def bundled(folder: str) -> bytes | None:
    """Return an unpacked report as a bundle: its log and its list of CPUs."""
    log = log_in(folder)
    if log is None:
        return None
    files = {KERNEL_LOG: _read(folder, log)}
    sidecar = next((name for name in SIDECARS if Path(folder, name).is_file()), None)
    if sidecar is not None:
        files[TOPOLOGY] = _read(folder, sidecar)
    return packed(files)


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return files as a bundle that `tdxwhy log` reads."""
    return pack({name: data.decode("utf-8", "replace") for name, data in files.items()})


def host_and_date(name: str) -> tuple[str | None, str | None]:
    """Return the host and the day that a report's name tells, of an archive or of a file in one."""
    found = _NAME.search(name)
    return (None, None) if found is None else (found["host"], found["date"])


def _read(folder: str, name: str) -> bytes:
    try:
        with reading(Path(folder, name)) as stream:
            return stream.read(_MOST)
    except OSError:
        return b""
