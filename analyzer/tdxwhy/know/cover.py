"""Choose the anchors: stems of the field's words first, then a greedy set cover over the constant text of what they leave out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

from tdxwhy.know.buckets import arranged
from tdxwhy.know.ordinary import HEAD, OrdinarySample, sample

# The stems find what vendors word in their own way. Each has at least four bytes: shorter ones halve the scanner's speed.
STEMS = (" TDX", "TDX ", "tdx:", "tdx_", "SEAM", "seam", "PAMT", "KeyID")
# Programs that speak of TDs among a kernel's lines.
SPEAKERS = ("qemu-", "qgsd")
# What parts boots (journalctl), tells when one began, and what no literal shows in: a message that a journal in JSON holds as byte values.
LANDMARKS = ("-- Boot ", "-- Reboot --", "setting system clock to ", 'E":[', 'E": [', 'E" : [')
LIMIT = 64
_LONGEST = 12
# A word without the marks of a kernel's prefix may come anywhere, however rare the sample finds it.
_WORD = re.compile(r"[A-Za-z0-9(), -]{1,8}|.{1,4}")
_WORDY, _HELD = 1e-3, 1e-2
_STEADY = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 1e-2)
_PLAIN = re.compile(r"[ !#-\[\]-~]+")


def uncovered(constants: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return, of the constant texts of formats, those that hold no stem and are long enough for a literal."""
    left = {texts for texts in constants if not any(stem in text for stem in STEMS for text in texts)}
    return sorted(texts for texts in left if max(map(len, texts), default=0) >= HEAD)


def cover(
    left: Sequence[Sequence[str]], ordinary_lines: Sequence[str], given: Sequence[str] = (*STEMS, *SPEAKERS, *LANDMARKS)
) -> tuple[str, ...]:
    """Return the literals given and as few further ones as it takes for each of the formats left to hold one."""
    ordinary = OrdinarySample(sample(ordinary_lines))
    held = [{part for text in texts for part in _parts(text)} for texts in left]
    parts = set().union(*held)
    rarity = {head: ordinary.rarity(head.encode()) for head in {part[:HEAD] for part in parts}}
    costs = {part: rarity[part[:HEAD]] + _cost(part, ordinary) for part in parts}
    literals: list[str] = []
    for steady in _STEADY:
        literals = [*given, *_chosen(held, costs, steady)]
        if len(literals) <= LIMIT:
            break
    needed = [one.encode() for one in literals if not any(other != one and other in one for other in literals)]
    return tuple(literal.decode() for literal in arranged(needed, ordinary))


def _chosen(held: Sequence[Set[str]], costs: Mapping[str, float], steady: float) -> list[str]:
    """Cover what holds these pieces greedily. Each literal costs something `steady` beside its own cost: the more, the fewer are chosen."""
    chosen: list[str] = []
    worth = {part: (1 + len(part) / 1000) / (steady + cost) for part, cost in costs.items()}
    counts = Counter(part for parts in held for part in parts)
    while held:
        chosen.append(max((count * worth[part], part) for part, count in counts.items())[1])
        counts -= Counter(part for parts in held if chosen[-1] in parts for part in parts)
        held = [parts for parts in held if chosen[-1] not in parts]
    return chosen


def _parts(text: str) -> Iterable[str]:
    """Yield the pieces of a text: JSON would hide one with a quote, a backslash or anything but plain ASCII, a stamp holds brackets."""
    for start in range(len(text) - HEAD + 1):
        for length in range(HEAD, _LONGEST + 1):
            part = text[start : start + length]
            if len(part) == length and _PLAIN.fullmatch(part) and not part.lstrip("[ .0123456789").startswith("]"):
                yield part


def _cost(part: str, ordinary: OrdinarySample) -> float:
    """Weigh how often the scanner will stop at a literal in vain beside its head: ordinary lines may hold all of it."""
    return _WORDY * bool(_WORD.fullmatch(part)) + _HELD * ordinary.holds(part.encode())
