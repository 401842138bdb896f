"""What a kernel makes of the answers to one SEAMCALL: of each kind, and of each status that the code around it knows by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tdxwhy.extract.book import Book, leaf_name
from tdxwhy.extract.outcomes import Outcome, outcome
from tdxwhy.extract.stage import KernelMemory
from tdxwhy.noun import NamedTuple
from tdxwhy.source.calls import calls
from tdxwhy.source.run.branching import Decision, Deviation, RunResult
from tdxwhy.source.run.case_words import unreached
from tdxwhy.source.run.interpreter import Interpreter
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Value
from tdxwhy.source.syntax import Statement, callee, calls_in, inner, walk

# A status that no constant of a kernel names, so that what comes of it comes of any.
STATUS = 0xC0000F0F00000000
_KINDS = {"ud": "UD", "gp": "GP", "vmfailinvalid": "VMFAILINVALID"}
_CLASS = 0xFFFFFFFF00000000
_AGAIN = 4


class LeafCall(NamedTuple):
    """A leaf at a point of a good run: which call of it this is, and the function of the operation that it belongs to."""

    decision: Decision
    nth: int
    function: str


def answers_of(program: Program) -> dict[str, Value]:
    """Return how a SEAMCALL can be answered by kind, as far as the program has words for it."""
    found: dict[str, Value] = {"status": STATUS}
    for kind, suffix in _KINDS.items():
        name = next((each for each in calls().unreached if each.endswith(suffix)), "")
        if name in program.defines or name in program.constants:
            found[kind] = unreached(program, name)
    return found


class Leaves:
    """Reads what becomes of the answers to the leaves of one entry."""

    def __init__(self, book: Book, stage: KernelMemory, entry: str, well: RunResult) -> None:
        self.book = book
        self.stage = stage
        self.entry = entry
        self.well = well
        self.closing: frozenset[str] = frozenset()
        self.turned: dict[int, int] = {}
        self._constants: dict[str, int] | None = None
        self._steps: dict[tuple[object, ...], dict[str, Any]] = {}

    def outcome(self, asked: LeafCall, answer: Value, *, times: int = 1) -> Outcome:
        """Run the entry with one leaf answered otherwise, once or (0) for ever."""
        fault = Deviation("leaf", asked.nth, asked.decision.leaf, answer, times)
        return outcome(self.well, self.stage.run(self.entry, fault), asked.function)

    def own(self, lines: tuple[PrintedLine, ...]) -> list[str]:
        """Return the forms of lines, but those that close every failure of the operation."""
        return [name for name in self.book.names(list(lines)) if name not in self.closing]

    def step(self, asked: LeafCall) -> dict[str, Any]:
        """Return the step that asks a leaf: its name, and where its answers are not everybody's, what becomes of them."""
        key = asked.decision.leaf, asked.decision.chain, asked.function, self.closing
        if key not in self._steps:
            self._steps[key] = self._step(asked)
        row, goes_on = dict(self._steps[key]), self._steps[key].get("ignore", False)
        status = self.outcome(asked, STATUS)
        if status.goes_on is not goes_on:
            row = self._step(asked)
        for line in status.always:
            row.setdefault("always_print", []).append(self.book.form(line))
        return row

    def _step(self, asked: LeafCall) -> dict[str, Any]:
        row: dict[str, Any] = {"name": leaf_name(asked.decision), "does": "seamcall"}
        found = {kind: self.outcome(asked, answer) for kind, answer in answers_of(self.stage.program).items()}
        for each in found.values():
            self._turn(each)
        status = found["status"]
        if status.goes_on:
            row["ignore"] = True
        again = self._again(asked)
        if again:
            row["again"] = again
        return row | self._answers(asked, found, again)

    def _turn(self, found: Outcome) -> None:
        """Note an errno that comes out of the entry as another one."""
        if found.errno and found.result is not None and found.result != found.errno and not found.goes_on:
            self.turned[found.errno] = found.result

    def _answers(self, asked: LeafCall, found: dict[str, Outcome], again: list[int]) -> dict[str, Any]:
        special = list(self._special(asked, found["status"], again))
        everybody = all(self._as_everybody(kind, each) for kind, each in found.items())
        extra = {kind: self.own(each.after) for kind, each in found.items()}
        if everybody and not special and not any(names for kind, names in extra.items() if kind != "vmfailinvalid"):
            row: dict[str, Any] = {"print_vmfailinvalid": extra["vmfailinvalid"]} if extra.get("vmfailinvalid") else {}
            registers = self.book.answers["status"].get("print_registers")
            asked_of = self.own(found["status"].asked)
            return row | ({"registers": True} if registers and asked_of == registers else {})
        rows = [*special, *(self._row(kind, each) for kind, each in found.items())]
        return {"answers": _fewest(rows)}

    def _row(self, kind: str, found: Outcome) -> dict[str, Any]:
        names = self.own(found.lines)
        errno = 0 if found.goes_on else found.errno
        return {"kind": kind, "errno": errno if errno is not None else -5} | ({"print": names} if names else {})

    def _as_everybody(self, kind: str, found: Outcome) -> bool:
        """Tell whether an answer is taken as the generation takes it."""
        known = self.book.answers.get(kind)
        if known is None:
            return False
        printed = self.own(found.asked)
        return found.errno == known["errno"] and printed in (known.get("print", []), known.get("print_registers", known.get("print", [])))

    def _special(self, asked: LeafCall, usual: Outcome, again: list[int]) -> Iterator[dict[str, Any]]:
        """Yield what becomes of statuses that the functions on the way name."""
        retry = self.book.answers.get("retry", {}).get("status")
        always = self.outcome(asked, STATUS, times=0)
        for value in self._named(asked.decision):
            if value in again or (value == retry and self._bounded(asked, value)):
                continue
            found = self.outcome(asked, value, times=0)
            if self._same(found, usual) or self._same(found, always) or (self._as_everybody("status", found) and not self.own(found.after)):
                continue
            wide = self.outcome(asked, value | 1, times=0)
            mask = {"mask": _CLASS} if not value & 1 and self._same(wide, found) else {}
            yield {"status": value} | mask | self._row("status", found)

    def _same(self, one: Outcome, other: Outcome) -> bool:
        """Tell whether two answers come to the same."""
        return (one.errno, self.own(one.lines), one.goes_on) == (other.errno, self.own(other.lines), other.goes_on)

    def _bounded(self, asked: LeafCall, value: int) -> bool:
        """Tell whether a status that is asked for again comes to the same in the end as any other."""
        return self._as_everybody("status", self.outcome(asked, value, times=0))

    def _named(self, decision: Decision) -> list[int]:
        """Return the statuses that the functions on the way name: constants of the tree whose numbers look like one."""
        if self._constants is None:
            machine = Interpreter(self.stage.program)
            names = [each for each in self.stage.program.defines if re.match(r"TDX_[A-Z]", each)]
            values = {name: machine.constant(name) for name in names if self.stage.program.defines[name].parameters is None}
            self._constants = {name: value for name, value in values.items() if isinstance(value, int) and _looks_like_status(value)}
        met: dict[int, None] = {}
        for name in decision.chain:
            function = self.stage.program.functions.get(name)
            for word in function.mentions if function is not None else ():
                if word in self._constants:
                    met[self._constants[word]] = None
        return sorted(met)

    def _again(self, asked: LeafCall) -> list[int]:
        """Return the statuses for which a leaf is asked again and again."""
        retry = self.book.answers.get("retry", {}).get("status")
        found = []
        for value in self._named(asked.decision):
            if value != retry and self._count(asked, value) > _AGAIN:
                found.append(value)
        return found

    def _count(self, asked: LeafCall, value: int) -> int:
        run = self.stage.run(self.entry, Deviation("leaf", asked.nth, asked.decision.leaf, value))
        before = sum(each.kind == "leaf" and each.leaf == asked.decision.leaf for each in self.well.decisions)
        return sum(each.kind == "leaf" and each.leaf == asked.decision.leaf for each in run.decisions) - before

    def read_answers(self, asked: list[LeafCall]) -> None:
        """Read what the kernel makes of answers in general: of a status, shown with and without registers, and of each fault."""
        for each in asked:
            for kind, answer in answers_of(self.stage.program).items():
                found = self.outcome(each, answer)
                row = self.book.answers.setdefault(kind, {"errno": found.errno or 0})
                if kind != "status":
                    continue
                names = self.book.names(list(found.asked))
                if not names or found.errno != row["errno"]:
                    continue
                key = "print" if len(names) <= len(row.get("print", names)) else "print_registers"
                if key == "print" and row.get("print", names) != names:
                    row["print_registers"] = row["print"]
                row[key] = names

    def read_retry(self, asked: LeafCall) -> None:
        """Find a status that is asked for again, and how often: a constant of the tree that a loop around the stub waits out."""
        for value in self._named(asked.decision):
            count = self._count(asked, value)
            if count > 0:
                self.book.answers["retry"] = {"status": value, "tries": count + 1}
                return


def _fewest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say once what becomes of every kind of answer, where that is the same."""
    kinds = [{key: value for key, value in row.items() if key != "kind"} for row in rows if "status" not in row]
    if len(kinds) < len(_KINDS) + 1 or any(row != kinds[0] for row in kinds):
        return rows
    return [*({key: value for key, value in row.items() if key != "kind"} for row in rows if "status" in row), kinds[0]]


def _looks_like_status(value: int) -> bool:
    return value >> 32 != 0 and value >> 48 in (0x8000, 0xC000, 0x0000) and value >> 32 not in (0x8000FF00,)


def by_one_cpu(program: Program, item: Decision) -> bool:
    """Tell whether only one CPU of all that are stopped asks a leaf: the call stands where the code asks which CPU it runs on."""
    functions = program.functions
    for name, called in pairwise(item.chain):
        body = functions[name].body if name in functions else ()
        if called in _on_one_cpu(body):
            return True
    return False


def _on_one_cpu(body: tuple[Statement, ...]) -> set[str]:
    """Return what a function calls on one CPU only: under a condition on the CPU's number, or on a variable set under one."""
    words = {"smp_processor_id"}
    found: set[str] = set()
    for statement in walk(body):
        if statement.kind == "if" and words & {each.text for each in inner(statement.expression)}:
            for each in walk(statement.body):
                words |= {part.parts[0].text for part in inner(each.expression) if part.kind == "assign" and part.parts[1].kind == "number"}
                found |= {callee(call) for call in calls_in(each.expression)}
    return found
