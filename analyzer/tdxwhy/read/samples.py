"""Lines that a paste shows as they ought to look: a person quotes what he was promised beside what he got."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tdxwhy.lazy import lazy
from tdxwhy.read.item import Item, Mark
from tdxwhy.records import LogRecord

# Accepted form: a sentence above the lines that says of them what somebody or something else says.
_PROMISED = lazy(
    r"(?i)\b(?:should (?:see|show|print|look|say|read|get|be)|supposed to|expect(?:ed|ing|s)?\b|ought to|for example|e\.g\.|sample output|"
    r"according to|"
    r"(?:readme|manual|guide|docs?|documentation|wiki|tutorial|blog)\b.{0,40}\b(?:says?|shows?|promises?|prints?)|"
    r"other (?:machine|host|server)s? (?:prints?|shows?|says?)|working (?:machine|host|server)|"
    r"sollte|erwart|devrait|debería|должн|应该|はず)"
)
_DENIED = lazy(r"(?i)\bbut\b|\binstead\b|\bonly\b|\bmine\b|\bmy (?:host|machine|server)\b|\bactual|\baber\b|\bmais\b|\bно\b|但")


def without_samples(items: Sequence[Item]) -> Sequence[Item]:
    """Return the items without stamped lines that the text above calls expected, where the paste has others to which time runs back.

    >>> from tdxwhy.read.lines import LineReader
    >>> lines = ("I have:", "[    9.1] virt/tdx: init failed (-5)", "Expected output:", "[    1.2] virt/tdx: module initialized")
    >>> reader = LineReader("paste")
    >>> items = [item for number, line in enumerate(lines) for item in reader.take(number, line)]
    >>> [item.text for item in without_samples(items)]
    ['I have:', 'virt/tdx: init failed (-5)', 'Expected output:']
    """
    runs = list(_runs(items))
    promised = [run for run in runs if run.promised]
    own = [run for run in runs if not run.promised]
    if not promised or not own or not any(_runs_back(one, other) for one, other in pairwise(runs)):
        return items
    left_out = {place for run in promised for place in run.places}
    return [item for place, item in enumerate(items) if place not in left_out]


class _Run:
    """Stamped lines that stand together, and whether the text above them promises them."""

    def __init__(self, promised: bool) -> None:
        self.promised = promised
        self.places: list[int] = []
        self.first = self.last = -1

    def add(self, place: int, time: int) -> None:
        self.first = time if not self.places else self.first
        self.last = time
        self.places.append(place)


def _runs(items: Sequence[Item]) -> list[_Run]:
    found: list[_Run] = []
    promised = inside = False
    for place, item in enumerate(items):
        if isinstance(item, Mark):
            inside = inside and item.kind == "blank"
            promised = promised and item.kind in ("blank", "fence")
            continue
        if not isinstance(item, LogRecord) or item.time_ns is None:
            text = item.text if isinstance(item, LogRecord) else ""
            promised = _PROMISED.search(text) is not None and _DENIED.search(text) is None
            inside = False
            continue
        if not inside:
            found.append(_Run(promised))
            inside = True
        found[-1].add(place, item.time_ns)
    return found


def _runs_back(one: _Run, other: _Run) -> bool:
    return one.promised != other.promised and other.first < one.last
