"""One log followed by one generation's beliefs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from tdxwhy.replay.automaton import Automaton, Symbol
from tdxwhy.replay.belief import DEAD, Beliefs, Ending
from tdxwhy.replay.generation import Generation, generations
from tdxwhy.replay.symbols import Reader


class Line(NamedTuple):
    """A kernel log line as the model sees it: its text without any prefix, its level if known, its number in the log."""

    text: str
    level: int | None
    number: int


class Seen(NamedTuple):
    """A line that concerns TDX, with its symbol."""

    line: Line
    symbol: Symbol


class Run(NamedTuple):
    """How far one generation's histories went along a log, and how they can have ended."""

    generation: Generation
    seen: tuple[Seen, ...]
    consumed: int
    belief: int
    endings: tuple[Ending, ...]
    lost: int
    lossy: bool

    @property
    def conforms(self) -> bool:
        """Tell whether some history printed the whole log and could end there."""
        return self.consumed == len(self.seen) and bool(self.endings)


@cache
def _automaton(name: str) -> Automaton:
    return Automaton(generations()[name])


@cache
def reader(name: str) -> Reader:
    """Return the reader of a generation's lines."""
    return Reader(generations()[name])


@cache
def beliefs(name: str, lossy: bool) -> Beliefs:
    """Return the beliefs of a generation; they grow and are kept."""
    return Beliefs(_automaton(name), lossy)


def follow(generation: Generation, lines: Sequence[Line], lossy: bool) -> Run:
    """Follow a log as far as the generation's histories go."""
    read = reader(generation.name).read
    lossy = lossy or generation.by_role
    seen = []
    for line in lines:
        symbol = read(line.text, None if lossy else line.level, lossy)
        if symbol is not None:
            seen.append(Seen(line, symbol))
    return _along(generation, tuple(seen), lossy)


def _along(generation: Generation, seen: tuple[Seen, ...], lossy: bool) -> Run:
    known = beliefs(generation.name, lossy)
    belief, lost = known.start, 0
    for consumed, one in enumerate(seen):
        following, cost = known.step(belief, one.symbol)
        if following == DEAD:
            return Run(generation, seen, consumed, belief, (), lost, lossy)
        belief, lost = following, lost + cost
    endings = known.endings(belief)
    return Run(generation, seen, len(seen), belief, endings, lost + min((one.cost for one in endings), default=0), lossy)


def without(run: Run, index: int) -> Run:
    """Follow the same log with one of its lines taken out."""
    return _along(run.generation, run.seen[:index] + run.seen[index + 1 :], False)
