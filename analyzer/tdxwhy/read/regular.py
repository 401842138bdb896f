"""Time stamps of no known form, found because they come again and again before what begins as kernel messages do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.lazy import lazy
from tdxwhy.read.item import Item
from tdxwhy.records import LogRecord

# Accepted form: up to 64 characters with a time in them, 20:03:01 or 12.500031, before a subsystem and a colon.
_AHEAD = lazy(
    r"(?P<stamp>[^\n]{0,60}?\d(?:[:.,h]|[^\W\d_a-zA-Z])\d[^\n]{0,40}?[\s\])|>,;])(?=(?:virt/|x86/)?[A-Za-z][\w./-]{1,40}(?:\[\d{1,9}\])?: )"
)
_PART = lazy(r"\d+|[^\W\d_]+|\s+|.")
# What repeats is a stamp; a single one may be anything.
_LEAST = 2
_PIECES = 40


def restamped(items: Sequence[Item]) -> Sequence[Item]:
    """Return the items with such stamps taken off and kept as their time by the clock on the wall.

    >>> from tdxwhy.read.plain import records_of
    >>> from tdxwhy.records import Place
    >>> lines = ("20h03m01.5 (3) virt/tdx: one", "20h03m02.7 (3) virt/tdx: two", "20h03m04.1 (9) virt/tdx: three")
    >>> [item.text for item in restamped([record for line in lines for record in records_of(Place("log", 1), line)])]
    ['virt/tdx: one', 'virt/tdx: two', 'virt/tdx: three']
    """
    bare = [item for item in items if _is_bare(item)]
    if len(bare) < _LEAST:
        return items
    shapes = _shapes([item.text for item in bare if isinstance(item, LogRecord)])
    return [_without(item, shapes) for item in items] if shapes else items


def _is_bare(item: Item) -> bool:
    return isinstance(item, LogRecord) and item.time_ns is None and item.wall is None and item.level is None and item.seq is None


def _shapes(texts: Sequence[str]) -> list[re.Pattern[str]]:
    counts: dict[str, int] = {}
    for text in texts:
        found = _AHEAD.match(text)
        if found is not None:
            shape = shape_of(found["stamp"])
            counts[shape] = counts.get(shape, 0) + 1
    return [re.compile(shape) for shape, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])) if count >= _LEAST]


def shape_of(stamp: str) -> str:
    """Return the expression that every stamp of this kind matches: the same signs, with numbers and words of any kind between."""
    return "".join(map(_class, _PART.findall(stamp)[:_PIECES]))


def _class(part: str) -> str:
    if part.isspace():
        return r"\s{1,8}"
    if part.isdecimal():  # of any script, as \d
        return r"\d{1,20}"
    return r"[^\W\d_]{1,24}" if part.isalpha() else re.escape(part)


def _without(item: Item, shapes: Sequence[re.Pattern[str]]) -> Item:
    if not isinstance(item, LogRecord) or not _is_bare(item):
        return item
    for shape in shapes:
        found = shape.match(item.text)
        if found is not None and found.end() < len(item.text):
            return item._replace(text=item.text[found.end() :].lstrip().removeprefix("kernel: "), wall=found[0].strip(" []()|>,;"))
    return item
