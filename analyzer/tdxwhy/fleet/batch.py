"""One batch of sources to one part of the store: the piece of work that any engine hands to any process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tdxwhy.fleet.sources import Source, Unread
from tdxwhy.records import Loss

# Batches hold this much, and of a big ingest a 64th; the last ones less. Parts stay few, and a crash costs little.
_FILES, _BYTES, _SHARES = 1024, 256 << 20, 64


class Settings(NamedTuple):
    """What every batch of one ingest has in common."""

    store: str
    place: str
    pattern: str = ""
    host: str = ""


class Outcome(NamedTuple):
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


def batches(sources: Sequence[Source]) -> list[tuple[Source, ...]]:
    """Cut a sorted list of sources into batches, by the list alone: the same list makes the same parts on any engine."""
    left = len(sources), sum(source.size for source in sources)
    most = max(_FILES, left[0] // _SHARES), max(_BYTES, left[1] // _SHARES)
    room = most if left[0] <= most[0] and left[1] <= most[1] else _room(left, most)
    made: list[tuple[Source, ...]] = []
    gathered: list[Source] = []
    size = 0
    for source in sources:
        if gathered and (len(gathered) >= room[0] or size + source.size > room[1]):
            made.append(tuple(gathered))
            left = left[0] - len(gathered), left[1] - size
            room, gathered, size = _room(left, most), [], 0
        gathered.append(source)
        size += source.size
    return [*made, tuple(gathered)] if gathered else made


def _room(left: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]:
    """Return how many files and bytes a batch takes: the last ones are smaller, so that workers end together."""
    files, size = (min(many, max(many // 4, -(-rest // 2))) for rest, many in zip(left, most, strict=True))
    return files, size
