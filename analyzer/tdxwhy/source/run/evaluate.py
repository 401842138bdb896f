"""The value of C expressions while code is run by hand: variables, members through pointers, calls, and the lines that are printed."""

from __future__ import annotations

from collections.abc import Callable

from tdxwhy.source.calls import calls
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.memory import Memory
from tdxwhy.source.run.program import Program, errnos
from tdxwhy.source.run.values import Reference, SymbolicName, Unknown, Value, combine, is_error, number, truth
from tdxwhy.source.syntax import Expression, ExpressionKind, Statement, callee, written

_WORD = 64
# Macros of include/linux/bits.h.
BITS: dict[str, Callable[..., int]] = {
    **dict.fromkeys(("BIT", "BIT_ULL", "_BITUL", "_BITULL"), lambda bit, _=0: 1 << bit),
    **dict.fromkeys(("GENMASK", "GENMASK_ULL"), lambda high, low=0: (1 << (high + 1)) - (1 << low) if high >= low else 0),
}
_DEEPEST_CONSTANT = 20
# Statements and constants of one run.
MOST_STEPS = 20_000


class Evaluator(Memory):
    """Evaluates expressions; calls are for `Interpreter` to make."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        # The macros that are being written out: none is in its own text, as for a preprocessor.
        self.expanding: list[str] = []
        self.lines: list[PrintedLine] = []
        self.unseen: list[str] = []
        self.depth = 0
        self.steps = 0

    def note_unseen(self, what: str, row: int = -1) -> None:
        """Remember something that could not be followed."""
        self.unseen.append(what)

    def call(self, name: str, expression: Expression, arguments: list[Value]) -> Value:
        """Call by name."""
        raise NotImplementedError

    def run_block(self, statements: tuple[Statement, ...]) -> Value:
        """Run a statement expression and return its last value."""
        raise NotImplementedError

    def value(self, expression: Expression | None) -> Value:
        """Return the value of an expression, running what it calls."""
        if expression is None:
            return 0
        evaluate = _EVALUATES.get(expression.kind)
        return evaluate(self, expression) if evaluate is not None else Unknown(written(expression))

    def _number(self, expression: Expression) -> Value:
        found = number(expression.text)
        return found if found is not None else Unknown(expression.text)

    def _string(self, expression: Expression) -> Value:
        return expression.text

    def _name(self, expression: Expression) -> Value:
        name = expression.text
        memory, path = self.find(name)
        if path in memory:
            return memory[path]
        if self.frames and any(each.startswith((f"{name}.", f"{name}[")) for each in self.frames[-1].frame):
            return Reference(self.frames[-1].frame, name)
        return self.constant(name)

    def constant(self, name: str) -> Value:
        """Return what a name stands for that is no variable in hand: an errno, a macro, a function, or itself."""
        if name in errnos() or name in self.program.parameters:
            return errnos().get(name, Unknown(name))
        if name in self.program.variables:
            initial = self.program.variables[name]
            if initial is not None and initial.kind == "list":
                return Reference(self.globals, name)
            return self.value(initial) if initial is not None else 0
        if self.program.function(name) is not None:
            return SymbolicName(name)
        found = self.program.constant(name)
        self.steps += 1
        if found is None or self.depth > _DEEPEST_CONSTANT or self.steps > MOST_STEPS:
            return SymbolicName(name) if name.isupper() or calls().seamcalls.fullmatch(name) else Unknown(name)
        self.depth += 1
        try:
            value = self.value(found)
        finally:
            self.depth -= 1
        return SymbolicName(name) if isinstance(value, Unknown) else value

    def _place(self, expression: Expression) -> tuple[dict[str, Value], str] | None:
        """Return where an expression that can be assigned to lies; None where its address is not known."""
        match expression.kind, expression.text:
            case "name", _:
                return self.find(expression.text)
            case "unary", "*":
                target = self.value(expression.parts[0])
                return (target.memory, target.path) if isinstance(target, Reference) else None
            case "index", _:
                return self._element(expression)
            case "call", name if calls().places.fullmatch(name) and len(expression.parts) > 1:
                return self._place(expression.parts[1])
            case "member", _:
                return self._field(expression)
        return None

    def _field(self, expression: Expression) -> tuple[dict[str, Value], str] | None:
        """Return where a member lies."""
        if expression.text.startswith("->"):
            base = self.value(expression.parts[0])
            return (base.memory, f"{base.path}.{expression.text[2:]}") if isinstance(base, Reference) else None
        around = self._place(expression.parts[0])
        return (around[0], f"{around[1]}{expression.text}") if around else None

    def _element(self, expression: Expression) -> tuple[dict[str, Value], str] | None:
        index = self.value(expression.parts[1])
        base = self._place(expression.parts[0])
        if base is None:
            return None
        held = base[0].get(base[1])
        memory, path = (held.memory, held.path) if isinstance(held, Reference) else base
        return memory, f"{path}[{index if isinstance(index, int) else '?'}]"

    def _member(self, expression: Expression) -> Value:
        place = self._place(expression)
        if place is None:
            return Unknown(written(expression))
        memory, path = place
        if path in memory:
            return memory[path]
        empty = path.rpartition(".")[0]
        return 0 if memory.get(f"{empty}{{}}") == 0 else Unknown(written(expression))

    def _index(self, expression: Expression) -> Value:
        place = self._element(expression)
        return place[0].get(place[1], Unknown(written(expression))) if place else Unknown(written(expression))

    def _unary(self, expression: Expression) -> Value:
        operand = expression.parts[0]
        if expression.text == "&":
            place = self._place(operand)
            return Reference(*place) if place else Unknown(written(expression))
        if expression.text == "*":
            place = self._place(expression)
            return place[0].get(place[1], Unknown(written(expression))) if place else Unknown(written(expression))
        value = self.value(operand)
        if expression.text == "!":
            known = truth(value)
            return Unknown(f"!{value.text}" if isinstance(value, Unknown) else written(expression)) if known is None else int(not known)
        if isinstance(value, int):
            return {"-": -value, "~": ~value & (1 << 64) - 1, "+": value}.get(expression.text, Unknown(written(expression)))
        return Unknown(written(expression))

    def _binary(self, expression: Expression) -> Value:
        operator = expression.text
        left = self.value(expression.parts[0])
        if operator in ("&&", "||"):
            known = truth(left)
            if known is not None and known == (operator == "||"):
                return int(known)
            right = truth(self.value(expression.parts[1]))
            if right is not None and (known is not None or right == (operator == "||")):
                return int(right)
            return Unknown(written(expression))
        return combine(operator, left, self.value(expression.parts[1]), written(expression))

    def _choice(self, expression: Expression) -> Value:
        condition = self.value(expression.parts[0])
        known = truth(condition)
        if not expression.parts[1].text and not expression.parts[1].parts:
            return condition if known else self.value(expression.parts[2])
        if known is None:
            return self.choose(expression)
        return self.value(expression.parts[1 if known else 2])

    def choose(self, expression: Expression) -> Value:
        """Return the value of `condition ? then : else` where the condition is not known."""
        return Unknown(written(expression))

    def _comma(self, expression: Expression) -> Value:
        self.value(expression.parts[0])
        return self.value(expression.parts[1])

    def _block(self, expression: Expression) -> Value:
        return self.run_block(expression.block)

    def _assign(self, expression: Expression) -> Value:
        target, given, *postfix = expression.parts
        value = self.value(given)
        before = self.value(target) if expression.text != "=" else value
        if expression.text != "=":
            value = combine(expression.text[:-1], before, value, written(target))
        self.assign(target, value)
        return before if postfix else value

    def assign(self, target: Expression, value: Value) -> None:
        """Put a value where an expression says; into an address that is not known it is lost."""
        place = self._place(target)
        if place is not None:
            place[0][place[1]] = value

    def _call(self, expression: Expression) -> Value:
        name = callee(expression)
        table = calls()
        if name in BITS or name == "ARRAY_SIZE":
            return self._bits(name, expression) if name in BITS else self._length(expression.parts[-1])
        if self._stored(name, expression):
            return 0
        expanded = self.program.expanded(name, expression)
        if expanded is not None:
            return self._written_out(name, expanded) if name not in self.expanding else Unknown(name)
        held = self._held(name, expression)
        arguments = [self.value(part) for part in expression.parts[1:]]
        if table.values.fullmatch(name) and arguments:
            return arguments[0]
        if name in ("IS_ERR", "IS_ERR_OR_NULL", "IS_ERR_VALUE") and arguments:
            value = arguments[0]
            return Unknown(written(expression)) if isinstance(value, Unknown) and not value.failed else int(is_error(value))
        return self.call(held, expression, arguments)

    def _written_out(self, name: str, expanded: tuple[Statement, ...]) -> Value:
        """Run what a macro stands for, in which it is a plain name."""
        self.expanding.append(name)
        try:
            return self.run_block(expanded)
        finally:
            self.expanding.pop()

    def _bits(self, name: str, expression: Expression) -> Value:
        """Return the number of BIT(4), GENMASK_ULL(47, 40) and the like."""
        numbers = [self.value(part) for part in expression.parts[1:]]
        given = [each for each in numbers if isinstance(each, int) and 0 <= each < _WORD]
        return BITS[name](*given) if len(given) == len(numbers) in (1, 2) else Unknown(written(expression))

    def _stored(self, name: str, expression: Expression) -> bool:
        """Do what a call does that only writes to memory; tell whether it was one."""
        table = calls()
        if table.stores.fullmatch(name) and len(expression.parts) == 3:
            self.assign(expression.parts[1], self.value(expression.parts[2]))
        elif table.clearing.fullmatch(name) and len(expression.parts) > 1:
            target = self.value(expression.parts[1])
            if isinstance(target, Reference):
                self.clear(target)
        else:
            return False
        return True

    def _length(self, array: Expression) -> Value:
        """Return how many elements an initialised array has."""
        value = self.value(array)
        place = (value.memory, value.path) if isinstance(value, Reference) else self._place(array)
        return place[0].get(f"{place[1]}[]", Unknown(f"ARRAY_SIZE({written(array)})")) if place else Unknown(written(array))

    def _held(self, name: str, expression: Expression) -> str:
        """Return the function behind a name that may be a variable holding its address."""
        target = expression.parts[0]
        through = calls().through.get(callee(target)) if target.kind == "call" and len(target.parts) > 1 else None
        if through is not None:
            known = self.program.behind(target.parts[1].text.removeprefix(through))
            if known is None:
                self.note_unseen(f"call through {written(target)}", expression.row)
            return known or name
        if target.kind in ("member", "unary", "index") or (self.frames and name in self.frames[-1].frame):
            value = self.value(target)
            if isinstance(value, SymbolicName):
                return value.name
            known = self.program.behind(target.text.lstrip(".->"), self.frames[-1].file) if target.kind == "member" else None
            if known is not None:
                return known
            self.note_unseen(f"call through {written(target)}", expression.row)
        return name


# What each kind comes to; a list, a pair or what no parser understood has no value of its own.
_EVALUATES: dict[ExpressionKind, Callable[[Evaluator, Expression], Value]] = {
    "number": Evaluator._number,
    "string": Evaluator._string,
    "name": Evaluator._name,
    "member": Evaluator._member,
    "index": Evaluator._index,
    "unary": Evaluator._unary,
    "binary": Evaluator._binary,
    "choice": Evaluator._choice,
    "comma": Evaluator._comma,
    "block": Evaluator._block,
    "assign": Evaluator._assign,
    "call": Evaluator._call,
}
