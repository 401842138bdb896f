"""The plainest logs, one boot in the usual form, read with nothing but what they need; any other is left to the readers of `read`."""

from __future__ import annotations

from tdxwhy.read.segments import SLACK_NS, is_start
from tdxwhy.read.usual import usual_record, usual_records
from tdxwhy.read.windows import matches
from tdxwhy.records import BootRecords, Place

_START = "Linux version "
# The scanner thins out what has more.
_MOST = 10_000


def quick(data: bytes, name: str, anchors: tuple[bytes, ...]) -> BootRecords | None:
    """Return what the scanner of `read` makes of a log of one boot with lines of the most usual form only, else None."""
    if data[:1] != b"[" or data[-1:] != b"\n":
        return None
    lines = _lines(data, anchors)
    records = usual_records(data, lines, [Place(name, None, None, begin) for begin, _ in lines])
    begin = data.rfind(b"\n", 0, -1) + 1
    last = usual_record(data, begin, len(data) - 1, Place(name, None, None, begin))
    if not records or last is None or len(records) > _MOST:
        return None
    latest = -1
    for record in records:
        time = record.time_ns
        if time is None or time + SLACK_NS < latest or (record.text.startswith(_START) and record is not records[0]):
            return None
        latest = max(latest, time)
    return BootRecords(tuple(records), len(records), last, None, not is_start(records[0]))


def _lines(data: bytes, anchors: tuple[bytes, ...]) -> list[tuple[int, int]]:
    """Return the begin and end of every line that holds an anchor."""
    found, end = [], -1
    find, rfind = data.find, data.rfind
    for _, start, stop in matches(anchors, data):
        if start >= end:
            end = find(b"\n", stop)
            found.append((rfind(b"\n", 0, start) + 1, end))
    return found
