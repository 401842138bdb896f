"""Kernel code run by hand, once, with one thing going wrong: which lines does it print, and what does it return.

Everything goes well but for the one Fault: a SEAMCALL that is answered otherwise, or a branch that is taken the other way.
Where a condition cannot be known the run goes on, as code does when nothing is wrong; each such place is noted, because it is
where the next run can fail.
"""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.source.calls import calls
from tdxwhy.source.run.branching import (
    Deviation,
    RunResult,
    Side,
    gives_up,
    label_in,
    loop_variables,
)
from tdxwhy.source.run.choosing import Chooser
from tdxwhy.source.run.evaluate import MOST_STEPS
from tdxwhy.source.run.lines import StackFrame
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Unknown, Value, combine, truth
from tdxwhy.source.syntax import (
    Function,
    Statement,
    StatementKind,
    callee,
    calls_in,
    inner,
    negated,
    statement_expressions,
    written,
)

_MOST_ROUNDS = 12
_DEEPEST = 60


class _Signal(NamedTuple):
    kind: StatementKind
    value: Value = 0
    label: str = ""


class Interpreter(Chooser):
    """Runs functions of a program."""

    def __init__(self, program: Program, fault: Deviation | None = None, taken: frozenset[Side] = frozenset()) -> None:
        super().__init__(program, fault)
        self.taken = taken
        self.sides: dict[Side, None] = {}

    def run(self, entry: str) -> RunResult:
        """Run a function from its begin to its end."""
        function = self.program.function(entry)
        if function is None:
            return RunResult((), Unknown(entry), (), (f"no function {entry}()",), None)
        result = self.enter(function, [Unknown(name or "argument") for name in function.parameters])
        return RunResult(
            tuple(self.lines),
            result,
            tuple(self.decisions),
            tuple(dict.fromkeys(self.unseen)),
            self.failed_at,
            tuple(self.events),
            self.steps,
            tuple(self.sides),
            self.before,
            self.answered,
            tuple(self.returned.items()),
        )

    def enter(self, function: Function, arguments: Sequence[Value]) -> Value:
        """Call a function with values, and return its value."""
        if len(self.frames) >= _DEEPEST or any(place.function == function.name for place in self.frames[-8:]):
            self.note_unseen(f"{function.name}() calls itself", function.first)
            return Unknown(f"{function.name}()")
        for other in self.program.alternatives.get(function.name, ()):
            if self._takes(Side(other.name, other.first, other.condition)):
                function = other
        frame: dict[str, Value] = dict(zip(function.parameters, arguments, strict=False))
        self.frames.append(StackFrame(function.name, self.program.files.get(function.name, ""), frame, [], []))
        try:
            signal = self.block(function.body)
        finally:
            self.frames.pop()
        value = signal.value if signal is not None and signal.kind == "return" else 0
        self.left(function.name, value)
        return value

    def run_block(self, statements: tuple[Statement, ...]) -> Value:
        """Run a statement expression and return its last value."""
        self.block(statements[:-1])
        last = statements[-1] if statements else None
        if last is None or last.kind != "expression":
            self.block(statements[-1:])
            return 0
        return self.value(last.expression)

    def block(self, statements: Sequence[Statement]) -> _Signal | None:
        """Run statements; a goto into this block goes on here, any other signal goes to the one around."""
        rest = self.frames[-1].rest
        index = 0
        while index < len(statements):
            self.steps += 1
            if self.steps > MOST_STEPS:
                self.note_unseen("more steps than are followed", statements[index].first)
                return _Signal("return", Unknown("too long"))
            rest.append((statements, index + 1))
            signal = self.statement(statements[index])
            rest.pop()
            index += 1
            if signal is not None and signal.kind == "goto":
                target = label_in(statements, signal.label)
                if target is None:
                    return signal
                self.steps += 10
                index = target
            elif signal is not None:
                return signal
        return None

    def statement(self, statement: Statement) -> _Signal | None:
        """Run one statement."""
        if statement.kind == "other":
            self.note_unseen("code that is nested too deep to follow", statement.first)
        run = _STATEMENTS.get(statement.kind)
        return run(self, statement) if run is not None else None

    def _expression(self, statement: Statement) -> _Signal | None:
        call = statement.expression
        if call is not None and callee(call) == "asm_goto" and len(call.parts) == 3:
            decision = self._decide("branch", 0, f"{call.parts[1].text.upper()} faults", statement.first, fails=True)
            return _Signal("goto", label=call.parts[2].text) if decision is self.failed_at else None
        inlined = self.program.inlined(call) if call is not None else None
        if call is None or inlined is None:
            self.value(call)
            return None
        if callee(call) in self.expanding:
            self.note_unseen(f"{written(call)} stands for itself", statement.first)
            return None
        self.expanding.append(callee(call))
        try:
            return self.block(inlined)
        finally:
            self.expanding.pop()

    def _declare(self, statement: Statement) -> _Signal | None:
        self.declare(statement)
        return None

    def _leave(self, statement: Statement) -> _Signal | None:
        value = self.value(statement.expression) if statement.expression is not None else 0
        return _Signal(statement.kind, value, statement.name)

    def _if(self, statement: Statement) -> _Signal | None:
        return self.block(statement.body if self.holds(statement) else statement.orelse)

    def _either(self, statement: Statement) -> _Signal | None:
        """Run one side of an #if: the first that has anything in it, unless the other is to be taken."""
        if not statement.body or not statement.orelse:
            return self.block(statement.body or statement.orelse)
        other = Side(self.frames[-1].function, statement.orelse[0].first, negated(statement.name))
        return self.block(statement.orelse if self._takes(other) else statement.body)

    def _takes(self, side: Side) -> bool:
        """Note a side of an #if, and tell whether it is to be taken."""
        self.sides[side] = None
        return side in self.taken

    def _loop(self, statement: Statement) -> _Signal | None:
        self.frames[-1].loops.append(self._called(statement))
        try:
            return self._rounds(statement)
        finally:
            self.frames[-1].loops.pop()

    def _called(self, statement: Statement) -> str:
        """Return what a loop is called; one that remembers which packages it met ends in "/package"."""
        key = self.frames[-1].function, statement.first
        name = self.program.loops.get(key)
        if name is None:
            names = {callee(call) for each in statement_expressions(statement) for call in calls_in(each)}
            package = any(map(calls().package_calls.fullmatch, names)) and any("test_and_set" in each for each in names)
            name = self.program.loops[key] = f"{statement.name}/package" if package else statement.name
        return name

    def _rounds(self, statement: Statement) -> _Signal | None:
        tested = statement.name != "do"
        for _ in range(_MOST_ROUNDS):
            known = self._round(statement) if tested else True
            if known is False:
                return None
            signal = self.block(statement.body)
            if signal is not None and signal.kind != "continue":
                return None if signal.kind == "break" else signal
            if known is None:
                return None
            self.block(statement.orelse)
            tested = True
        return None

    def _round(self, statement: Statement) -> bool | None:
        """Tell whether a loop goes round again; None: once, as nothing is known. A loop macro sets its variables to what they are."""
        if statement.name in ("while", "for", "do"):
            known = truth(self.value(statement.expression)) if statement.expression is not None else None
            for after in statement.orelse if known is None else ():
                for each in inner(after.expression):
                    if each.kind == "assign":
                        self.assign(each.parts[0], Unknown(written(each.parts[0])))
            return known
        for each in loop_variables(statement.expression):
            self.assign(each, Unknown(written(each)))
        return None

    def _switch(self, statement: Statement) -> _Signal | None:
        subject = self.value(statement.expression)
        start = self._case(statement, subject)
        for case in statement.body[start:] if start is not None else ():
            signal = self.block(case.body)
            if signal is not None:
                return None if signal.kind == "break" else signal
        return None

    def _case(self, statement: Statement, subject: Value) -> int | None:
        """Return the case that a switch takes; of an unknown subject the first that does not give up."""
        default = None
        for index, case in enumerate(statement.body):
            if case.expression is None:
                default = index
            elif not isinstance(subject, Unknown) and truth(combine("==", subject, self.value(case.expression), "")):
                return index
        if not isinstance(subject, Unknown) or subject.failed:
            return default
        good = [index for index, case in enumerate(statement.body) if case.body and not gives_up(case.body)]
        chosen = good[0] if good else None
        for index, case in enumerate(statement.body):
            if index != chosen and gives_up(case.body):
                label = written(case.expression) if case.expression is not None else "default"
                text = f"{written(statement.expression)} is {label}"
                if self._decide("branch", 0, text, case.first, fails=True) is self.failed_at:
                    return index
        return chosen


_STATEMENTS = {
    "expression": Interpreter._expression,
    "declare": Interpreter._declare,
    "return": Interpreter._leave,
    "goto": Interpreter._leave,
    "break": Interpreter._leave,
    "continue": Interpreter._leave,
    "if": Interpreter._if,
    "either": Interpreter._either,
    "loop": Interpreter._loop,
    "switch": Interpreter._switch,
}
