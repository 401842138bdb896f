"""The plainest logs, one boot in the usual form, read with nothing but what they need; any other is left to the readers of `read`."""

from __future__ import annotations

from tdxwhy.read.segments import SLACK_NS, is_start
from tdxwhy.read.usual import usual_record
from tdxwhy.read.windows import matches
from tdxwhy.records import BootRecords, LogRecord, Place

_START = "Linux version "
# The scanner thins out what has more.
_MOST = 10_000


def quick(data: bytes, name: str, anchors: tuple[bytes, ...]) -> BootRecords | None:
    """Return what the scanner of `read` makes of a log of one boot with lines of the most usual form only, else None."""
    if data[:1] != b"[" or data[-1:] != b"\n":
        return None
    find, rfind = data.find, data.rfind
    records: list[LogRecord] = []
    end, latest = -1, -1
    for _, start, stop in matches(anchors, data):
        if start < end:
            continue
        begin, end = rfind(b"\n", 0, start) + 1, find(b"\n", stop)
        record = usual_record(data, begin, end, Place(name, None, None, begin))
        if record is None or record.time_ns is None or record.time_ns + SLACK_NS < latest or (records and record.text.startswith(_START)):
            return None
        latest = max(latest, record.time_ns)
        records.append(record)
    begin = rfind(b"\n", 0, -1) + 1
    last = usual_record(data, begin, len(data) - 1, Place(name, None, None, begin))
    if not records or last is None or len(records) > _MOST:
        return None
    return BootRecords(tuple(records), len(records), last, None, not is_start(records[0]))
