"""What a paste shows beside its messages: answers to commands, and lines that state a fact. Prose is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from tdxwhy.incident import tables
from tdxwhy.incident.nouns import PastedFact, PasteLine
from tdxwhy.incident.rows import PastedSign
from tdxwhy.records import Place

_MOST = 64
# What a person pastes is shorter; of a longer text so many lines are looked at, so many on either side of a message.
_SHORT, _NEAR = 3_000, 200


class PastedEvidence:
    """The facts of a paste by the id of their row, and what they make needless to ask for."""

    def __init__(self, facts: Sequence[PastedFact]) -> None:
        self.facts: dict[str, list[PastedFact]] = {}
        self.brought: set[str] = set()
        self._brings = {row.id: row.brings for row in tables.evidence()}
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


@cache
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source)


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
    rows = [row for row in tables.evidence() if row.line]
    for number, line in enumerate(lines):
        for row in rows:
            found = _compiled(row.line).search(line.text)
            if found is not None and (not row.near or _near(row.near, lines, number)):
                yield _fact(row, found, line)


def _near(pattern: str, lines: Sequence[PasteLine], number: int) -> bool:
    around = lines[max(0, number - 4) : number + 1]
    return any(_compiled(pattern).search(f"{line.text} {line.asked}") for line in around)


def _answered(lines: Sequence[PasteLine]) -> Iterator[PastedFact]:
    rows = [row for row in tables.evidence() if row.command]
    for number, line in enumerate(lines):
        if not line.command:
            continue
        asking = [row for row in rows if _compiled(row.command).search(line.command)]
        if not asking:
            continue
        answer = _answer(lines, number)
        for row in asking:
            yield from _of_answer(row, line, answer)


def _answer(lines: Sequence[PasteLine], number: int) -> list[PasteLine]:
    answer = []
    for line in lines[number + 1 :]:
        if line.command or not line.asked:
            break
        answer.append(line)
    return answer


def _of_answer(row: PastedSign, asked: PasteLine, answer: Sequence[PasteLine]) -> Iterator[PastedFact]:
    shown = [line for line in answer if line.text.strip() and not line.text.startswith("```")]
    if not row.answer:
        if not shown or (answer[:1] and not answer[0].text.strip()):
            yield PastedFact(row.id, "", asked)
        return
    for line in shown:
        found = _compiled(row.answer).search(line.text.strip())
        if found is not None:
            yield _fact(row, found, line)
    if not shown and _compiled(row.answer).search("") is not None:
        yield PastedFact(row.id, "", asked)


def _fact(row: PastedSign, found: re.Match[str], line: PasteLine) -> PastedFact:
    groups: dict[str, Any] = found.groupdict()
    value = next((one for name, one in groups.items() if name.startswith("value") and one), "")
    return PastedFact(row.id, value, line, groups.get("end") or "")
