"""The form of nearly every line of a kernel log, read in as few steps as possible."""

from __future__ import annotations

import re

from tdxwhy.read.text import RAW_LIMIT
from tdxwhy.records import LogRecord, Place

# An optional level, the stamp, an optional caller, the message.
_USUAL = re.compile(r"(?:<(\d{1,3})>)?\[ *(\d{1,9})\.(\d{6})\](?: ?\[ *([TC]\d{1,9})\])? ?")
_USUAL_BYTES = re.compile(rb"\[ *(\d{1,9})\.(\d{6})\] ?((?!\[ *[TC]\d)[!-~](?:[ -~]{0,2000}[!-~])?)(?=\n)")
AGAIN = re.compile(r"\[ {0,8}\d{1,9}\.\d{6}[\] ]")
# A plain word before "kernel: " is the host name of short-monotonic output; messages of the kernel itself hold that rarely.
MONOTONIC = re.compile(r"(?P<host>[\w.-]{1,255}) (?:kernel: |(?=[\w@.\\-]{1,128}\[\d{1,9}\]: ))")


def usual_line(place: Place, raw: str) -> LogRecord | None:
    """Read a line of the usual form; None if it is of another, or more than one message."""
    usual = _USUAL.match(raw)
    if usual is None or not raw.isprintable() or len(raw) > RAW_LIMIT or not _is_whole(raw, usual.end()):
        return None
    pri, seconds, fraction, caller = usual.groups()
    level, facility = (None, None) if pri is None else (int(pri) & 7, int(pri) >> 3)
    time_ns = int(seconds) * 1_000_000_000 + int(fraction) * 1000
    return LogRecord(place, raw, raw[usual.end() :].rstrip(), time_ns, level, facility, caller)


def usual_record(data: bytes | bytearray, begin: int, name: str, offset: int) -> LogRecord | None:
    """Read the line at a place in a window if it is of the most usual form, without level and caller: what scans meet most."""
    usual = _USUAL_BYTES.match(data, begin)
    if usual is None:
        return None
    raw = usual[0].decode("ascii")
    start = usual.start(3) - begin
    if not _is_whole(raw, start):
        return None
    time_ns = int(usual[1]) * 1_000_000_000 + int(usual[2]) * 1000
    return LogRecord(Place(name, None, None, offset + begin), raw, raw[start:], time_ns)


def _is_whole(raw: str, start: int) -> bool:
    """Tell whether the message is no more than one message: neither torn by another stamp nor headed by a host name."""
    if raw.find("[", start) >= 0 and AGAIN.search(raw, start) is not None:
        return False
    return (raw.find("]: ", start) < 0 and raw.find(" kernel: ", start) < 0) or MONOTONIC.match(raw, start) is None
