"""Whose log it is and when that boot began: from the records, the path, or what the user says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from tdxwhy.errors import TdxwhyError
from tdxwhy.records import BootRecords, Event, LogRecord

# The line that carries the wall clock of an early moment; an anchor keeps it.
_CLOCK = re.compile(r"setting system clock to \S+ \S+ \((\d{9,11})\)|^audit: type=2000 audit\((\d{9,11})\.\d+:")
_REALTIME = re.compile(r"__REALTIME_TIMESTAMP\"? ?[:=] ?\"?(\d{15,17})\b")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_SECOND = 1_000_000_000
_EARLY_NS = _SECOND // 10
_FIELDS = {
    "host": r"[^/]{1,255}",
    "date": r"\d{4}-?\d\d-?\d\d",
    "time": r"\d{4}-?\d\d-?\d\d[T_ -]?\d\d[:.-]?\d\d(?:[:.-]?\d\d)?Z?",
    "epoch": r"\d{9,10}",
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


def of_records(records: Sequence[LogRecord]) -> Origin:
    """Read host and start from the records themselves."""
    if not records:
        return Origin()
    first = records[0]
    host = first.host or next((record.host for record in records if record.host), None)
    started = _started(first)
    if started is None:
        started = next((at for record in records if (at := _by_clock(record)) is not None), None)
    return Origin(host, started)


def key_of(boot: BootRecords, origin: Origin, events: Sequence[Event]) -> int:
    """Return the boot's key: by its id, else by host and the first lines whose time no other boot shares."""
    digest = hashlib.blake2b(digest_size=8)
    if origin.boot_id:
        digest.update(origin.boot_id.replace("-", "").lower().encode())
        return int.from_bytes(digest.digest(), "big", signed=True)
    digest.update((origin.host or "").encode("utf-8", "replace"))
    told = [event.record for event in events if (event.record.time_ns or 0) >= _EARLY_NS][:2]
    if len(told) < 2:
        told = [*(event.record for event in events), *boot.records[:64], *((boot.last,) if boot.last else ())]
    digest.update("\n".join([f"{record.time_ns} {record.text}" for record in told]).encode("utf-8", "replace"))
    return int.from_bytes(digest.digest(), "big", signed=True)


def _started(record: LogRecord) -> int | None:
    if record.time_ns is None:
        return None
    if record.wall is not None:
        at = _epoch(record.wall) if _ISO.match(record.wall) else None
        return None if at is None else at - record.time_ns // _SECOND
    found = _REALTIME.search(record.raw) if "__REALTIME_TIMESTAMP" in record.raw else None
    return None if found is None else (int(found[1]) * 1000 - record.time_ns) // _SECOND


def _by_clock(record: LogRecord) -> int | None:
    if " clock to " not in record.text and not record.text.startswith("audit: "):
        return None
    found = _CLOCK.search(record.text)
    if found is None or record.time_ns is None:
        return None
    return int(found[1] or found[2]) - record.time_ns // _SECOND


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
