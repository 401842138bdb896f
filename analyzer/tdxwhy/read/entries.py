"""Entries with named fields to records: journald's json and export fields, and those of `dmesg --json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tdxwhy.read.stamp import FACILITIES, LEVELS
from tdxwhy.read.text import RAW_LIMIT, clean
from tdxwhy.records import LogRecord, Place


def records_of_entry(entry: Mapping[str, Any], place: Place, raw: str) -> Iterator[LogRecord]:
    """Turn the fields of one entry into records, one for each line of its message; without a message there is none."""
    if "MESSAGE" in entry:
        yield from _journal(entry, place, raw[:RAW_LIMIT])
    elif isinstance(entry.get("msg"), str):
        yield from _dmesg(entry, place, raw[:RAW_LIMIT])


def boot_of_entry(entry: Mapping[str, Any]) -> str | None:
    """Return the boot id of a journal entry."""
    boot = entry.get("_BOOT_ID")
    return boot if isinstance(boot, str) and boot else None


def _journal(entry: Mapping[str, Any], place: Place, raw: str) -> Iterator[LogRecord]:
    message = _text(entry["MESSAGE"])
    kernel = entry.get("_TRANSPORT", "kernel") == "kernel" and _text(entry.get("SYSLOG_IDENTIFIER", "kernel")) == "kernel"
    # A kernel line carries the time at which the kernel printed it; other times are the journal's own.
    micro = _number(entry.get("_SOURCE_MONOTONIC_TIMESTAMP") if kernel else None)
    if micro is None:
        micro = _number(entry.get("__MONOTONIC_TIMESTAMP"))
    program = "" if kernel else f"{clean(_text(entry.get('SYSLOG_IDENTIFIER') or entry.get('_COMM') or 'user'))}: "
    host, caller = entry.get("_HOSTNAME"), entry.get("_KERNEL_CALLER")
    for line in message.split("\n"):
        yield LogRecord(
            place,
            raw,
            f"{program}{clean(line).rstrip()}",
            None if micro is None else micro * 1000,
            _number(entry.get("PRIORITY")),
            _number(entry.get("SYSLOG_FACILITY")) if not kernel else 0,
            caller if isinstance(caller, str) else None,
            host=clean(host) if isinstance(host, str) else None,
        )


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
            _position(LEVELS, level),
            _position(FACILITIES, facility),
            caller if isinstance(caller, str) else None,
            wall=clean(time) if isinstance(time, str) else None,
        )


def _position(names: tuple[str, ...], value: object) -> int | None:
    if isinstance(value, int):
        return value
    return names.index(value) if value in names else None


def _text(value: object) -> str:
    if isinstance(value, list):
        return bytes(code & 255 for code in value if isinstance(code, int)).decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
