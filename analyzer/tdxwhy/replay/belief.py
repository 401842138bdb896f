"""The set of states that can have printed the lines so far, determinised lazily and remembered.

A complete log is followed exactly. In a lossy one any owed line may be missing; what that costs (lines lost) is kept with each state.
"""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.automaton import Automaton
from tdxwhy.replay.states import ANY, START, UNSEEN, Blame, Pattern, State, Symbol

_DEAREST = 12
DEAD = -1
# How flags begin that an end tells.
_TOLD = ("module=", "platform=", UNSEEN)


class FinalState(NamedTuple):
    """A way to end here: the state's blame and flags, and how many lines were lost beyond the cheapest way."""

    blame: Blame | None
    flags: frozenset[str]
    cost: int


class Graph:
    """The automaton's states by number, each visited once, whatever belief it is met in."""

    def __init__(self, automaton: Automaton) -> None:
        self.automaton = automaton
        self.states: list[State] = []
        self._numbers: dict[State, int] = {}
        self._silent: list[tuple[int, ...] | None] = []
        self._lost: list[int] = []

    def number(self, state: State) -> int:
        """Return the state's number."""
        found = self._numbers.get(state)
        if found is None:
            found = self._numbers[state] = len(self.states)
            self.states.append(state)
            self._silent.append(None)
            self._lost.append(-2)
        return found

    def silent(self, number: int) -> tuple[int, ...]:
        """Return the states that follow without a line."""
        found = self._silent[number]
        if found is None:
            found = tuple(map(self.number, self.automaton.silent(self.states[number])))
            self._silent[number] = found
        return found

    def is_idle(self, number: int, flags: frozenset[str]) -> bool:
        """Tell whether the kernel runs nothing in a state, owes no line and remembers these flags."""
        state = self.states[number]
        return not state.stack and not state.pending and flags <= state.flags

    def lost(self, number: int) -> int:
        """Return the state after the line that is owed was lost, -1 if none is owed."""
        found = self._lost[number]
        if found == -2:
            state = self.automaton.lose(self.states[number])
            found = self._lost[number] = -1 if state is None else self.number(state)
        return found


class Beliefs:
    """The deterministic automaton over beliefs, grown as logs ask for it."""

    def __init__(self, graph: Graph, lossy: bool) -> None:
        self.graph = graph
        self.lossy = lossy
        self.table: list[dict[Symbol, tuple[int, int]]] = []
        self._cores: list[dict[int, int]] = []
        self._ids: dict[frozenset[tuple[int, int]], int] = {}
        self._closures: dict[tuple[int, frozenset[str]], dict[int, int]] = {}
        self._owing: dict[tuple[int, frozenset[str]], dict[str, list[int]]] = {}
        self._endings: dict[int, tuple[FinalState, ...]] = {}
        self.start = self._id({graph.number(START): 0})[0]

    def _id(self, core: dict[int, int]) -> tuple[int, int]:
        """Return the number of a belief, new or known, and what its cheapest state costs."""
        least = min(core.values())
        relative = {state: min(cost - least, _DEAREST) for state, cost in core.items()}
        key = frozenset(relative.items())
        if key not in self._ids:
            self._ids[key] = len(self._cores)
            self._cores.append(relative)
            self.table.append({})
        return self._ids[key], least

    def closure(self, belief: int, until: frozenset[str] = frozenset()) -> dict[int, int]:
        """Return every state that the belief's states reach without a line being seen, with what it costs.

        A kernel that runs nothing and remembers all flags of `until` is followed no farther.
        """
        found = self._closures.get((belief, until))
        if found is None:
            found = self._closures[belief, until] = {}
            for cost, states in self._layers(self._cores[belief], until):
                found.update(dict.fromkeys(states, cost))
        return found

    def _layers(self, core: dict[int, int], until: frozenset[str] = frozenset()) -> Iterator[tuple[int, list[int]]]:
        """Yield costs and the states that are reached at that cost and no less, the cheapest first."""
        graph, lossy, reached = self.graph, self.lossy, set[int]()
        layers: list[list[int]] = [[] for _ in range(_DEAREST + 1)]
        for state, cost in core.items():
            layers[cost].append(state)
        for cost, todo in enumerate(layers):
            dearer, here = layers[min(cost + 1, _DEAREST)], []
            while todo:
                state = todo.pop()
                if state in reached:
                    continue
                reached.add(state)
                here.append(state)
                if until and graph.is_idle(state, until):
                    continue
                todo.extend(graph.silent(state))
                if lossy and (lost := graph.lost(state)) >= 0:
                    dearer.append(lost)
            yield cost, here

    def owing(self, belief: int, until: frozenset[str] = frozenset()) -> dict[str, list[int]]:
        """Return the states that owe a line, by that line's form; `until` as for the closure."""
        found = self._owing.get((belief, until))
        if found is None:
            found = self._owing[belief, until] = {}
            for number in self.closure(belief, until):
                pending = self.graph.states[number].pending
                if pending:
                    found.setdefault(pending[0].form, []).append(number)
        return found

    def step(self, belief: int, symbol: Symbol) -> tuple[int, int]:
        """Return the belief after a line and the lines lost on the cheapest way there; DEAD if no state can print it."""
        known = self.table[belief].get(symbol)
        if known is None:
            core: dict[int, int] = {}
            graph = self.graph
            until = graph.automaton.spent(symbol.form)
            costs, owing = self.closure(belief, until), self.owing(belief, until)
            for number in (*owing.get(symbol.form, ()), *owing.get(ANY, ())):
                cost = costs[number]
                for follower in map(graph.number, graph.automaton.consume(graph.states[number], symbol)):
                    core[follower] = min(cost, core.get(follower, cost))
            known = self.table[belief][symbol] = self._id(core) if core else (DEAD, 0)
        return known

    def endings(self, belief: int) -> tuple[FinalState, ...]:
        """Return the ways in which a log can end here, none if lines are still owed to a complete one."""
        found = self._endings.get(belief)
        if found is None:
            found = self._endings[belief] = tuple(self._ends(belief))
        return found

    def _ends(self, belief: int) -> Iterator[FinalState]:
        """Yield the ends that cost least: no others are ever told."""
        automaton, states = self.graph.automaton, self.graph.states
        for cost, layer in self._layers(self._cores[belief]):
            reached = [states[number] for number in layer if not states[number].pending and not states[number].stack]
            ends = {(one.blame, frozenset(filter(_is_told, one.flags))) for one in reached if self.lossy or automaton.accepts(one)}
            if ends:
                for blame, flags in sorted(ends, key=lambda one: (automaton.order(one[0]), repr(one[0]), sorted(one[1]))):
                    yield FinalState(blame, flags, cost)
                return

    def expected(self, belief: int) -> tuple[Pattern, ...]:
        """Return the lines that could come next, each once."""
        states = self.graph.states
        owed = {states[number].pending[0] for form, numbers in self.owing(belief).items() if form != ANY for number in numbers}
        return tuple(sorted(owed, key=repr))


def _is_told(flag: str) -> bool:
    return flag.startswith(_TOLD)
