"""What a paste shows beside its messages: answers to commands, and lines that state a fact. Prose is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.incident.nouns import PastedFact, PasteLine
from tdxwhy.know import shown, tables
from tdxwhy.read.asked import is_nothing, may_be, told
from tdxwhy.records import Place

_MOST = 64
# What a person pastes is shorter; of a longer text so many lines are looked at, so many on either side of a message.
_SHORT, _NEAR = 3_000, 200
# An answer, with what stands between it and its command, is no longer than this.
_LOOKED_AT = 420


class PastedEvidence:
    """The facts of a paste by the id of their row, and what they make needless to ask for."""

    def __init__(self, facts: Sequence[PastedFact]) -> None:
        self.facts: dict[str, list[PastedFact]] = {}
        self.brought: set[str] = set()
        self._brings = {row.shows: row.brings for row in tables.shown() if row.brings}
        for fact in facts:
            self.add(fact)

    def add(self, fact: PastedFact) -> None:
        """Take one more fact; of many of one row the first are kept."""
        known = self.facts.setdefault(fact.id, [])
        if len(known) < _MOST:
            known.append(fact)
        if self._brings.get(fact.id):
            self.brought.add(self._brings[fact.id])

    def __contains__(self, name: str) -> bool:
        return name in self.facts

    def first(self, name: str) -> PastedFact | None:
        """Return the first fact of a row."""
        return self.facts[name][0] if name in self.facts else None

    def last(self, name: str) -> PastedFact | None:
        """Return the last fact of a row."""
        return self.facts[name][-1] if name in self.facts else None

    def value(self, name: str) -> str:
        """Return the value that the last fact of a row gives."""
        fact = self.last(name)
        return fact.value if fact is not None else ""


def gather(lines: Sequence[PasteLine], messages: Sequence[PasteLine] = ()) -> PastedEvidence:
    """Collect the facts of a paste; of a long one from its ends, around its `messages`, and from commands with their answers."""
    if len(lines) > _SHORT:
        near = {line.place for line in messages}
        lines = _around(lines, near)
    return PastedEvidence([*_stated(lines), *_answered(lines)])


def _around(lines: Sequence[PasteLine], places: set[Place]) -> Sequence[PasteLine]:
    wanted: set[int] = {*range(_NEAR), *range(len(lines) - _NEAR, len(lines))}
    for number, line in enumerate(lines):
        if line.command or line.asked:
            wanted.add(number)
        if line.place in places and len(wanted) < _SHORT:
            wanted.update(range(max(0, number - _NEAR), min(len(lines), number + _NEAR)))
    return [lines[number] for number in sorted(wanted)[:_SHORT]]


def _stated(lines: Sequence[PasteLine]) -> Iterator[PastedFact]:
    for number, line in enumerate(lines):
        for found in shown.in_line(shown.by_line(), line.text):
            if line.time_ns is None and may_be(line.text[: found.start]):
                continue
            if not found.row.near or shown.stands_near(found.row, _before(lines, number)):
                yield PastedFact(found.row.shows, found.value, line, found.end)


def _before(lines: Sequence[PasteLine], number: int) -> list[str]:
    return [f"{line.text} {line.asked}" for line in lines[max(0, number - 4) : number + 1]]


def _answered(lines: Sequence[PasteLine]) -> Iterator[PastedFact]:
    for number, line in enumerate(lines):
        for one in told(line.text) if line.time_ns is None else ():
            for row in shown.by_command():
                for found in shown.in_answers(row, one.question, ("" if is_nothing(one.answer) else one.answer,)):
                    yield PastedFact(row.shows, found.value, line, found.end)
        if not line.command:
            continue
        answer = _answer(lines, number)
        texts = ["" if is_nothing(one.text) else one.text for one in answer]
        for row in shown.by_command():
            for found in shown.in_answers(row, line.command, texts):
                yield PastedFact(row.shows, found.value, answer[found.answer] if found.answer is not None else line, found.end)


def _answer(lines: Sequence[PasteLine], number: int) -> list[PasteLine]:
    answer = []
    for line in lines[number + 1 : number + 1 + _LOOKED_AT]:
        if line.command:
            break
        if line.asked:
            answer.append(line)
        elif answer:
            break
    return answer
