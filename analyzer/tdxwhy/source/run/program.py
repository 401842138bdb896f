"""A program to run by hand: what several C files define together, and the numbers behind its names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from tdxwhy.know import decode
from tdxwhy.noun import NamedTuple
from tdxwhy.source.calls import calls
from tdxwhy.source.ctree import macro, parse_unit
from tdxwhy.source.macros import is_textual, leaves, statements_of
from tdxwhy.source.syntax import Define, Expression, Function, Statement, Unit, as_source, callee, calls_in, inner, walk

# What is handed on inside the kernel alone, beside the errnos that it returns.
_INSIDE = {"ERESTARTSYS": 512}


@cache
def errnos() -> dict[str, int]:
    """Return the errnos that the source can name."""
    return decode.errnos() | _INSIDE


class ProgramFile(NamedTuple):
    """A file of the program."""

    path: str
    unit: Unit


class Program:
    """Functions, macros, constants and variables by name. Of two functions of one name the longer is taken.

    The other is a stub; where it stands in the same file under another #if, it is an alternative.
    """

    def __init__(self, sources: Iterable[ProgramFile], lookup: Callable[[str], Define | None] | None = None) -> None:
        self.sources = tuple(sources)
        self.lookup = lookup
        self.functions: dict[str, Function] = {}
        self.alternatives: dict[str, list[Function]] = {}
        self.files: dict[str, str] = {}
        self.defines: dict[str, Define] = {}
        self.constants: dict[str, Expression] = {}
        self.variables: dict[str, Expression | None] = {}
        self.prefixes: dict[str, str] = {}
        self.in_hand: dict[str, tuple[tuple[str, int], ...]] = {}
        self.parameters: set[str] = set()
        # The functions that static calls begin with.
        self.static_calls: dict[str, str] = {}
        # The files that variables stand in.
        self.homes: dict[str, str] = {}
        # The modules that files belong to, by the names that these have while they run.
        self.modules: dict[str, str] = {}
        self.loops: dict[tuple[str, int], str] = {}
        # The functions that runs enter; None: all. What lies outside is taken as code that is not in view.
        self.followed: frozenset[str] | None = None
        self._fields: dict[str, set[str]] | None = None
        names = {name.rpartition("/")[2] for source in self.sources for name in source.unit.includes}
        self.included = frozenset(source.path for source in self.sources if source.path.rpartition("/")[2] in names)
        for source in self.sources:
            self._add(source)

    def _add(self, source: ProgramFile) -> None:
        unit = source.unit
        self.prefixes[source.path] = unit.prefix
        for function in unit.functions:
            known = self.functions.get(function.name)
            longer = known is None or len(list(walk(function.body))) > len(list(walk(known.body)))
            if known is not None and self.files[function.name] == source.path and known.condition != function.condition:
                self.alternatives.setdefault(function.name, []).append(known if longer else function)
            if longer:
                self.functions[function.name] = function
                self.files[function.name] = source.path
        for define in unit.defines:
            again = define.name in self.defines and self.files.get(define.name) == source.path
            if define.name != "pr_fmt" and define.body and not (again and define.parameters is not None):
                self.defines[define.name] = define
                self.files.setdefault(define.name, source.path)
        self.constants.update(unit.constants)
        self.variables.update(unit.variables)
        if source.path.endswith(".c"):
            self.homes.update((name, source.path) for name, _ in unit.variables)
        for call in unit.calls:
            self._add_call(call)

    def _add_call(self, call: Expression) -> None:
        """Note what a call at the top of a file defines: a variable of each CPU, a static call, a parameter of the module."""
        name = callee(call)
        if name.startswith("DEFINE_STATIC_CALL") and len(call.parts) > 2:
            self.static_calls[call.parts[1].text] = call.parts[2].text
        if name.startswith("DEFINE_PER_CPU") and len(call.parts) > 2:
            self.variables[call.parts[2].text] = None
        place = calls().parameters.get(name, len(call.parts)) + 1
        if place < len(call.parts):
            self.parameters.add(call.parts[place].text)

    def function(self, name: str) -> Function | None:
        """Return a function, or a macro of that name as one."""
        found = self.functions.get(name)
        if found is None and name in self.defines and self.defines[name].parameters is not None:
            found = self.functions[name] = macro(self.defines[name])
        return found

    def follows(self, name: str) -> bool:
        """Tell whether runs enter a function of the program."""
        return self.followed is None or name in self.followed or self.functions[name].macro

    def expanded(self, name: str, call: Expression) -> tuple[Statement, ...] | None:
        """Return what a call of a macro stands for that has to be written out as text; None for any other call."""
        define = self.defines.get(name)
        if define is None or define.parameters is None or name in self.functions or not is_textual(define):
            return None
        return statements_of(define, tuple(as_source(part) for part in call.parts[1:])) or None

    def inlined(self, call: Expression) -> tuple[Statement, ...] | None:
        """Return what a call of a macro stands for that leaves the function in which it stands; None for any other call."""
        define = self.defines.get(callee(call)) if call.kind == "call" else None
        if define is None or not leaves(define):
            return None
        return statements_of(define, tuple(as_source(part) for part in call.parts[1:]), call.row) or None

    def behind(self, field: str, near: str = "") -> str | None:
        """Return the function that a member of a structure of operations holds: the only one ever put there, or the only one of Intel's.

        Of several those count that stand in the file `near`.
        """
        if field in self.static_calls:
            return self.static_calls[field] if self.static_calls[field] in self.functions else None
        if self._fields is None:
            self._fields = {}
            for part in self._designated():
                held = self.named(part.parts[0]) if part.parts else ""
                if held in self.functions:
                    self._fields.setdefault(part.text.lstrip("."), set()).add(held)
        names = self._fields.get(field, set())
        here = {name for name in names if near and self.files.get(name) == near}
        names = here if len(names) > 1 and here else names
        ours = {name for name in names if calls().ours.search(name)} if len(names) > 1 else names
        return next(iter(ours)) if len(ours) == 1 else None

    def listed(self, variable: str) -> Iterator[str]:
        """Yield the functions that an array holds, alone or in the rows of a table."""
        initial = self.variables.get(variable)
        if initial is None or initial.kind != "list" or any(part.text.startswith(".") for part in initial.parts):
            return
        yield from (each.text for each in inner(initial) if each.kind == "name" and each.text in self.functions)

    def named(self, held: Expression) -> str:
        """Return the function that an initialiser names, through a macro that makes the name; "" where it names none."""
        if held.kind == "name":
            return held.text
        made = self.expanded(callee(held), held) if held.kind == "call" else None
        last = made[-1].expression if made else None
        return last.text if last is not None and last.kind == "name" else ""

    def _designated(self) -> Iterator[Expression]:
        """Yield the `.field = value` pairs of all initialisers."""
        lists = [initial for initial in self.variables.values() if initial is not None and initial.kind == "list"]
        for function in self.functions.values():
            lists += [each.expression for each in walk(function.body) if each.expression is not None and each.expression.kind == "list"]
        for each in lists:
            yield from (part for part in each.parts if part.kind == "pair")

    def constant(self, name: str) -> Expression | None:
        """Return what an enumerator or object-like macro stands for."""
        found = self.constants.get(name)
        if found is None and name not in self.defines and name.isupper() and self.lookup is not None:
            looked_up = self.lookup(name)
            if looked_up is not None:
                self.defines[name] = looked_up
        if found is None and name in self.defines and self.defines[name].parameters is None:
            body = macro(self.defines[name]).body
            found = body[0].expression if body and body[0].kind == "return" else None
            if found is not None:
                self.constants[name] = found
        return found

    def entries(self) -> tuple[str, ...]:
        """Return the functions by which others enter: initcalls, exported ones, and those that are not static and nobody here calls."""
        named: dict[str, None] = {}
        for source in self.sources:
            for call in source.unit.calls:
                if calls().entries.fullmatch(callee(call)) and len(call.parts) == 2:
                    named[call.parts[1].text] = None
        called = {callee(call) for function in list(self.functions.values()) for call in _all_calls(function)}
        for source in self.sources:
            for function in source.unit.functions:
                if source.path.endswith(".c") and not function.static and function.name not in called:
                    named[function.name] = None
        return tuple(name for name in named if name in self.functions)


def program_of(texts: Iterable[tuple[str, str]]) -> Program:
    """Make a program of (path, text) pairs."""
    return Program(ProgramFile(path, parse_unit(text)) for path, text in texts)


def _all_calls(function: Function) -> Iterable[Expression]:
    for statement in walk(function.body):
        yield from calls_in(statement.expression)
