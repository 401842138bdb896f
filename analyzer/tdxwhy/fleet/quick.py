"""The plainest logs, one boot in the usual form, read with nothing but what they need; any other is left to the readers of `read`."""

from __future__ import annotations

from functools import partial
from itertools import accumulate

from tdxwhy.explain.likeness import Edges
from tdxwhy.fleet.boot import Boot, started
from tdxwhy.fleet.lines import lines
from tdxwhy.fleet.origin import Origin
from tdxwhy.read.segments import SLACK_NS, is_start
from tdxwhy.read.usual import usual_parts, usual_records
from tdxwhy.read.windows import matches
from tdxwhy.records import BootRecords, LogRecord, Place

_START = "Linux version "
# The scanner thins out what has more.
_MOST = 10_000
_NOWHERE = Place("")


def quick(data: bytes, name: str, anchors: tuple[bytes, ...]) -> Boot | None:
    """Return what the scanner of `read` makes of a log of one boot with lines of the most usual form only, else None."""
    if data[:1] != b"[" or data[-1:] != b"\n":
        return None
    spans = _spans(data, anchors)
    parts = usual_parts(data, [*spans, (data.rfind(b"\n", 0, -1) + 1, len(data) - 1)])
    if parts is None or not spans or len(spans) > _MOST:
        return None
    *times, last = [int(seconds + fraction) * 1000 for seconds, fraction, _ in parts]
    texts = [text for _, _, text in parts]
    if not _in_order(times) or True in [text[:14] == _START for text in texts[1:-1]]:
        return None
    known, head_cut = lines(None), not is_start(LogRecord(_NOWHERE, texts[0], texts[0], times[0]))
    told = [(known[text], time) for text, time in zip(texts, times)]  # noqa: B905 - the last line is no more than a time
    return Boot(
        [pair for pair in told if pair[0].event is not None],
        True,
        Edges(head_cut, False, False, last),
        Origin(None, started(told)),
        partial(_records, data, name, spans, head_cut),
    )


def _in_order(times: list[int]) -> bool:
    """Tell whether no line steps back in time by more than CPUs do that print in parallel."""
    return times == sorted(times) or all(time + SLACK_NS >= latest for time, latest in zip(times, accumulate(times, max), strict=True))


def _spans(data: bytes, anchors: tuple[bytes, ...]) -> list[tuple[int, int]]:
    """Return the begin and end of every line that holds an anchor."""
    found, end = [], -1
    find, rfind = data.find, data.rfind
    for _, start, stop in matches(anchors, data):
        if start >= end:
            end = find(b"\n", stop)
            found.append((rfind(b"\n", 0, start) + 1, end))
    return found


def _records(data: bytes, name: str, spans: list[tuple[int, int]], head_cut: bool) -> BootRecords:
    """Read the lines in full."""
    begin = data.rfind(b"\n", 0, -1) + 1
    places = [Place(name, None, None, at) for at, _ in (*spans, (begin, len(data)))]
    records = usual_records(data, [*spans, (begin, len(data) - 1)], places)
    assert records is not None  # noqa: S101 - for the type checker; `quick` has read them
    *kept, last = records
    return BootRecords(tuple(kept), len(kept), last, None, head_cut)
