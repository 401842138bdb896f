"""The plainest logs, one boot in the usual form, read with nothing but what they need; any other is left to the readers of `read`."""

from __future__ import annotations

from collections.abc import Collection
from itertools import accumulate

from tdxwhy.errors import TdxwhyError
from tdxwhy.explain.lines import Edges, understood
from tdxwhy.fleet.boot import Boot, spoken_in, started
from tdxwhy.fleet.content import whole
from tdxwhy.fleet.origin import Origin
from tdxwhy.fleet.part import digest_of
from tdxwhy.fleet.sources import Source
from tdxwhy.noun import NamedTuple
from tdxwhy.read import expand
from tdxwhy.read.fast_lines import BANNER, cut_out, usual_lines
from tdxwhy.read.segments import SLACK_NS, is_start
from tdxwhy.read.text import BLOCK
from tdxwhy.read.windows import Window, searched
from tdxwhy.records import BootRecords

# Up to this size an input may be a paste or a torn capture, and every line is looked at.
SMALL = 16 << 10
# The scanner thins out what has more.
_MOST = 10_000


class Cut(NamedTuple):
    """The lines of a log that hold an anchor, and its last one, each with its offset; `kept` of them hold an anchor."""

    raws: list[bytes]
    begins: list[int]
    kept: int


class Looked(NamedTuple):
    """A small source that was read and searched. `cut` is None where the store knows it."""

    digest: str
    size: int
    cut: Cut | None


def look(source: Source, known: Collection[str], anchors: tuple[bytes, ...]) -> Looked | None:
    """Read and search a source; None if it cannot be read, is not small, or no plain log as far as that shows.

    What `boot_of_cut` does afterwards needs other memory: doing each for some sources in a row keeps it in the caches.
    """
    try:
        data = whole(source)
    except (OSError, TdxwhyError):
        return None
    if data is None:
        return None
    digest, size = digest_of(data), len(data)
    if digest in known:
        return Looked(digest, size, None)
    kind = expand.compression_of(data)
    text = expand.whole(kind, data, BLOCK) if kind else data
    found = cut(text, anchors) if text is not None and len(text) >= SMALL else None
    return None if found is None else Looked(digest, size, found)


def quick(data: bytes, name: str, anchors: tuple[bytes, ...]) -> Boot | None:
    """Return what the scanner of `read` makes of a log of one boot with lines of the most usual form only, else None."""
    found = cut(data, anchors)
    return None if found is None else boot_of_cut(found, name)


def cut(data: bytes, anchors: tuple[bytes, ...]) -> Cut | None:
    """Return the lines that matter of a log; None if its first line or their number is not that of a plain one."""
    if data[:1] != b"[" or data[-1:] != b"\n":
        return None
    spans = searched(Window(data, len(data), 0), anchors).spans or []
    kept, end = len(spans), (data.rfind(b"\n", 0, -1) + 1, len(data) - 1)
    if not 0 < kept <= _MOST:
        return None
    if spans[-1] != end:
        spans.append(end)
    return Cut(cut_out(data, spans), [begin for begin, _ in spans], kept)


def boot_of_cut(cut: Cut, name: str) -> Boot | None:
    """Understand the lines of one boot; None if they are of more than one, or not all of the most usual form."""
    kept, read = cut.kept, usual_lines(cut.raws, name, (cut.begins, False))
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
        spoken_in(lines),
    )


def _in_order(times: list[int], texts: list[str]) -> bool:
    """Tell whether no line is a banner, and none steps back in time by more than CPUs do that print in parallel."""
    back = any(time + SLACK_NS < latest for time, latest in zip(times, accumulate(times, max), strict=True))
    return not back and not any(text.startswith(BANNER) for text in texts)
