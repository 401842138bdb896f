"""A regular expression as an automaton of characters, as Python's own parser reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from re import _constants as constants
from re import _parser as parser
from typing import Any, NamedTuple

# As numbers: those of `re` take longer to ask.
_ASCII, _DOTALL, _IGNORECASE = int(re.ASCII), int(re.DOTALL), int(re.IGNORECASE)
# A loop of at most so many rounds costs no more than so many times its body.
BOUNDED = 256
# One character of each kind that classes tell apart; the literals of a pattern and their neighbours are added.
USUAL = tuple(map(ord, "aZ09_ \n\r\t\x0b\0.-é²\u2028中"))


class Edge(NamedTuple):
    """From a state to another over any of these characters; without characters it costs none.

    Such a one may demand what stands before it (no character: the beginning of the text), what comes next, or a boundary of a word.
    """

    to: int
    characters: frozenset[int] | None = None
    before: frozenset[int] | None = None
    following: frozenset[int] | None = None
    boundary: bool = False


class Automaton:
    """States are numbers, `begin` is the first, `end` the last."""

    def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
        self.edges: list[list[Edge]] = []
        tree = parser.parse(pattern, flags)
        self._flags = int(tree.state.flags)
        self._sample = self._characters(tree)
        self.every = frozenset(self._sample)
        # States behind a demand, which may fail where a character would not.
        self.demands: set[int] = set()
        self.begin = self._state()
        self.end = self._sequence(tree, self.begin)

    def _state(self) -> int:
        self.edges.append([])
        return len(self.edges) - 1

    def _join(self, start: int, to: int, characters: frozenset[int] | None = None) -> None:
        self.edges[start].append(Edge(to, characters))

    def _demand(self, state: int, **demand: Any) -> int:
        made = self._state()
        self.edges[state].append(Edge(made, **demand))
        self.demands.add(made)
        return made

    def _characters(self, tree: Any) -> tuple[int, ...]:
        found = set(USUAL)

        def walk(node: Any) -> None:
            if isinstance(node, (list, tuple, parser.SubPattern)):
                items = list(node)
                if len(items) == 2 and items[0] in (constants.LITERAL, constants.NOT_LITERAL):
                    found.update((items[1], items[1] + 1))
                elif len(items) == 2 and items[0] is constants.RANGE:
                    low, high = items[1]
                    found.update((max(low - 1, 0), low, high, high + 1))
                else:
                    for item in items:
                        walk(item)

        walk(tree)
        return tuple(sorted(code for code in found if code < (256 if isinstance(tree.state.str, bytes) else 0x110000)))

    def _sequence(self, items: Sequence[Any], state: int) -> int:
        for operator, argument in items:
            state = self._node(operator, argument, state)
        return state

    def _node(self, operator: Any, argument: Any, state: int) -> int:  # noqa: PLR0911, C901 - one line a kind of node
        if operator in (constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN):
            following = self._state()
            self._join(state, following, self._set(operator, argument))
            return following
        if operator is constants.SUBPATTERN:
            return self._sequence(argument[3], state)
        if operator is constants.ATOMIC_GROUP:
            return self._sequence(argument, state)
        if operator is constants.BRANCH:
            following = self._state()
            for branch in argument[1]:
                self._join(self._sequence(branch, self._fresh(state)), following)
            return following
        if operator in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
            return self._repeat(operator is constants.POSSESSIVE_REPEAT, *argument, state)
        if operator is constants.AT:
            return self._at(argument, state)
        if operator in (constants.ASSERT, constants.ASSERT_NOT):
            return self._assertion(operator, argument, state)
        if operator is constants.GROUPREF_EXISTS:
            following = self._state()
            for branch in argument[1:]:
                self._join(self._sequence(branch or (), self._fresh(state)), following)
            return following
        if operator is constants.GROUPREF:
            following = self._state()
            self._join(state, state, self.every)
            self._join(state, following)
            return following
        raise NotImplementedError(operator)

    def _fresh(self, state: int) -> int:
        made = self._state()
        self._join(state, made)
        return made

    def _repeat(self, possessive: bool, least: int, most: Any, body: Sequence[Any], state: int) -> int:
        for _ in range(min(least, 2)):
            state = self._sequence(body, state)
        following = self._state()
        if most is constants.MAXREPEAT or most > BOUNDED:
            head = self._fresh(state)
            last = self._sequence(body, head)
            self._join(last, head)
            if possessive and last == head + 1 and (only := self.edges[head][0].characters):
                # It gives nothing back: what follows begins with another character, or the text ends.
                self._join(self._demand(head, following=self.every - only), following)
            else:
                self._join(head, following)
        else:
            for _ in range(min(most - least, 2)):
                self._join(state, following)
                state = self._sequence(body, self._fresh(state))
            self._join(state, following)
        return following

    def _at(self, where: Any, state: int) -> int:
        if where is constants.AT_BEGINNING_STRING or (where is constants.AT_BEGINNING and not self._flags & int(re.MULTILINE)):
            return self._demand(state, before=frozenset())
        if where is constants.AT_BEGINNING:
            return self._demand(state, before=frozenset({10}))
        return self._demand(state, boundary=where is constants.AT_BOUNDARY)

    def _assertion(self, operator: Any, argument: tuple[int, Sequence[Any]], state: int) -> int:
        direction, body = argument
        demanded: frozenset[int] | None = None
        if len(body) == 1 and body[0][0] in (constants.LITERAL, constants.NOT_LITERAL, constants.IN):
            demanded = self._set(*body[0])
            demanded = demanded if operator is constants.ASSERT else self.every - demanded
        if direction < 0:
            return self._demand(state, before=demanded)
        if demanded is None:
            self._sequence(body, self._fresh(state))  # tried, and left
        return self._demand(state, following=demanded)

    def _set(self, operator: Any, argument: Any) -> frozenset[int]:
        return frozenset(code for code in self._sample if self._holds(operator, argument, code))

    def _holds(self, operator: Any, argument: Any, code: int) -> bool:
        if operator is constants.ANY:
            return bool(self._flags & _DOTALL) or code != 10
        if operator is constants.LITERAL:
            return code in self._cases(argument)
        if operator is constants.NOT_LITERAL:
            return code not in self._cases(argument)
        negated = argument[0][0] is constants.NEGATE
        return negated != any(self._in(kind, value, code) for kind, value in argument[1 if negated else 0 :])

    def _cases(self, code: int) -> set[int]:
        if not self._flags & _IGNORECASE:
            return {code}
        text = chr(code)
        return {code, *(ord(one) for one in (text.lower(), text.upper()) if len(one) == 1)}

    def _in(self, kind: Any, value: Any, code: int) -> bool:
        if kind is constants.LITERAL:
            return code in self._cases(value)
        if kind is constants.RANGE:
            return any(value[0] <= one <= value[1] for one in self._cases(code))
        names = {constants.CATEGORY_DIGIT: r"\d", constants.CATEGORY_NOT_DIGIT: r"\D", constants.CATEGORY_SPACE: r"\s"}
        names |= {constants.CATEGORY_NOT_SPACE: r"\S", constants.CATEGORY_WORD: r"\w", constants.CATEGORY_NOT_WORD: r"\W"}
        return re.match(names[value], chr(code), self._flags & _ASCII) is not None
