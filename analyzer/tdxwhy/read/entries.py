"""Entries with named fields to records: journald's json and export fields, and those of `dmesg --json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tdxwhy.digits import is_whole, whole
from tdxwhy.levels import SHORT
from tdxwhy.read.prefix import FACILITIES
from tdxwhy.read.text import RAW_LIMIT, clean
from tdxwhy.records import LogRecord, Place, record

# The facility of programs that name none (RFC 5424, table 1).
PROGRAM = 1
# Digits of a time in microseconds: thirty years.
_DIGITS = 15


def is_time(micro: str) -> bool:
    """Tell whether a field is a time in microseconds."""
    return is_whole(micro, _DIGITS)


def records_of_entry(entry: Mapping[str, Any], place: Place, raw: str) -> Iterator[LogRecord]:
    r"""Turn the fields of one entry into records, one for each line of its message; without a message there is none.

    >>> entry = {"_TRANSPORT": "kernel", "PRIORITY": "6", "_SOURCE_MONOTONIC_TIMESTAMP": "1204511", "MESSAGE": "one\ntwo"}
    >>> [(record.text, record.level, record.time_ns) for record in records_of_entry(entry, Place("journal", 1), "")]
    [('one', 6, 1204511000), ('two', 6, 1204511000)]
    """
    if "MESSAGE" in entry:
        yield from _journal(entry, place, raw[:RAW_LIMIT])
    elif isinstance(entry.get("msg"), str):
        yield from _dmesg(entry, place, raw[:RAW_LIMIT])


def boot_of_entry(entry: Mapping[str, Any]) -> str | None:
    """Return the boot id of a journal entry."""
    boot = entry.get("_BOOT_ID")
    return boot if isinstance(boot, str) and boot else None


def _journal(entry: Mapping[str, Any], place: Place, raw: str) -> Iterator[LogRecord]:
    get = entry.get
    message, name = _text(entry["MESSAGE"]), get("SYSLOG_IDENTIFIER")
    kernel = get("_TRANSPORT", "kernel") == "kernel" and (name is None or _text(name) == "kernel")
    # A kernel line carries the time at which the kernel printed it; other times are the journal's own.
    micro = number_of(get("_SOURCE_MONOTONIC_TIMESTAMP")) if kernel else None
    if micro is None:
        micro = number_of(get("__MONOTONIC_TIMESTAMP"))
    time_ns = None if micro is None else micro * 1000
    program = "" if kernel else f"{clean(_text(name or get('_COMM') or 'user'))}: "
    level, facility = number_of(get("PRIORITY")), 0 if kernel else number_of(get("SYSLOG_FACILITY")) or PROGRAM
    host, caller = get("_HOSTNAME"), get("_KERNEL_CALLER")
    caller, host = caller if isinstance(caller, str) else None, clean(host) if isinstance(host, str) else None
    for line in message.split("\n"):
        yield record(place, raw, f"{program}{clean(line).rstrip()}", time_ns, level, facility, caller, host)


def _dmesg(entry: Mapping[str, Any], place: Place, raw: str) -> Iterator[LogRecord]:
    time, level, facility, caller = (entry.get(key) for key in ("time", "pri", "fac", "caller"))
    if isinstance(level, int) and facility is None:
        facility, level = level >> 3, level & 7
    time_ns = round(time * 1_000_000) * 1000 if isinstance(time, (int, float)) and 0 <= time < 1e9 else None
    for line in entry["msg"].split("\n"):
        yield LogRecord(
            place,
            raw,
            clean(line).rstrip(),
            time_ns,
            _position(SHORT, level),
            _position(FACILITIES, facility),
            caller if isinstance(caller, str) else None,
            wall=clean(time) if isinstance(time, str) else None,
        )


def _position(names: tuple[str, ...], value: object) -> int | None:
    if isinstance(value, int):
        return value if 0 <= value < 1 << 16 else None
    return names.index(value) if value in names else None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return bytes(code & 255 for code in value if isinstance(code, int)).decode("utf-8", "replace") if isinstance(value, list) else ""


def number_of(value: object) -> int | None:
    """Return the number that a field is, if it is one that is not negative."""
    if isinstance(value, str):
        return whole(value, _DIGITS)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_DIGITS else None
