"""One batch of sources to one part of the store: the piece of work that any engine hands to any process."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from tdxwhy.fleet.sources import Source, Unread
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Loss

# A batch holds so many bytes, each source counting for at least so many, or a 64th of all before it; the last ones hold less.
# So parts stay few, a crash costs little, and workers end together.
_MOST, _LEAST, _SHARES = 256 << 20, 256 << 10, 64


class IngestSettings(NamedTuple):
    """What every batch of one ingest has in common."""

    store: str
    place: str
    pattern: str = ""
    host: str = ""


class BatchResult(NamedTuple):
    """What became of a batch. `size` counts the bytes that were new and read, `listed` those of all its sources as they were listed."""

    sources: int = 0
    known: int = 0
    boots: int = 0
    size: int = 0
    parts: int = 0
    outcomes: tuple[tuple[str, int], ...] = ()
    unread: tuple[Unread, ...] = ()
    losses: tuple[Loss, ...] = ()
    listed: int = 0


def batches(sources: Iterable[Source]) -> Iterator[tuple[Source, ...]]:
    """Cut sorted sources into batches while they come, by the sources alone: the same ones make the same parts on any engine."""
    waiting: deque[Source] = deque()
    before = rest = 0
    for source in sources:
        waiting.append(source)
        rest += _weight(source)
        while rest >= 2 * (most := _most(before)):
            batch, weight = _cut(waiting, most, most)
            yield batch
            before, rest = before + weight, rest - weight
    while waiting:
        most = _most(before)
        alone = not before and rest <= most
        batch, weight = _cut(waiting, most if alone else max(most // 8, rest // 2), most)
        yield batch
        before, rest = before + weight, rest - weight


def _cut(waiting: deque[Source], least: int, most: int) -> tuple[tuple[Source, ...], int]:
    """Take sources of so much weight, at least one and beyond it no more than the most; return them and what they weigh."""
    taken = [waiting.popleft()]
    weight = _weight(taken[0])
    while waiting and weight < least and weight + _weight(waiting[0]) <= most:
        taken.append(waiting.popleft())
        weight += _weight(taken[-1])
    return tuple(taken), weight


def _most(before: int) -> int:
    return max(_MOST, before // _SHARES)


def _weight(source: Source) -> int:
    return max(_LEAST, source.size)
