"""Calls that are made while kernel code is run by hand: prints, the module, callbacks, functions in view and those that are not."""

from __future__ import annotations

from tdxwhy.source.calls import PrintCall, calls, print_call
from tdxwhy.source.run.branching import Decision, Fault
from tdxwhy.source.run.evaluate import Evaluator
from tdxwhy.source.run.lines import Line
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Reference, Symbol, Unknown, Value, truth
from tdxwhy.source.syntax import Expression, written


class Caller(Evaluator):
    """Makes calls, and notes each point where something can go wrong."""

    def __init__(self, program: Program, fault: Fault | None = None) -> None:
        super().__init__(program)
        self.fault = fault
        self.decisions: list[Decision] = []
        self.events: list[Line | Decision] = []
        self.failed_at: Decision | None = None
        self.counts: dict[str, int] = {}

    def call(self, name: str, expression: Expression, arguments: list[Value]) -> Value:
        """Call by name: a print, the module, a callback, a function in view, or one that is not."""
        known = print_call(name)
        if known is not None and name not in self.program.functions:
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
        handed: list[Value] = (
            [arguments[given]] if 0 <= given < len(arguments) else [Unknown(parameter) for parameter in function.parameters]
        )
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
