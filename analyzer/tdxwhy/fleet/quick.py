"""The plainest logs, one boot in the usual form, read with nothing but what they need; any other is left to the readers of `read`."""

from __future__ import annotations

from itertools import accumulate

from tdxwhy.explain.likeness import Edges
from tdxwhy.explain.lines import understood
from tdxwhy.fleet.boot import Boot, started
from tdxwhy.fleet.origin import Origin
from tdxwhy.read.segments import SLACK_NS, is_start
from tdxwhy.read.usual import BANNER, usual_lines
from tdxwhy.read.windows import matches
from tdxwhy.records import BootRecords

# The scanner thins out what has more.
_MOST = 10_000


def quick(data: bytes, name: str, anchors: tuple[bytes, ...]) -> Boot | None:
    """Return what the scanner of `read` makes of a log of one boot with lines of the most usual form only, else None."""
    if data[:1] != b"[" or data[-1:] != b"\n":
        return None
    spans = _spans(data, anchors)
    kept, end = len(spans), (data.rfind(b"\n", 0, -1) + 1, len(data) - 1)
    if not 0 < kept <= _MOST:
        return None
    if spans[-1] != end:
        spans.append(end)
    read = usual_lines(data, spans, name, ([begin for begin, _ in spans], False))
    if read is None or (read.turns and not _in_order(read.columns.times[:kept], read.columns.texts[1:kept])):
        return None
    lines, last = read[:kept], read.columns.times[-1]
    told, head_cut = understood(lines), not is_start(lines[0])
    return Boot(
        told.events,
        True,
        Edges(head_cut, False, False, last),
        Origin(None, started(told)),
        lambda: BootRecords(lines, kept, read[-1], None, head_cut),
    )


def _in_order(times: list[int], texts: list[str]) -> bool:
    """Tell whether no line is a banner, and none steps back in time by more than CPUs do that print in parallel."""
    back = any(time + SLACK_NS < latest for time, latest in zip(times, accumulate(times, max), strict=True))
    return not back and not any(text.startswith(BANNER) for text in texts)


def _spans(data: bytes, anchors: tuple[bytes, ...]) -> list[tuple[int, int]]:
    """Return the begin and end of every line that holds an anchor."""
    found, end = [], -1
    find, rfind = data.find, data.rfind
    for _, start, stop in matches(anchors, data):
        if start >= end:
            end = find(b"\n", stop)
            found.append((rfind(b"\n", 0, start) + 1, end))
    return found
