"""The set of states that can have printed the lines so far, determinised lazily and remembered.

A complete log is followed exactly. In a lossy one any owed line may be missing; what that costs (lines lost) is kept with each state.
"""

from collections import deque
from collections.abc import Iterator

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.automaton import Automaton
from tdxwhy.replay.states import ANY, START, UNSEEN, Blame, Pattern, State, Symbol

_DEAREST = 12
DEAD = -1


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
        self._closures: dict[int, dict[int, int]] = {}
        self._owing: dict[int, dict[str, list[int]]] = {}
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

    def closure(self, belief: int) -> dict[int, int]:
        """Return every state that the belief's states reach without a line being seen, with what it costs."""
        found = self._closures.get(belief)
        if found is None:
            found = self._closures[belief] = self._reach(self._cores[belief])
        return found

    def _reach(self, core: dict[int, int]) -> dict[int, int]:
        best: dict[int, int] = {}
        graph, lossy = self.graph, self.lossy
        todo = deque(sorted((cost, state) for state, cost in core.items()))
        while todo:
            cost, state = todo.popleft()
            if best.get(state, _DEAREST + 1) <= cost:
                continue
            best[state] = cost
            for follower in graph.silent(state):
                if best.get(follower, _DEAREST + 1) > cost:
                    todo.appendleft((cost, follower))
            if lossy and (lost := graph.lost(state)) >= 0:
                todo.append((min(cost + 1, _DEAREST), lost))
        return best

    def owing(self, belief: int) -> dict[str, list[int]]:
        """Return the states that owe a line, by that line's form."""
        found = self._owing.get(belief)
        if found is None:
            found = self._owing[belief] = {}
            for number in self.closure(belief):
                pending = self.graph.states[number].pending
                if pending:
                    found.setdefault(pending[0].form, []).append(number)
        return found

    def step(self, belief: int, symbol: Symbol) -> tuple[int, int]:
        """Return the belief after a line and the lines lost on the cheapest way there; DEAD if no state can print it."""
        known = self.table[belief].get(symbol)
        if known is None:
            core: dict[int, int] = {}
            costs, graph = self.closure(belief), self.graph
            owing = self.owing(belief)
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
        cheapest: dict[tuple[Blame | None, frozenset[str]], int] = {}
        for number, cost in self.closure(belief).items():
            state = self.graph.states[number]
            if not self.graph.automaton.accepts(state) and not (self.lossy and not state.pending and not state.stack):
                continue
            key = state.blame, frozenset(flag for flag in state.flags if flag.startswith(("module=", "platform=", UNSEEN)))
            cheapest[key] = min(cost, cheapest.get(key, cost))
        order = self.graph.automaton.order
        ranked = sorted(cheapest.items(), key=lambda item: (item[1], order(item[0][0]), repr(item[0][0]), sorted(item[0][1])))
        for (blame, flags), cost in ranked:
            yield FinalState(blame, flags, cost)

    def expected(self, belief: int) -> tuple[Pattern, ...]:
        """Return the lines that could come next, each once."""
        states = self.graph.states
        owed = {states[number].pending[0] for form, numbers in self.owing(belief).items() if form != ANY for number in numbers}
        return tuple(sorted(owed, key=repr))
