"""One log followed by one generation's beliefs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache, partial

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.automaton import Automaton
from tdxwhy.replay.belief import DEAD, Beliefs, FinalState, Graph
from tdxwhy.replay.concern import concerned, printers
from tdxwhy.replay.data import generations
from tdxwhy.replay.generation import Generation
from tdxwhy.replay.states import Symbol
from tdxwhy.replay.symbols import FOREIGN, Reader, recognised, speaks

# Of so many sets of operations beliefs are kept: logs concern few.
_SOME = 64


class LogLine(NamedTuple):
    """A kernel log line as the model sees it: its text without any prefix, its level if known, its number in the log."""

    text: str
    level: int | None
    number: int


class SeenLine(NamedTuple):
    """A line that concerns TDX, with its symbol."""

    line: LogLine
    symbol: Symbol


class ReplayRun(NamedTuple):
    """How far one generation's histories went along a log, and how they can have ended.

    `passed` lines were passed over, as other kernels' words of progress; `skipped` ones fit no history and were left out (only of a
    lossy log, and of a `tolerant` run of it each).
    """

    generation: Generation
    seen: tuple[SeenLine, ...]
    consumed: int
    belief: int
    endings: tuple[FinalState, ...]
    lost: int
    lossy: bool
    passed: int = 0
    skipped: int = 0
    tolerant: bool = False

    @property
    def in_full(self) -> ReplayRun:
        """Return the same run along the histories of the whole kernel."""
        return follow(Reading(self.generation, self.seen, 0, self.passed, self.lossy), self.tolerant, whole=True)

    @property
    def conforms(self) -> bool:
        """Tell whether some history printed the whole log and could end there."""
        return self.consumed == len(self.seen) and bool(self.endings)


@cache
def _graph(name: str) -> Graph:
    return Graph(Automaton(generations()[name]))


@cache
def reader(name: str) -> Reader:
    """Return the reader of a generation's lines."""
    return Reader(generations()[name])


@cache
def beliefs(name: str, lossy: bool) -> Beliefs:
    """Return the beliefs of a generation; they grow and are kept."""
    return Beliefs(_graph(name), lossy)


@lru_cache(_SOME)
def beliefs_of(name: str, lossy: bool, operations: frozenset[str]) -> Beliefs:
    """Return the beliefs of a generation that does no more than these operations."""
    return Beliefs(Graph(Automaton(generations()[name], operations, partial(printers, name))), lossy)


class Reading(NamedTuple):
    """A log as one generation reads it: symbols, how many lines it cannot have printed, how many it passes over."""

    generation: Generation
    seen: tuple[SeenLine, ...]
    foreign: int
    passed: int
    lossy: bool


def read(generation: Generation, lines: Sequence[LogLine], lossy: bool, stop: bool = False) -> Reading:
    """Read a log as one generation; with `stop` no farther than to the first line that it cannot have printed."""
    lossy = lossy or generation.by_role
    one_line = reader(generation.name).read
    seen, foreign, passed, end = [], 0, 0, 0
    for line in lines:
        symbol = one_line(line.text, None if lossy else line.level, lossy)
        if symbol is not None and not lossy and _each(generation, symbol) == "cmr":
            # The module lists its memory ranges in ascending order, without overlap.
            start, end_here = list(recognised(line.text)[1].values())[:2]
            symbol = symbol if end <= start < end_here else FOREIGN
            end = end_here
        if symbol is None:
            passed += bool(lossy and speaks(line.text))
        else:
            foreign += symbol is FOREIGN
            seen.append(SeenLine(line, symbol))
            if stop and foreign:
                break
    return Reading(generation, tuple(seen), foreign, passed, lossy)


def _each(generation: Generation, symbol: Symbol) -> str:
    form = generation.forms.get(symbol.form)
    return form.each if form else ""


def follow(reading: Reading, tolerant: bool = False, whole: bool = False) -> ReplayRun:
    """Follow a log as far as the histories of the operations go that it can concern, or those of the `whole` kernel: it makes no difference
    but for what could have come instead of a line that none can have printed.

    Tolerant: a line that fits no history is left out and counted. A line of a lossy log that stood there before is a paste's repetition.
    """
    generation, seen, lossy, passed = reading.generation, reading.seen, reading.lossy, reading.passed
    if whole:
        known = beliefs(generation.name, lossy)
    else:
        known = beliefs_of(generation.name, lossy, concerned(generation.name, (one.symbol for one in seen)))
    belief, lost, skipped = known.start, 0, 0
    texts: set[str] = set()
    for consumed, one in enumerate(seen):
        following, cost = known.step(belief, one.symbol)
        if following == DEAD:
            if not (lossy and (tolerant or one.line.text in texts)):
                return ReplayRun(generation, seen, consumed, belief, (), lost, lossy, passed, skipped, tolerant)
            skipped += 1
            continue
        texts.add(one.line.text)
        belief, lost = following, lost + cost
    endings = known.endings(belief)
    lost += min((one.cost for one in endings), default=0)
    return ReplayRun(generation, seen, len(seen), belief, endings, lost, lossy, passed, skipped, tolerant)
