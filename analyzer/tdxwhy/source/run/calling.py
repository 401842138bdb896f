"""Calls that are made while kernel code is run by hand: prints, the module, callbacks, functions in view and those that are not."""

from __future__ import annotations

from tdxwhy.source.calls import Callback, PrintCall, calls, print_call
from tdxwhy.source.run.branching import CodeScope, Decision, DecisionKind, Deviation, Event, Unseen
from tdxwhy.source.run.evaluate import Evaluator
from tdxwhy.source.run.lines import printed
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Reference, SymbolicName, Unknown, Value, truth
from tdxwhy.source.syntax import Expression, Function, written


class Caller(Evaluator):
    """Makes calls, and notes each point where something can go wrong."""

    def __init__(self, program: Program, fault: Deviation | None = None) -> None:
        super().__init__(program)
        self.fault = fault
        self.decisions: list[Decision] = []
        self.events: list[Event] = []
        self.before = self.answered = 0
        self.returned: dict[str, Value] = {}
        self.failed_at: Decision | None = None
        self.counts: dict[str, int] = {}

    def enter(self, function: Function, arguments: list[Value]) -> Value:
        """Call a function with values."""
        raise NotImplementedError

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
        if function is not None and self.program.follows(name):
            return self.enter(function, arguments)
        self._hotplug(name, expression)
        return self._outside(expression, arguments)

    @staticmethod
    def _outside(expression: Expression, arguments: list[Value]) -> Value:
        """Take the answer of a function that is not in view: unknown; and what it was given by address is unknown after it."""
        for argument in arguments:
            if isinstance(argument, Reference) and "{" not in argument.path:
                held = argument.memory.get(argument.path)
                argument.memory[argument.path] = held if isinstance(held, Reference) else Unknown(argument.path)
        return Unknown(written(expression))

    def _hotplug(self, name: str, expression: Expression) -> None:
        """Note the CPU hot-plug lock, callbacks that are taken away again, and a KeyID that is given back."""
        table = calls()
        if table.lock.fullmatch(name) or table.unlock.fullmatch(name):
            self._scope(CodeScope("lock", bool(table.lock.fullmatch(name)), name), expression)
        elif table.gives_keyid.fullmatch(name):
            self._scope(CodeScope("keyid", True, name), expression)
        elif table.unregister.fullmatch(name):
            self._scope(CodeScope("unregister", True, name), expression)

    def _scope(self, scope: CodeScope, expression: Expression) -> None:
        """Note a begin or an end, with what it was called and where it stands."""
        state = next((part.text for part in expression.parts[1:] if part.kind == "string"), "")
        file, chain = self._here()
        self.events.append(scope._replace(state=state, row=expression.row, file=file, chain=chain))

    def _here(self) -> tuple[str, tuple[str, ...]]:
        """Return the file and the functions that are running."""
        return (self.frames[-1].file if self.frames else ""), tuple(place.function for place in self.frames)

    def note_unseen(self, what: str, row: int = -1) -> None:
        """Remember something that could not be followed, and where it stands."""
        super().note_unseen(what, row)
        file, chain = self._here()
        self.events.append(Unseen(what, row, file, chain))

    def _print(self, known: PrintCall, name: str, expression: Expression, arguments: list[Value]) -> Value:
        if known.format >= 0 and not name.startswith("WARN"):
            self._say(known, name, expression, arguments)
            return 0
        condition = arguments[0] if arguments else 0
        holds = truth(condition)
        if holds is None:
            if self.failed_at is not None and self._half_true(expression):
                holds = True
            else:
                decision = self._decide("branch", 0, written(expression), expression.row, fails=True)
                holds = decision is self.failed_at
        if holds:
            self._say(known, name, expression, arguments)
        return int(holds)

    def _half_true(self, expression: Expression) -> bool:
        """Tell whether a warning's condition holds as far as the fault goes; what else it asks is taken to be as it is the first time."""
        condition = expression.parts[1] if len(expression.parts) > 1 else None
        if condition is None or condition.kind != "binary" or condition.text != "&&" or condition.parts[0].kind != "name":
            return False
        return truth(self.value(condition.parts[0])) is True

    def _say(self, known: PrintCall, name: str, expression: Expression, arguments: list[Value]) -> None:
        line = printed(self.program, self.frames, known, name, expression, arguments)
        if not (line.once and any((each.function, each.row) == (line.function, line.row) for each in self.lines)):
            self.lines.append(line)
            self.events.append(line)

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
        self._fail(decision)
        return fault.answer

    def _callback(self, name: str, expression: Expression, arguments: list[Value]) -> Value:
        known = calls().callbacks[name]
        target = arguments[known.function] if known.function < len(arguments) else Unknown("callback")
        function = self.program.function(target.name) if isinstance(target, SymbolicName) else None
        kept = tuple(each.name for each in arguments[known.function : known.function + 2] if isinstance(each, SymbolicName))
        if known.scope == "later":
            self._scope(CodeScope("hotplug", True, name, kept=kept), expression)
            return self._result(known, Unknown(written(expression)), 0, arguments)
        if function is None:
            given = expression.parts[known.function + 1] if known.function + 1 < len(expression.parts) else None
            if target != 0:
                self.note_unseen(f"{name}() runs {written(given) if given is not None else '?'}", expression.row)
            return self._result(known, Unknown(written(expression)), 0, arguments)
        handed: list[Value] = (
            [arguments[known.argument]]
            if 0 <= known.argument < len(arguments)
            else [Unknown(parameter) for parameter in function.parameters]
        )
        scope = CodeScope(known.scope, True, name, function.name, kept if known.scope == "hotplug" else ())
        self._scope(scope, expression)
        value = self.enter(function, handed)
        self._scope(scope._replace(begins=False, kept=()), expression)
        return self._result(known, Unknown(written(expression)), value, arguments)

    @staticmethod
    def _result(known: Callback, unknown: Value, value: Value, arguments: list[Value]) -> Value:
        """Return what a call hands back: what its callback returned, a state's number, or nothing that is known."""
        if known.scope not in ("hotplug", "later"):
            return value if known.result == "value" else unknown
        dynamic = isinstance(arguments[0], SymbolicName | Unknown) and "DYN" in str(arguments[0]) if arguments else False
        return value if value != 0 else int(dynamic)

    def _decide(self, kind: DecisionKind, leaf: Value, text: str, row: int, *, fails: bool) -> Decision:
        """Note a point where something can go wrong, and let it go wrong if it is the fault's."""
        chain = tuple(place.function for place in self.frames)
        about = leaf if kind == "branch" and isinstance(leaf, str) else ""
        file = self._here()[0]
        asked = leaf if kind == "leaf" else 0
        asker = self._asker(leaf) if kind == "leaf" else len(chain) - 1
        loops = tuple(each for place in self.frames[: asker + 1] for each in place.loops)
        decision = Decision(kind, len(self.decisions), asked, text, chain, row, fails, about, 0, file, asker, loops)
        self.decisions.append(decision)
        self.events.append(decision)
        if self.fault is not None and kind == "branch" == self.fault.kind and self.fault.nth == decision.nth and self.failed_at is None:
            self._fail(decision)
        return decision

    def _asker(self, leaf: Value) -> int:
        """Return the place of the innermost function that has no leaf handed to it: the one that names it."""
        for place in range(len(self.frames) - 1, -1, -1):
            if not any(held == leaf for held in self.frames[place].frame.values() if isinstance(held, int | SymbolicName)):
                return place
        return 0

    def _fail(self, decision: Decision) -> None:
        """Note that the fault happens here."""
        if self.failed_at is None:
            self.failed_at = decision
            self.before = self.answered = len(self.lines)

    def left(self, function: str, value: Value) -> None:
        """Note what a function returned that was on the way to the fault."""
        at = self.failed_at
        depth = len(self.frames)
        if at is None or depth >= len(at.chain) or at.chain[depth] != function or function in self.returned:
            return
        self.returned[function] = value
        if depth == at.asker + 1:
            self.answered = len(self.lines)
