"""The set of states that can have printed the lines so far, determinised lazily and remembered.

A complete log is followed exactly. In a lossy one any owed line may be missing; what that costs (lines lost) is kept with each state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tdxwhy.replay.automaton import START, Automaton, Blame, Pattern, State, Symbol

_DEAREST = 12
DEAD = -1


class Ending(NamedTuple):
    """A way to end here: the state's blame and flags, and how many lines were lost beyond the cheapest way."""

    blame: Blame | None
    flags: frozenset[str]
    cost: int


class Beliefs:
    """The deterministic automaton over beliefs, grown as logs ask for it."""

    def __init__(self, automaton: Automaton, lossy: bool) -> None:
        self.automaton = automaton
        self.lossy = lossy
        self.table: list[dict[Symbol, tuple[int, int]]] = []
        self._cores: list[dict[State, int]] = []
        self._ids: dict[frozenset[tuple[State, int]], int] = {}
        self._closures: dict[int, dict[State, int]] = {}
        self._endings: dict[int, tuple[Ending, ...]] = {}
        self.start = self._id({START: 0})[0]

    def _id(self, core: dict[State, int]) -> tuple[int, int]:
        """Return the number of a belief, new or known, and what its cheapest state costs."""
        least = min(core.values())
        relative = {state: min(cost - least, _DEAREST) for state, cost in core.items()}
        key = frozenset(relative.items())
        if key not in self._ids:
            self._ids[key] = len(self._cores)
            self._cores.append(relative)
            self.table.append({})
        return self._ids[key], least

    def closure(self, belief: int) -> dict[State, int]:
        """Return every state that the belief's states reach without a line being seen, with what it costs."""
        found = self._closures.get(belief)
        if found is None:
            found = self._closures[belief] = self._reach(self._cores[belief])
        return found

    def _reach(self, core: dict[State, int]) -> dict[State, int]:
        best: dict[State, int] = {}
        todo = deque(sorted(((cost, state) for state, cost in core.items()), key=lambda item: item[0]))
        while todo:
            cost, state = todo.popleft()
            if best.get(state, _DEAREST + 1) <= cost:
                continue
            best[state] = cost
            for follower in self.automaton.silent(state):
                todo.appendleft((cost, follower))
            lost = self.automaton.lose(state) if self.lossy else None
            if lost is not None:
                todo.append((min(cost + 1, _DEAREST), lost))
        return best

    def step(self, belief: int, symbol: Symbol) -> tuple[int, int]:
        """Return the belief after a line and the lines lost on the cheapest way there; DEAD if no state can print it."""
        known = self.table[belief].get(symbol)
        if known is None:
            core: dict[State, int] = {}
            for state, cost in self.closure(belief).items():
                for follower in self.automaton.consume(state, symbol):
                    core[follower] = min(cost, core.get(follower, cost))
            known = self.table[belief][symbol] = self._id(core) if core else (DEAD, 0)
        return known

    def endings(self, belief: int) -> tuple[Ending, ...]:
        """Return the ways in which a log can end here, none if lines are still owed to a complete one."""
        found = self._endings.get(belief)
        if found is None:
            found = self._endings[belief] = tuple(self._ends(belief))
        return found

    def _ends(self, belief: int) -> Iterator[Ending]:
        cheapest: dict[tuple[Blame | None, frozenset[str]], int] = {}
        for state, cost in self.closure(belief).items():
            if not self.automaton.accepts(state) and not (self.lossy and not state.pending and not state.stack):
                continue
            key = state.blame, frozenset(flag for flag in state.flags if flag.startswith(("module=", "platform=", "ran:")))
            cheapest[key] = min(cost, cheapest.get(key, cost))
        for (blame, flags), cost in sorted(cheapest.items(), key=lambda item: (item[1], repr(item[0]))):
            yield Ending(blame, flags, cost)

    def expected(self, belief: int) -> tuple[Pattern, ...]:
        """Return the lines that could come next, each once."""
        owed = {state.pending[0] for state in self.closure(belief) if state.pending}
        return tuple(sorted(owed, key=repr))
