"""Whether a regular expression can take more than linear time, judged with the method that calls it.

Two loops that can run over the same text, one reachable from the other over that text, share it in as many ways as it is long: quadratic
(Weber and Seidl's criterion IDA); two ways around one loop over the same text: exponential (EDA). A search is a pattern behind a loop over
anything. A loop behind which nothing can fail any more shares with nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

from tests.regexes.automaton import Automaton, Edge

_MOST_WAYS, _UNDERLINE = 2000, 95
SEARCHES = frozenset({"search", "finditer", "findall", "sub", "subn", "split"})


class Steps:
    """An automaton without empty edges: the states behind a character, each with the ways to get there, which are sets of bits.

    Searching, state -1 is the loop over anything before the pattern, and states below it stand behind what the pattern demands there.
    """

    def __init__(self, automaton: Automaton, searching: bool) -> None:
        self.automaton = automaton
        self.next: dict[int, dict[int, list[int]]] = {}
        self._bits = {code: 1 << number for number, code in enumerate(automaton.every)}
        waiting = [automaton.begin]
        if searching:
            self._search()
            waiting += [to for state in list(self.next) for to in self.next[state] if to >= 0]
        while waiting:
            state = waiting.pop()
            if state not in self.next:
                self.next[state] = {}
                for characters, to, _ in self._steps(state):
                    self.next[state].setdefault(to, []).append(self._set(characters))
                waiting.extend(self.next[state])

    def _set(self, characters: frozenset[int]) -> int:
        return sum(self._bits[code] for code in characters)

    def _search(self) -> None:
        every = self.automaton.every
        self.next[-1] = {-1: [self._set(every)]}
        entries: dict[frozenset[int], int] = {every: -1}
        for characters, to, before in self._steps(self.automaton.begin):
            if before:
                entry = entries.setdefault(before, -1 - len(entries))
                if entry not in self.next:
                    self.next[entry] = {}
                    self.next[-1][entry] = [self._set(before)]
                self.next[entry].setdefault(to, []).append(self._set(characters))

    def _steps(self, state: int) -> Iterator[tuple[frozenset[int], int, frozenset[int]]]:
        """Yield the characters that lead on, whereto, and what must stand before them."""
        every = self.automaton.every
        word = frozenset(code for code in every if chr(code).isalnum() or code == _UNDERLINE)
        for edge in islice(self._ways(state, Edge(state, every, every, every), frozenset()), _MOST_WAYS):
            assert edge.characters is not None and edge.before is not None
            parts = ((word, every - word), (every - word, word)) if edge.boundary else ((every, every),)
            for own, before in parts:
                if edge.characters & own:
                    yield edge.characters & own, edge.to, edge.before & before

    def _ways(self, state: int, so_far: Edge, taken: frozenset[tuple[int, int]]) -> Iterator[Edge]:
        assert so_far.before is not None and so_far.following is not None
        for number, edge in enumerate(self.automaton.edges[state]):
            if edge.characters is not None:
                yield so_far._replace(to=edge.to, characters=edge.characters & so_far.following)
            elif (state, number) not in taken:
                demanded = so_far._replace(
                    before=so_far.before if edge.before is None else so_far.before & edge.before,
                    following=so_far.following if edge.following is None else so_far.following & edge.following,
                    boundary=so_far.boundary or edge.boundary,
                )
                yield from self._ways(edge.to, demanded, taken | {(state, number)})

    def accepts(self, state: int) -> bool:
        """Tell whether nothing behind a state can fail."""
        waiting, seen = [state], {state}
        while waiting:
            one = waiting.pop()
            if one == self.automaton.end:
                return True
            for edge in self.automaton.edges[one] if one >= 0 else ():
                if edge.characters is None and edge.to not in seen and edge.to not in self.automaton.demands:
                    seen.add(edge.to)
                    waiting.append(edge.to)
        return False


def verdict(pattern: str | bytes, flags: int, method: str) -> str:
    """Return "exponential", "quadratic" or an empty string."""
    automaton = Automaton(pattern, flags)
    steps = Steps(automaton, method in SEARCHES)
    component = _components(steps)
    if any(_twice(steps, component, state) for state in steps.next):
        return "exponential"
    looping = [state for state in steps.next if any(component[to] == component[state] for to in steps.next[state])]
    safe = {component[state] for state in looping if method != "fullmatch" and steps.accepts(state)}
    for first, second in product(looping, looping):
        if first != second and component[second] not in safe and _shared(steps, component, first, second):
            return "quadratic"
    return ""


def _components(steps: Steps) -> dict[int, int]:  # noqa: C901 - one algorithm
    """Return the strongly connected component of each state (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    found: dict[int, int] = {}
    stack: list[int] = []
    for root in steps.next:
        if root in index:
            continue
        work = [(root, iter(steps.next[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            state, following = work[-1]
            for to in following:
                if to not in index:
                    index[to] = low[to] = len(index)
                    stack.append(to)
                    work.append((to, iter(steps.next[to])))
                    break
                if to not in found:
                    low[state] = min(low[state], index[to])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])
                if low[state] == index[state]:
                    while True:
                        one = stack.pop()
                        found[one] = state
                        if one == state:
                            break
    return found


def _twice(steps: Steps, component: dict[int, int], state: int) -> bool:
    """Tell whether two ways over the same text lead from a state back to it."""
    own = component[state]
    for to, sets in steps.next[state].items():
        if component[to] == own and any(one & other for number, one in enumerate(sets) for other in sets[:number]):
            return True
    return _pairs(steps, component, state)


def _pairs(steps: Steps, component: dict[int, int], state: int) -> bool:
    own = component[state]
    seen, waiting = {(state, state)}, [(state, state)]
    while waiting:
        one, other = waiting.pop()
        for (a, firsts), (b, seconds) in product(steps.next[one].items(), steps.next[other].items()):
            if component[a] != own or component[b] != own or not any(x & y for x in firsts for y in seconds):
                continue
            if a == b == state and one != other:
                return True
            if (a, b) not in seen and len(seen) < 20_000:
                seen.add((a, b))
                waiting.append((a, b))
    return False


def _shared(steps: Steps, component: dict[int, int], first: int, second: int) -> bool:
    """Tell whether a text leads from the first loop to itself, from it to the second, and from the second to itself."""
    if component[first] == component[second]:
        return False

    def within(state: int) -> list[tuple[int, list[int]]]:
        return [(to, sets) for to, sets in steps.next[state].items() if component[to] == component[state]]

    start = (first, first, second)
    seen, waiting = {start}, [start]
    while waiting:
        one, between, two = waiting.pop()
        ends = [(a, c, _common(x, z)) for a, x in within(one) for c, z in within(two)]
        for (a, c, both), (b, y) in product(ends, steps.next[between].items()):
            if both and any(p & q for p in both for q in y):
                if (a, b, c) == (first, second, second):
                    return True
                if (a, b, c) not in seen and len(seen) < 50_000:
                    seen.add((a, b, c))
                    waiting.append((a, b, c))
    return False


def _common(some: list[int], others: list[int]) -> list[int]:
    return [one & other for one in some for other in others if one & other]
