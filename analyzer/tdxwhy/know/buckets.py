"""Arrange literals so that the scanner's searcher stops seldom: those that look alike to it share a bucket."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations, product

from tdxwhy.know.ordinary import HEAD, OrdinarySample

# The searcher (Teddy, of the library aho-corasick) deals up to 64 literals to so many buckets, in turn; one whose head has the same lower
# halves of bytes as an earlier one's joins that.
BUCKETS = 16

Unit = tuple[bytes, ...]


def arranged(literals: Sequence[bytes], ordinary: OrdinarySample) -> list[bytes]:
    """Return the literals in an order that deals them well; only speed depends on it."""
    units: dict[bytes, Unit] = {}
    for literal in sorted(literals):
        halves = bytes(byte & 15 for byte in literal[:HEAD])
        units[halves] = (*units.get(halves, ()), literal)
    buckets = _dealt(list(units.values()), ordinary)
    in_turn = [bucket[turn] for turn in range(max(map(len, buckets))) for bucket in buckets if turn < len(bucket)]
    return [unit[0] for unit in in_turn] + [joining for unit in in_turn for joining in unit[1:]]


def _dealt(units: Sequence[Unit], ordinary: OrdinarySample) -> list[list[Unit]]:
    """Deal the costliest first, then swap as long as that makes the searcher stop less often."""
    # Buckets are dealt to in turn, so the first ones get one more.
    full, more = divmod(len(units), BUCKETS)
    room = [full + (number < more) for number in range(BUCKETS)]
    buckets: list[list[Unit]] = [[] for _ in room]
    for unit in sorted(units, key=lambda one: (-_stops([one], ordinary), one)):
        open_ones = [number for number in range(BUCKETS) if len(buckets[number]) < room[number]]
        best = min(open_ones, key=lambda number: _stops([*buckets[number], unit], ordinary) - _stops(buckets[number], ordinary))
        buckets[best].append(unit)
    while _swapped(buckets, ordinary):
        pass
    return buckets


def _swapped(buckets: list[list[Unit]], ordinary: OrdinarySample) -> bool:
    """Swap units between buckets where that helps; tell whether any were."""
    better = False
    costs = [_stops(bucket, ordinary) for bucket in buckets]
    for one, two in combinations(range(len(buckets)), 2):
        for here, there in product(range(len(buckets[one])), range(len(buckets[two]))):
            first, second = list(buckets[one]), list(buckets[two])
            first[here], second[there] = second[there], first[here]
            found = (_stops(first, ordinary), _stops(second, ordinary))
            if sum(found) < (costs[one] + costs[two]) * 0.999:
                buckets[one], buckets[two], better = first, second, True
                costs[one], costs[two] = found
    return better


def _stops(bucket: Sequence[Unit], ordinary: OrdinarySample) -> float:
    return ordinary.stops(list(chain(*bucket)))
