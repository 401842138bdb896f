"""Two versions of a text, line by line: which line of the one is which of the other.

Lines that stand once in both are matched first, in their longest common order; between them the same again, then from both ends (patience
diff, Bram Cohen). Time is that of sorting, a bounded number of times; what is left then counts as not the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

_ROUNDS = 40


def aligned(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """Return for each old line the index of the same line in the new text, None where there is none; the order is kept."""
    matched: list[int | None] = [None] * len(old)
    waiting = [(0, len(old), 0, len(new))]
    left = _ROUNDS * (len(old) + len(new)) + 1
    while waiting and left > 0:
        a, b, c, d = waiting.pop()
        left -= b - a + d - c
        while a < b and c < d and old[a] == new[c]:
            matched[a] = c
            a, c = a + 1, c + 1
        while a < b and c < d and old[b - 1] == new[d - 1]:
            matched[b - 1] = d - 1
            b, d = b - 1, d - 1
        if a == b or c == d:
            continue
        pairs = _common_once(old, new, (a, b, c, d))
        for (x, y), (v, w) in zip([(a - 1, c - 1), *pairs], [*pairs, (b, d)], strict=True):
            if v < b:
                matched[v] = w
            if pairs:
                waiting.append((x + 1, v, y + 1, w))
    return matched


def _common_once(old: Sequence[str], new: Sequence[str], span: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Return the lines that stand once in both spans, in their longest common order."""
    a, b, c, d = span
    once = {text for text, count in Counter(old[a:b]).items() if count == 1}
    places = {text: index for index, text in enumerate(new[c:d], c)} if once else {}
    twice = {text for text, count in Counter(new[c:d]).items() if count > 1} if once else set()
    pairs = [
        (index, places[old[index]]) for index in range(a, b) if old[index] in once and old[index] in places and old[index] not in twice
    ]
    return _rising(pairs)


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of pairs whose second parts rise, by patience sorting."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int | None] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(tops, place)
        before.append(piles[at - 1] if at else None)
        if at == len(tops):
            tops.append(place)
            piles.append(number)
        else:
            tops[at], piles[at] = place, number
    found: list[tuple[int, int]] = []
    last = piles[-1] if piles else None
    while last is not None:
        found.append(pairs[last])
        last = before[last]
    return found[::-1]
