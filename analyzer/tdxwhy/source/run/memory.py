"""What variables hold while code is run by hand: a running function's, its statics, and the global ones; structures by their members."""

from __future__ import annotations

import re

from tdxwhy.digits import is_whole
from tdxwhy.source.run.lines import StackFrame
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Reference, Unknown, Value, number
from tdxwhy.source.syntax import Expression, Statement

_INDEX = re.compile(r"\[(\w+)\]")
_MOST_ELEMENTS = 256


class Memory:
    """The variables of a run by their paths; what an initial value comes to is for `Evaluator` to say."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.globals: dict[str, Value] = {}
        self.frames: list[StackFrame] = []

    def value(self, expression: Expression | None) -> Value:
        """Return the value of an expression."""
        raise NotImplementedError

    def constant(self, name: str) -> Value:
        """Return what a name stands for that is no variable in hand."""
        raise NotImplementedError

    def find(self, name: str) -> tuple[dict[str, Value], str]:
        """Return the memory and path of a variable: the running function's, its statics, or global."""
        if self.frames:
            place = self.frames[-1]
            if name in place.frame:
                return place.frame, name
            static = f"{place.function}:{name}"
            if static in self.globals:
                return self.globals, static
        if name not in self.globals:
            initial = self.program.variables.get(name)
            if initial is not None and initial.kind == "list" and len(initial.parts) <= _MOST_ELEMENTS:
                self.fill(self.globals, name, initial)
        return self.globals, name

    def declare(self, statement: Statement) -> None:
        """Make a variable; a static one keeps what it has."""
        place = self.frames[-1]
        memory, path = (self.globals, f"{place.function}:{statement.name}") if statement.static else (place.frame, statement.name)
        if statement.static and path in memory:
            return
        initial = statement.expression
        if initial is None:
            memory[path] = 0 if statement.static else Unknown(statement.name)
        elif initial.kind == "list":
            self.fill(memory, path, initial)
        else:
            memory[path] = self.value(initial)

    def fill(self, memory: dict[str, Value], path: str, initial: Expression) -> None:
        """Set the members of a structure; the ones that are not named are zero."""
        memory[path] = Reference(memory, path)
        self._empty(memory, path)
        at = 0
        for part in initial.parts:
            index = _INDEX.fullmatch(part.text) if part.kind == "pair" else None
            if part.kind == "pair" and index is None:
                self._put(memory, f"{path}{part.text}", part.parts[0])
                continue
            if index is not None:
                given = number(index[1]) if is_whole(index[1]) else self.constant(index[1])
                at = given if isinstance(given, int) else at
            self._put(memory, f"{path}[{at}]", part.parts[0] if index is not None else part)
            at += 1
        memory[f"{path}[]"] = at

    def _put(self, memory: dict[str, Value], path: str, given: Expression) -> None:
        if given.kind == "list":
            self.fill(memory, path, given)
        else:
            memory[path] = self.value(given)

    def clobber(self, target: Reference) -> None:
        """Forget what a structure held: the module has written to it."""
        for path in [each for each in target.memory if each.startswith(f"{target.path}.")]:
            del target.memory[path]
        target.memory[f"{target.path}{{}}"] = 1

    def clear(self, target: Reference) -> None:
        """Forget what lies at an address: all of it is zero."""
        self._empty(target.memory, target.path)

    @staticmethod
    def _empty(memory: dict[str, Value], path: str) -> None:
        for member in [each for each in memory if each.startswith((f"{path}.", f"{path}["))]:
            del memory[member]
        memory[f"{path}{{}}"] = 0
