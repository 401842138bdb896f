"""Whose log it is and when that boot began: from the records, the path, or what the user says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tdxwhy.errors import TdxwhyError
from tdxwhy.noun import NamedTuple
from tdxwhy.read.host.sosreport import host_and_date
from tdxwhy.records import LogRecord

_REALTIME = re.compile(r"__REALTIME_TIMESTAMP\"? ?[:=] ?\"?([0-9]{15,17})\b")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
SECOND = 1_000_000_000
_FIELDS = {
    "host": r"[^/]{1,255}",
    "date": r"\d{4}-?\d\d-?\d\d",
    "time": r"\d{4}-?\d\d-?\d\d[T_ -]?\d\d[:.-]?\d\d(?:[:.-]?\d\d)?Z?",
    "epoch": r"[0-9]{9,10}",
    "boot": r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}


class Origin(NamedTuple):
    """What is known of a log from outside: host, start of the boot in seconds of the epoch, boot id."""

    host: str | None = None
    started: int | None = None
    boot_id: str | None = None


def compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a path pattern.

    Accepted form: the end of a path with `{host}`, `{date}`, `{time}`, `{epoch}`, `{boot}` where those stand, and `*` for anything
    within one name, as in `{host}/{date}/*.log`.
    """
    parts, named = [], set()
    for piece in re.split(r"(\{\w*\}|\*)", pattern):
        name = piece[1:-1]
        if piece == "*":
            parts.append(r"[^/]*")
        elif piece.startswith("{"):
            if name not in _FIELDS or name in named:
                raise TdxwhyError(
                    f"path pattern: {piece} cannot stand there", "known are {host}, {date}, {time}, {epoch}, {boot} and *, each once"
                )
            named.add(name)
            parts.append(f"(?P<{name}>{_FIELDS[name]})")
        else:
            parts.append(re.escape(piece))
    if not named:
        raise TdxwhyError("path pattern: it names nothing", "say where the host stands, as in {host}/*.log")
    return re.compile(f"(?:^|/){''.join(parts)}$")


def of_path(path: str, pattern: re.Pattern[str] | None) -> Origin:
    """Read a path by the user's pattern."""
    found = pattern.search(path) if pattern is not None else None
    if found is None:
        return Origin()
    given = found.groupdict()
    epoch = int(given["epoch"]) if given.get("epoch") else _epoch(given.get("time") or given.get("date"))
    return Origin(given.get("host"), epoch, given.get("boot"))


def of_report(name: str) -> Origin:
    """Read the host and the day that a sosreport's own name tells."""
    host, day = host_and_date(name)
    return Origin(host, _epoch(day))


def of_records(records: Sequence[LogRecord]) -> Origin:
    """Read host and start from what stands around the lines."""
    if not records:
        return Origin()
    first = records[0]
    return Origin(first.host or next((record.host for record in records if record.host), None), _started(first))


def key_of(boot_id: str | None, host: str | None, lines: Iterable[tuple[int | None, str]]) -> int:
    """Return a boot's key: by its id, else by host and the lines that tell it from others, each with its time."""
    digest = hashlib.blake2b(digest_size=8)
    if boot_id:
        digest.update(boot_id.replace("-", "").lower().encode())
    else:
        digest.update((host or "").encode("utf-8", "replace"))
        digest.update("\n".join([f"{time} {text}" for time, text in lines]).encode("utf-8", "replace"))
    return int.from_bytes(digest.digest(), "big", signed=True)


def _started(record: LogRecord) -> int | None:
    if record.time_ns is None:
        return None
    if record.wall is not None:
        at = _epoch(record.wall) if _ISO.match(record.wall) else None
        return None if at is None else at - record.time_ns // SECOND
    found = _REALTIME.search(record.raw) if "__REALTIME_TIMESTAMP" in record.raw else None
    return None if found is None else (int(found[1]) * 1000 - record.time_ns) // SECOND


def _epoch(text: str | None) -> int | None:
    """Return the epoch of a time without its separators; a time without a zone is UTC."""
    if text is None:
        return None
    try:
        if _ISO.match(text):
            at = datetime.fromisoformat(text.replace(",", ".").removesuffix(" UTC"))
        else:
            digits = re.sub(r"\D", "", text)[:14]
            at = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
