"""Kernel code run by hand, once, with one thing going wrong: which lines does it print, and what does it return.

Everything goes well but for the one Fault: a SEAMCALL that is answered otherwise, or a branch that is taken the other way.
Where a condition cannot be known the run goes on, as code does when nothing is wrong; each such place is noted, because it is
where the next run can fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tdxwhy.source.calls import PrintCall, calls, print_call
from tdxwhy.source.evaluate import Evaluator, Line, Place
from tdxwhy.source.program import Program
from tdxwhy.source.results import prints_failure
from tdxwhy.source.syntax import Expression, Function, Statement, inner, written
from tdxwhy.source.values import Reference, Symbol, Unknown, Value, truth

_MOST_STEPS = 20_000
_MOST_ROUNDS = 12
_DEEPEST = 60


class Fault(NamedTuple):
    """What goes wrong: a "leaf" is answered otherwise from its nth call on (`times`; 0: for ever), or the nth "branch" turns."""

    kind: str
    nth: int
    leaf: Value = 0
    answer: Value = 0
    times: int = 0


class Decision(NamedTuple):
    """A point of a run where something can go wrong: a "leaf" that the module answers, or a "branch" with its condition.

    `about` is what stands behind the condition's variable, `fails` whether the other way gives up, `operand` what a leaf is given in RDX.
    """

    kind: str
    nth: int
    leaf: Value
    text: str
    chain: tuple[str, ...]
    row: int
    fails: bool
    about: str = ""
    operand: Value = 0


class Run(NamedTuple):
    """What a run printed and returned, the points it passed, and what could not be followed."""

    lines: tuple[Line, ...]
    result: Value
    decisions: tuple[Decision, ...]
    unseen: tuple[str, ...]
    failed_at: Decision | None
    events: tuple[Line | Decision, ...] = ()
    steps: int = 0


class _Signal(NamedTuple):
    kind: str
    value: Value = 0
    label: str = ""


class Machine(Evaluator):
    """Runs functions of a program."""

    def __init__(self, program: Program, fault: Fault | None = None) -> None:
        super().__init__(program)
        self.fault = fault
        self.decisions: list[Decision] = []
        self.events: list[Line | Decision] = []
        self.failed_at: Decision | None = None
        self.steps = 0
        self.counts: dict[str, int] = {}

    def run(self, entry: str) -> Run:
        """Run a function from its begin to its end."""
        function = self.program.function(entry)
        if function is None:
            return Run((), Unknown(entry), (), (f"no function {entry}()",), None)
        result = self.enter(function, [Unknown(name or "argument") for name in function.parameters])
        return Run(
            tuple(self.lines),
            result,
            tuple(self.decisions),
            tuple(dict.fromkeys(self.unseen)),
            self.failed_at,
            tuple(self.events),
            self.steps,
        )

    def enter(self, function: Function, arguments: Sequence[Value]) -> Value:
        """Call a function with values, and return its value."""
        if len(self.frames) >= _DEEPEST or any(place.function == function.name for place in self.frames[-8:]):
            self.note_unseen(f"{function.name}() calls itself")
            return Unknown(f"{function.name}()")
        frame: dict[str, Value] = dict(zip(function.parameters, arguments, strict=False))
        self.frames.append(Place(function.name, self.program.files.get(function.name, ""), frame, []))
        try:
            signal = self.block(function.body)
        finally:
            self.frames.pop()
        return signal.value if signal is not None and signal.kind == "return" else 0

    def block(self, statements: Sequence[Statement]) -> _Signal | None:
        """Run statements; a goto into this block goes on here, any other signal goes to the one around."""
        rest = self.frames[-1].rest
        index = 0
        while index < len(statements):
            self.steps += 1
            if self.steps > _MOST_STEPS:
                self.note_unseen("more steps than are followed")
                return _Signal("return", Unknown("too long"))
            rest.append(tuple(statements[index + 1 :]))
            signal = self.statement(statements[index])
            rest.pop()
            index += 1
            if signal is not None and signal.kind == "goto":
                target = _label(statements, signal.label)
                if target is None:
                    return signal
                self.steps += 10
                index = target
            elif signal is not None:
                return signal
        return None

    def statement(self, statement: Statement) -> _Signal | None:
        """Run one statement."""
        run = _STATEMENTS.get(statement.kind)
        return run(self, statement) if run is not None else None

    def _expression(self, statement: Statement) -> _Signal | None:
        self.value(statement.expression)
        return None

    def _declare(self, statement: Statement) -> _Signal | None:
        self.declare(statement)
        return None

    def _leave(self, statement: Statement) -> _Signal | None:
        value = self.value(statement.expression) if statement.expression is not None else 0
        return _Signal(statement.kind, value, statement.name)

    def _if(self, statement: Statement) -> _Signal | None:
        return self.block(statement.body if self._holds(statement) else statement.orelse)

    def _either(self, statement: Statement) -> _Signal | None:
        return self.block(statement.body or statement.orelse)

    def _holds(self, statement: Statement) -> bool:
        """Tell whether a condition holds; where it is not known, as it does when all goes well, unless the fault is here."""
        condition = statement.expression
        known = truth(self.value(condition))
        if known is not None:
            return known
        taken = self._prefers_then(statement)
        other = statement.orelse if taken else statement.body
        about = self._about(condition)
        decision = self._decide("branch", about, written(condition), statement.first, fails=_gives_up(other))
        if decision is not self.failed_at:
            return taken
        self._remember(condition, holds=not taken)
        return not taken

    def _about(self, condition: Expression | None) -> str:
        """Return what a condition's variable holds, where that is not known either: the call that it came from."""
        inside = condition.parts[0] if condition is not None and condition.kind == "unary" else condition
        value = self.value(inside) if inside is not None and inside.kind in ("name", "member") else 0
        return value.text if isinstance(value, Unknown) else ""

    def _remember(self, condition: Expression | None, *, holds: bool) -> None:
        """Keep what a branch taken for the fault tells of a variable: it holds an error, or nothing."""
        if condition is None:
            return
        if condition.kind == "unary" and condition.text == "!":
            self._remember(condition.parts[0], holds=not holds)
        elif condition.kind in ("name", "member"):
            value = self.value(condition)
            self.assign(condition, Unknown(value.text if isinstance(value, Unknown) else written(condition), failed=True) if holds else 0)
        elif condition.kind == "binary" and condition.text == "<" and condition.parts[0].kind == "name" and holds:
            self._remember(condition.parts[0], holds=True)

    def _prefers_then(self, statement: Statement) -> bool:
        """Choose the side of an unknown condition on which the run goes on and prints no failure."""
        body, orelse = statement.body, statement.orelse
        if _leaves(body) and not _leaves(orelse):
            return _leaves_well(body) and self._ends_badly()
        return not prints_failure(body) or (bool(orelse) and prints_failure(orelse))

    def _ends_badly(self) -> bool:
        """Tell whether what follows the current statement prints a failure or returns an errno whatever happens."""
        for tail in reversed(self.frames[-1].rest):
            for statement in tail:
                if statement.kind == "expression" and prints_failure((statement,)):
                    return True
                if statement.kind == "return":
                    return _is_errno(statement.expression)
                if statement.kind in ("goto", "break", "continue", "if", "switch", "loop", "label"):
                    return False
        return False

    def _loop(self, statement: Statement) -> _Signal | None:
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
        for each in _loop_variables(statement.expression):
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
            elif not isinstance(subject, Unknown) and truth(self.binary("==", subject, self.value(case.expression), "")):
                return index
        if not isinstance(subject, Unknown) or subject.failed:
            return default
        good = [index for index, case in enumerate(statement.body) if case.body and not _gives_up(case.body)]
        chosen = good[0] if good else None
        for index, case in enumerate(statement.body):
            if index != chosen and _gives_up(case.body):
                label = written(case.expression) if case.expression is not None else "default"
                text = f"{written(statement.expression)} is {label}"
                if self._decide("branch", 0, text, case.first, fails=True) is self.failed_at:
                    return index
        return chosen

    def call(self, name: str, expression: Expression, arguments: list[Value]) -> Value:
        """Call by name: a print, the module, a callback, a function in view, or one that is not."""
        known = print_call(name)
        if known is not None:
            return self._print(known, name, expression, arguments)
        table = calls()
        function = self.program.function(name)
        if function is None and table.seamcalls.fullmatch(name):
            return self._seamcall(name, expression, arguments)
        if name in table.callbacks:
            return self._callback(name, expression, arguments)
        if function is not None:
            return self.enter(function, arguments)
        return self.outside(name, expression, arguments)

    def _print(self, known: PrintCall, name: str, expression: Expression, arguments: list[Value]) -> Value:
        if known.format >= 0 and not name.startswith("WARN"):
            self._say(known, name, expression, arguments)
            return 0
        condition = arguments[0] if arguments else 0
        holds = truth(condition)
        if holds is None:
            text = written(expression)
            decision = self._decide("branch", 0, text, expression.row, fails=True)
            holds = decision is self.failed_at
        if holds:
            self._say(known, name, expression, arguments)
        return int(holds)

    def _say(self, known: PrintCall, name: str, expression: Expression, arguments: list[Value]) -> None:
        before = len(self.lines)
        self.print_line(known, name, expression, arguments)
        self.events.extend(self.lines[before:])

    def _seamcall(self, name: str, expression: Expression, arguments: list[Value]) -> Value:
        leaf = arguments[0] if arguments else Unknown("leaf")
        leaf_text = written(expression.parts[1]) if len(expression.parts) > 1 else ""
        key = f"{leaf}"
        self.counts[key] = self.counts.get(key, 0) + 1
        decision = self._decide("leaf", leaf, leaf_text, expression.row, fails=True)
        if len(arguments) > 1 and isinstance(arguments[1], Reference):
            operand = arguments[1].memory.get(f"{arguments[1].path}.rdx", 0)
            self.decisions[-1] = self.events[-1] = decision = decision._replace(operand=operand)
        if calls().clobbering.fullmatch(name) and len(arguments) > 1 and isinstance(arguments[1], Reference):
            self.clobber(arguments[1])
        fault = self.fault
        if fault is None or fault.kind != "leaf" or fault.leaf != leaf:
            return 0
        if self.counts[key] < fault.nth or (fault.times and self.counts[key] >= fault.nth + fault.times):
            return 0
        self.failed_at = self.failed_at or decision
        return fault.answer

    def _callback(self, name: str, expression: Expression, arguments: list[Value]) -> Value:
        position, given, result = calls().callbacks[name]
        target = arguments[position] if position < len(arguments) else Unknown("callback")
        function = self.program.function(target.name) if isinstance(target, Symbol) else None
        if function is None:
            self.note_unseen(f"{name}() runs {written(expression.parts[position + 1]) if position + 1 < len(expression.parts) else '?'}")
            return Unknown(written(expression))
        handed = [arguments[given]] if 0 <= given < len(arguments) else [Unknown(parameter) for parameter in function.parameters]
        value = self.enter(function, handed)
        return value if result == "value" else Unknown(written(expression))

    def _decide(self, kind: str, leaf: Value, text: str, row: int, *, fails: bool) -> Decision:
        """Note a point where something can go wrong, and let it go wrong if it is the fault's."""
        chain = tuple(place.function for place in self.frames)
        about = leaf if kind == "branch" and isinstance(leaf, str) else ""
        decision = Decision(kind, len(self.decisions), leaf if kind == "leaf" else 0, text, chain, row, fails, about)
        self.decisions.append(decision)
        self.events.append(decision)
        if self.fault is not None and kind == "branch" == self.fault.kind and self.fault.nth == decision.nth and self.failed_at is None:
            self.failed_at = decision
        return decision


_STATEMENTS = {
    "expression": Machine._expression,
    "declare": Machine._declare,
    "return": Machine._leave,
    "goto": Machine._leave,
    "break": Machine._leave,
    "continue": Machine._leave,
    "if": Machine._if,
    "either": Machine._either,
    "loop": Machine._loop,
    "switch": Machine._switch,
}


def _label(statements: Sequence[Statement], label: str) -> int | None:
    return next((index for index, each in enumerate(statements) if each.kind == "label" and each.name == label), None)


def _leaves(body: Sequence[Statement]) -> bool:
    return any(each.kind in ("return", "goto", "break", "continue") for each in body)


def _leaves_well(body: Sequence[Statement]) -> bool:
    """Tell whether a branch returns something that is no errno."""
    return any(each.kind == "return" and not _is_errno(each.expression) for each in body)


def _is_errno(value: Expression | None) -> bool:
    return value is not None and value.kind == "unary" and value.text == "-" and value.parts[0].text[:1] == "E"


def _gives_up(body: Sequence[Statement]) -> bool:
    """Tell whether a branch looks like a failure: it returns or sets an errno or a status, jumps out, or prints a failure."""
    for each in body:
        if each.kind in ("return", "goto", "break"):
            return each.kind != "return" or each.expression is None or each.expression.text not in ("0", "1", "true", "false")
        if each.expression is not None and each.expression.kind == "assign" and _is_errno(each.expression.parts[1]):
            return True
    return prints_failure(body)


def _loop_variables(expression: Expression | None) -> list[Expression]:
    """Return the variables that a loop macro sets: its plain names but the one it goes through, and what it is given by address."""
    if expression is None:
        return []
    parts = [expression]
    while parts and parts[0].kind == "comma":
        parts = [*parts[0].parts, *parts[1:]]
    addresses = [part.parts[0] for part in parts if part.kind == "unary" and part.text == "&" and part.parts[0].kind == "name"]
    return [*(part for part in parts[:1] if part.kind == "name"), *addresses]
